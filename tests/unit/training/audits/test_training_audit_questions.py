"""Each audit finds what is planted, and passes where nothing is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from bundle_builder import KEYS, spec_dict

from cxr_dash.domain import LungField, PreparationSpec, Radiograph, RawOutput
from cxr_dash.imaging import apply_preparation, plan_preparation
from cxr_dash.inference.schema import BundleSpec
from training.audits.confounding import source_audit, strata_audit, within_source_audit
from training.audits.cover import cover, lung_region, middle_of_film, on_input
from training.audits.embedding import embedding_audit
from training.audits.material import Material, ScoredSplit, kept_share
from training.audits.probe import frequent, one_hot, probe, share_by_name
from training.audits.promises import calibration_audit, other_hospitals_audit
from training.audits.run import worst_first
from training.audits.shortcuts import border_audit, covered_audits
from training.audits.verdicts import judge_ece, judge_gained, judge_kept, not_measured, worst
from training.audits.words import audit_lines
from training.evaluation.scoring import Scores, score_films
from training.films.manifest import Film
from training.metrics import auroc

SIDE = 48
COUNT = 120


class Reader:
    """A model that reads one part of the film: its logit is how bright that part is."""

    name = "drawn"

    def __init__(self, rows: slice, columns: slice) -> None:
        self._part = (rows, columns)

    def run(self, model_input: np.ndarray) -> RawOutput:
        bright = model_input[(*self._part, 0)].mean() - 150
        logits = np.array([bright, bright], np.float32) / 8
        return RawOutput(logits, np.zeros((2, 2, 2), np.float32), logits)


LUNG = Reader(slice(20, 28), slice(20, 28))
CORNER = Reader(slice(0, 5), slice(0, 5))


def _spec() -> BundleSpec:
    calibration = {
        "kind": "platt",
        "slopes": dict.fromkeys(KEYS, 1.0),
        "intercepts": dict.fromkeys(KEYS, 0.0),
        "fitted_on": "val",
    }
    preparation = {"height": SIDE, "width": SIDE, "crop_borders": False, "polarity": "keep"}
    return BundleSpec.model_validate(spec_dict(calibration=calibration, preparation=preparation))


def _films(folder: Path, split: str, seed: int, *, corner: bool) -> tuple[list[Film], np.ndarray]:
    """Films whose labels show in the lung, or in a corner instead."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    films, truths = [], rng.integers(0, 2, (COUNT, 2)).astype(float)
    truths[:, 1] = truths[:, 0]
    for index in range(COUNT):
        pixels = rng.integers(60, 190, (SIDE, SIDE)).astype(np.uint8)
        if truths[index, 0] > 0.5:
            part = np.s_[:5, :5] if corner else np.s_[20:28, 20:28]
            pixels[part] = rng.integers(170, 230, pixels[part].shape)
        path = folder / f"{split}-{index}.png"
        cv2.imwrite(str(path), pixels)
        labels = frozenset(key for key, truth in zip(KEYS, truths[index], strict=True) if truth)
        films.append(Film(path, labels, split, source="a", group=f"{split}{index}", patient=f"{index}"))
    return films, truths


def _material(model: Reader, folder: Path) -> Material:
    films, truths = _films(folder, "test", 0, corner=model is CORNER)
    spec = _spec()
    logits = []
    for film in films:
        radiograph = Radiograph(cv2.imread(str(film.path), cv2.IMREAD_GRAYSCALE), 8, "png", "")
        plan = plan_preparation(radiograph, spec.preparation)
        logits.append(model.run(apply_preparation(radiograph, plan)).logits)
    return Material(spec, model, {"test": _split("test", films, truths, np.array(logits, float))})


def _split(
    name: str, films: list[Film], truths: np.ndarray, logits: np.ndarray, extra: int = 0
) -> ScoredSplit:
    embeddings = np.random.default_rng(9).normal(0, 1, (len(films), 6 + extra)).astype(np.float32)
    scores = Scores(logits, embeddings, np.zeros_like(logits))
    return ScoredSplit(name, films, truths, 1 / (1 + np.exp(-logits)), scores)


