"""The order of films changes nothing, and a mix-up of films and truths ends the run."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from measured_model import subject_of

from cxr_dash.errors import TrainingError
from training.evaluation import evaluate as room
from training.evaluation.batches import Batch, film_batches, score_batches
from training.evaluation.evaluate import evaluate, film_key, join
from training.evaluation.film_scores import FilmScores, assert_aligned
from training.evaluation.paired import paired_rows
from training.films.manifest import of_split, read_manifest
from training.fitting.data import targets_of
from training.metrics import macro_auroc


@pytest.fixture
def manifest(films_root, tmp_path) -> Path:
    shutil.copytree(films_root / "films", tmp_path / "films")
    return tmp_path / "films" / "manifest.csv"


def shuffled(manifest: Path, target: Path, seed: int) -> Path:
    """The same rows in another order, beside the first."""
    header, *rows = list(csv.reader(manifest.read_text().splitlines()))
    random.Random(seed).shuffle(rows)  # noqa: S311 - no secret
    with target.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return target


def test_shuffling_the_manifest_changes_no_figure_and_no_score(manifest):
    subject = subject_of()
    evaluation, scores = evaluate(subject, manifest, "test")
    for seed in range(3):
        other = shuffled(manifest, manifest.with_name(f"shuffled-{seed}.csv"), seed)
        again, same = evaluate(subject, other, "test")
        names = {"description", "manifest_sha256"}
        assert again.model_dump(exclude=names) == evaluation.model_dump(exclude=names)
        assert (same.paths, same.groups) == (scores.paths, scores.groups)
        np.testing.assert_array_equal(same.logits, scores.logits)
        np.testing.assert_array_equal(same.targets, scores.targets)


def test_every_score_is_of_the_film_whose_path_it_has(manifest):
    subject = subject_of()
    _, scores = evaluate(subject, manifest, "test")
    films = {film_key(film, manifest): film for film in read_manifest(manifest, negative_label="no_finding")}
    for path, logits, truths in zip(scores.paths, scores.logits, scores.targets, strict=True):
        np.testing.assert_allclose(subject.score([films[path].path]).logits[0], logits, atol=1e-9)
        assert truths[0] == ("effusion" in films[path].labels)


def test_a_generator_that_shuffles_under_the_labels_is_caught(manifest):
    """The mistake: truths are taken from the list, scores from a generator in an order of its own."""
    subject = subject_of()
    films = sorted(
        of_split(read_manifest(manifest, negative_label="no_finding"), "test"), key=lambda f: f.path
    )
    names = [film_key(film, manifest) for film in films]

    def generator() -> Iterator[Batch]:
        order = np.random.default_rng(4).permutation(len(films))
        yield from film_batches([films[i].path for i in order], subject.preparation)

    scored = score_batches(subject.forward, generator(), 2)
    truths = targets_of(films, subject.labels, "finding").astype(float)
    # what such a study would have reported, though the model separates these films without an error
    assert macro_auroc(scored.logits, truths) < 0.7
    assert macro_auroc(subject.score([f.path for f in films]).logits, truths) == 1.0
    with pytest.raises(TrainingError, match="the same films in the same order; row 0 is a score of"):
        join(subject, films, names, scored)


def test_films_shuffled_under_their_own_paths_are_caught_by_scoring_some_again_alone(manifest, monkeypatch):
    monkeypatch.setattr(room, "SPOT_CHECKS", 18)
    subject = subject_of()

    def forward(films: np.ndarray) -> np.ndarray:
        return np.roll(subject.forward(films), 1, axis=0)

    with pytest.raises(TrainingError, match="score the same alone and among others"):
        evaluate(replace(subject, forward=forward), manifest, "test")


def test_a_film_that_is_listed_twice_is_refused(manifest):
    double = manifest.with_name("double.csv")
    lines = manifest.read_text().splitlines()
    last_test = next(line for line in reversed(lines) if ",test," in line)
    double.write_text("\n".join([*lines, last_test]) + "\n")
    with pytest.raises(TrainingError, match=r"names '63\.png' twice"):
        evaluate(subject_of(), double, "test")


def test_scores_of_other_films_are_not_compared(manifest):
    subject = subject_of()
    scores = [evaluate(subject, manifest, split)[1] for split in ("val", "test")]
    with pytest.raises(TrainingError, match="same films in the same order"):
        paired_rows([("val", scores[0]), ("test", scores[1])])
    with pytest.raises(TrainingError, match="received 2 scores for 3 films"):
        assert_aligned(["a", "b"], ["a", "b", "c"])


def test_scores_must_be_sorted_and_of_one_shape():
    empty = np.zeros((2, 1))
    table = {"groups": ("p", "q"), "sources": ("", ""), "labels": ("effusion",), "logits": empty}
    with pytest.raises(TrainingError, match="sorted and name every film once"):
        FilmScores(paths=("b", "a"), probabilities=empty, targets=empty, **table)
    with pytest.raises(TrainingError, match=r"`targets` must have the shape \(2, 1\); received \(1, 1\)"):
        FilmScores(paths=("a", "b"), probabilities=empty, targets=np.zeros((1, 1)), **table)
