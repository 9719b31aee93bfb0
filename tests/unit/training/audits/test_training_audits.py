"""Shortcut audits see the border only, and subgroups hold the films they name."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.audits.border import Ridge, border_features
from training.audits.material import balanced_recall
from training.evaluation.split_figures import age_band, split_metrics, subgroup_masks
from training.films.manifest import Film


def _film(folder: Path, name: str, pixels: np.ndarray) -> Film:
    cv2.imwrite(str(folder / name), pixels)
    return Film(folder / name, frozenset(), "train")


def _right(scores: np.ndarray, targets: np.ndarray) -> float:
    return float((scores.argmax(axis=1) == targets.argmax(axis=1)).mean())


def test_the_border_probe_is_blind_to_everything_but_border_and_shape(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 80)).astype(np.uint8)
    changed, marked = pixels.copy(), pixels.copy()
    changed[3:-3, 3:-3] = 0
    marked[:3, 10:20] = 255
    films = [_film(tmp_path, f"{i}.png", p) for i, p in enumerate((pixels, changed, marked, pixels[:, :60]))]
    features = border_features(films)
    np.testing.assert_array_equal(features[0], features[1])
    assert np.abs(features[0] - features[2]).max() > 0.1
    np.testing.assert_allclose(
        features[:, -4:], [[60 / 320, 80 / 320, 0.75, 0]] * 3 + [[60 / 320, 60 / 320, 1, 1]]
    )


def test_ridge_finds_a_class_that_is_a_line_in_its_features():
    rng = np.random.default_rng(1)
    features = rng.normal(0, 1, (600, 20))
    targets = np.eye(3)[np.argmax(features[:, :3], axis=1)]
    ridge = Ridge(features[:400], targets[:400])
    scores = ridge.predict(features[400:])
    assert _right(scores, targets[400:]) > 0.85
    shuffled = Ridge(features[:400], targets[:400][rng.permutation(400)])
    assert _right(shuffled.predict(features[400:]), targets[400:]) < 0.6


def test_balanced_recall_counts_every_class_alike(tmp_path):
    targets = np.eye(2)[[0] * 90 + [1] * 10]
    always_first = np.tile([1.0, 0.0], (100, 1))
    films = [Film(tmp_path, frozenset(), "test", group=str(i)) for i in range(100)]
    assert balanced_recall(always_first, targets, films).value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("age", "band"),
    [(None, ""), (0, "under 18"), (18, "18-39"), (40, "40-64"), (64.9, "40-64"), (65, "65 and over")],
)
def test_age_bands_have_no_gap(age, band):
    assert age_band(age) == band


def test_subgroups_are_measured_on_their_own_films(tmp_path):
    films = [
        Film(tmp_path, frozenset(), "test", source="ab"[i % 2], sex="F", group=str(i), patient=str(i))
        for i in range(80)
    ]
    truths = np.tile([0.0, 0.0, 1.0, 1.0], 20)[:, None]
    scores = truths.copy()
    scores[1::2] = 0.5  # source b is not told apart at all
    metrics = split_metrics(
        films, scores, truths, ["edema"], {"edema": 0.5}, split="test", description="drawn", softmax=False
    )
    assert metrics.subgroups["source=a"]["auroc"].value == 1.0
    assert metrics.subgroups["source=b"]["auroc"].value == 0.5
    assert metrics.subgroups["sex=F"]["films"].value == 80
    assert set(subgroup_masks(films)) == {"sex=F", "source=a", "source=b"}
    assert metrics.patients == 80


def test_a_label_without_both_kinds_of_film_has_no_row(tmp_path):
    films = [Film(tmp_path, frozenset(), "test", group=str(i)) for i in range(30)]
    truths = np.stack([np.arange(30) % 2, np.zeros(30)], axis=1).astype(float)
    scores = np.random.default_rng(3).random((30, 2))
    metrics = split_metrics(
        films,
        scores,
        truths,
        ["edema", "mass"],
        {"edema": 0.5, "mass": 0.5},
        split="test",
        description="noise",
        softmax=False,
    )
    assert set(metrics.labels) == {"edema"}
    assert metrics.patients is None
    assert metrics.macro["auroc"].value == metrics.labels["edema"].auroc.value