@pytest.mark.parametrize(("model", "removed", "alone"), [(LUNG, "ok", "ok"), (CORNER, "bad", "bad")])
def test_covering_the_lungs_tells_a_model_that_reads_them_from_one_that_does_not(
    model, removed, alone, tmp_path
):
    audits = {audit.key: audit for audit in covered_audits(_material(model, tmp_path))}
    assert audits["lungs_removed"].verdict == removed
    assert audits["lungs_only"].verdict == alone
    assert audits["lungs_removed"].details[0].startswith("No segmenter")


def test_with_a_segmenter_its_lungs_are_covered_and_films_without_any_are_counted(tmp_path):
    found = []

    def find(radiograph: Radiograph) -> LungField:
        plan = plan_preparation(radiograph, PreparationSpec(height=SIDE, width=SIDE, crop_borders=False))
        probability = np.zeros((SIDE, SIDE), np.float32)
        if len(found) % 4:
            probability[15:34, 12:22] = probability[15:34, 27:36] = 1
        found.append(radiograph)
        return LungField(probability, plan)

    audits = covered_audits(replace(_material(LUNG, tmp_path), find_lungs=find))
    assert f"On {COUNT // 4} of {COUNT} films the middle stands for them." in audits[0].details[0]
    assert audits[0].verdict == "ok"


def test_the_region_covers_what_lies_between_the_lungs():
    plan = plan_preparation(
        Radiograph(np.full((96, 96), 99, np.uint8), 8, "png", ""),
        PreparationSpec(height=SIDE, width=SIDE, crop_borders=False),
    )
    probability = np.zeros((SIDE, SIDE), np.float32)
    probability[10:30, 8:18] = probability[10:30, 28:38] = 1
    region = lung_region(LungField(probability, plan))
    assert region[40, 46]
    assert not region[80, 46]
    assert lung_region(LungField(probability * 0, plan)) is None


def test_a_region_is_found_on_the_input_of_a_lettered_or_leaning_film_too():
    pixels = np.random.default_rng(1).integers(500, 2000, (60, 60)).astype(np.uint16)
    radiograph = Radiograph(pixels, 16, "png", "")
    plain = plan_preparation(radiograph, PreparationSpec(height=SIDE, width=SIDE, crop_borders=False))
    region = np.zeros((60, 60), np.bool_)
    region[10:20, 25:35] = True  # 2.8 % of the film, as letters are
    expected = on_input(region, plain)
    assert expected[8:16, 20:28].all()
    lettered = replace(plain, own_levels=(0, 200))
    assert np.array_equal(on_input(region, lettered), expected)
    leaning = on_input(region, replace(plain, tilt_degrees=10.0))
    columns = [float(np.nonzero(found)[1].mean()) for found in (expected, leaning)]
    assert columns[0] - columns[1] == pytest.approx(12.0 * np.sin(np.radians(10.0)), abs=0.7)


def test_the_bars_of_the_letterbox_stay_and_the_film_is_not_changed():
    pixels = np.random.default_rng(1).integers(50, 200, (60, 30)).astype(np.uint8)
    radiograph = Radiograph(pixels, 8, "png", "")
    plan = plan_preparation(radiograph, PreparationSpec(height=SIDE, width=SIDE, crop_borders=False))
    film = apply_preparation(radiograph, plan)
    kept = film.copy()
    inside = on_input(middle_of_film(plan), plan)
    covered = cover(film, ~inside, plan)
    np.testing.assert_array_equal(film, kept)
    assert (covered[:, :12] == 0).all()  # bars
    np.testing.assert_array_equal(covered[inside], film[inside])
    shown = covered[:, 12:36][~inside[:, 12:36]]
    assert np.ptp(shown) == 0


def test_a_planted_border_is_found_and_without_training_films_nothing_is_claimed(tmp_path):
    material = _material(CORNER, tmp_path)
    assert border_audit(material).verdict == "caution"
    train, _ = _films(tmp_path, "train", 5, corner=True)
    found = border_audit(replace(material, train=train))
    assert found.verdict == "bad"
    assert "of what it has above chance" in found.headline


def _planted(*, source_tells: bool, model_knows: bool, view_tells: bool = False) -> Material:
    """Two sources; the label follows the source or not, and so do score, embedding and projection."""
    rng = np.random.default_rng(2)
    count = 400
    source = rng.integers(0, 2, count)
    truth = (
        rng.random(count) < np.where(source_tells & (source == 1), 0.85, 0.3 if not source_tells else 0.15)
    ).astype(float)
    view = np.where(rng.random(count) < 0.9, truth, 1 - truth) if view_tells else rng.integers(0, 2, count)
    films = [
        Film(
            Path("none.png"),
            frozenset(KEYS if truth[i] else ()),
            "test",
            source="ab"[source[i]],
            view=("PA", "AP")[int(view[i])],
            sex="FM"[i % 2],
            age=float(30 + i % 50),
            group=str(i // 2),
        )
        for i in range(count)
    ]
    signal = np.where(model_knows, 4.0 * source - 2, 2.0 * truth - 1)
    if view_tells:
        signal = 4.0 * view - 2
    logits = np.stack([signal + rng.normal(0, 1, count)] * 2, axis=1)
    split = _split("test", films, np.stack([truth, truth], axis=1), logits)
    if model_knows:
        split.scores.embeddings[:, 0] = 3.0 * source
    return Material(_spec(), LUNG, {"test": split})


def test_a_model_that_knows_the_hospital_is_caught_when_that_helps_it():
    guilty = _planted(source_tells=True, model_knows=True)
    assert source_audit(guilty).verdict == "bad"
    found = within_source_audit(guilty)
    assert found.verdict == "bad"
    assert "Lowest: AUROC, source" in found.headline
    assert sum(figure.name.startswith("AUROC, source") for figure in found.figures) == 2
    harmless = _planted(source_tells=False, model_knows=False)
    assert source_audit(harmless).verdict == "ok"
    assert within_source_audit(harmless).verdict == "ok"
    # the labels go with the source, but the model does not know it
    assert source_audit(_planted(source_tells=True, model_knows=False)).verdict == "ok"


def test_a_model_that_reads_the_projection_is_caught():
    found = strata_audit(_planted(source_tells=False, model_knows=False, view_tells=True))
    assert found.verdict == "bad"
    assert "within projection" in found.headline
    names = {figure.name for figure in found.figures}
    assert {"AUROC within sex", "AUROC within age"} <= names
    assert any(name.startswith("AUROC, projection AP only") for name in names)
    assert strata_audit(_planted(source_tells=False, model_knows=False)).verdict == "ok"


def test_one_source_and_no_other_hospital_are_cautions_and_not_passes():
    material = _planted(source_tells=False, model_knows=False)
    split = material.splits["test"]
    alone = replace(
        material, splits={"test": replace(split, films=[replace(f, source="a") for f in split.films])}
    )
    assert source_audit(alone).verdict == "caution"
    assert other_hospitals_audit(material).headline.startswith("Not measured")
    lost = replace(split, name="external", probabilities=split.probabilities[::-1].copy())
    away = other_hospitals_audit(replace(material, splits={"test": split, "external": lost}))
    assert away.verdict == "bad"


def test_calibration_is_judged_where_it_is_worst():
    rng = np.random.default_rng(3)
    material = _planted(source_tells=False, model_knows=False)
    split = material.splits["test"]
    honest = rng.random(split.targets.shape)
    truths = (rng.random(honest.shape) < honest).astype(float)
    good = replace(split, probabilities=honest, targets=truths)
    wrong = replace(good, name="external", probabilities=np.clip(honest + 0.3, 0, 1))
    assert calibration_audit(replace(material, splits={"test": good})).verdict != "bad"
    assert calibration_audit(replace(material, splits={"test": good, "external": wrong})).verdict == "bad"


def test_the_probe_is_tested_on_patients_it_did_not_see():
    rng = np.random.default_rng(4)
    groups = [str(i // 4) for i in range(200)]
    # every patient has a place of its own: only memory could tell the name
    places = np.repeat(rng.normal(0, 1, (50, 8)), 4, axis=0).astype(np.float32)
    names = np.repeat(rng.choice(["x", "y"], 50), 4).tolist()
    told = (probe(places, names, groups).argmax(axis=1) == one_hot(names).argmax(axis=1)).mean()
    assert told < 0.7
    shares = share_by_name(names, one_hot(names), groups)
    assert (shares.argmax(axis=1) == one_hot(names).argmax(axis=1)).all()
    assert frequent(["a"] * 20 + ["b"] * 19 + [""]).tolist() == [True] * 20 + [False] * 20


def test_limits_are_where_they_are_said_to_be():
    assert [judge_gained(share) for share in (0.25, 0.26, 0.5, 0.51)] == ["ok", "caution", "caution", "bad"]
    assert [judge_kept(share) for share in (0.75, 0.74, 0.5, 0.49)] == ["ok", "caution", "caution", "bad"]
    assert [judge_ece(ece) for ece in (0.05, 0.051, 0.1, 0.11)] == ["ok", "caution", "caution", "bad"]
    assert (worst(["ok", "bad"]), worst(["ok", "ok"]), worst([])) == ("bad", "ok", "caution")


def test_a_model_at_chance_has_no_share_to_lose():
    films = [Film(Path("none.png"), frozenset(), "test", group=str(i)) for i in range(40)]
    truths = np.tile([[0.0], [1.0]], (20, 1))
    assert kept_share((auroc, truths), truths, np.zeros((40, 1)), films) is None
    assert kept_share((auroc, truths), truths, truths, films).value == 1


def test_the_gravest_answers_come_first_and_every_figure_is_said():
    material = _planted(source_tells=True, model_knows=True)
    audits = worst_first([not_measured("x", "X", "none.", "limit"), within_source_audit(material)])
    assert [audit.verdict for audit in audits] == ["bad", "caution"]
    lines = list(audit_lines(audits))
    assert lines[0].startswith("BAD")
    assert sum("AUROC within source" in line for line in lines) == 1


def test_the_probe_of_the_embedding_finds_a_planted_sex_and_no_projection_where_none_is_told(tmp_path):
    """Sex is planted in the embedding's first cell; the projection is drawn by lot."""

    class Planted(Reader):
        def run(self, model_input: np.ndarray) -> RawOutput:
            raw = super().run(model_input)
            female = model_input[:5, :5, 0].mean() > 150
            noise = np.random.default_rng(int(model_input.sum())).normal(0, 1, 3)
            return RawOutput(raw.logits, raw.cams, np.array([4.0 * female, *noise], np.float32))

    model = Planted(slice(20, 28), slice(20, 28))

    def films(split: str, seed: int) -> list[Film]:
        made, truths = _films(tmp_path / split, split, seed, corner=True)
        lot = np.random.default_rng(seed).integers(0, 2, COUNT)
        return [
            replace(film, sex="F" if truth[0] else "M", view=("PA", "AP")[lot[i]], age=30.0)
            for i, (film, truth) in enumerate(zip(made, truths, strict=True))
        ]

    spec = _spec()
    test = films("test", 1)
    scores = score_films(model, [film.path for film in test], spec.preparation)
    nothing = np.zeros((COUNT, 2))
    split = ScoredSplit("test", test, nothing, nothing, scores)
    material = Material(spec, model, {"test": split}, train=films("train", 2))
    audit = embedding_audit(material)
    figures = {figure.name: figure.value for figure in audit.figures}
    assert audit.verdict == "caution"
    assert figures["AUROC of sex from the embedding, 2 groups"].value > 0.85
    assert abs(figures["AUROC of projection from the embedding, 2 groups"].value - 0.5) < 0.15
    assert len(figures) == 2, "all patients are of one age group: nothing to tell"
    assert embedding_audit(replace(material, train=[])).headline.startswith("Not measured")
