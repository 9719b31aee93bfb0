"""Every figure of an evaluation against scikit-learn, and what is written against what is read."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from measured_model import subject_of
from sklearn import metrics as sk

from cxr_dash.errors import TrainingError
from training import metrics as m
from training.evaluation import rates, split_figures
from training.evaluation.curves import MAX_POINTS, label_curves
from training.evaluation.decision_tables import confusions, extremes, threshold_table
from training.evaluation.evaluate import calls, evaluate, write_evaluation
from training.evaluation.film_scores import FilmScores
from training.evaluation.result import Evaluation, scores_file
from training.evaluation.text import evaluation_lines


@pytest.fixture(scope="module")
def softmax_manifest(films_root):
    """The drawn films as two classes."""
    text = (films_root / "films" / "manifest.csv").read_text().replace("No Finding", "Normal")
    path = films_root / "films" / "classes.csv"
    path.write_text(text)
    return path


@pytest.fixture(scope="module", params=["sigmoid", "softmax"])
def measured(request, films_root, softmax_manifest):
    manifest = softmax_manifest if request.param == "softmax" else films_root / "films" / "manifest.csv"
    # blunted, so that some films are wrong
    subject = subject_of(request.param)
    noise = np.random.default_rng(1).normal(0, 2.5, (200, 2))
    taken = {}

    def forward(films):
        return np.stack([_noisy(film, subject, noise, taken) for film in films])

    blunt = subject_of(request.param, forward=forward)
    return blunt, *evaluate(blunt, manifest, "test")


def _noisy(film, subject, noise, taken):
    row = taken.setdefault(film.tobytes(), len(taken))
    return subject.forward(film[None])[0] / 4 + noise[row]


def test_rates_equal_scikit_learn_with_and_without_resampling():
    rng = np.random.default_rng(0)
    truths, called = (rng.random((2, 150)) < 0.3).astype(float)
    weights = np.vstack([np.ones(150), rng.integers(0, 3, (3, 150))])
    pairs = [
        (rates.accuracy, sk.accuracy_score),
        (rates.balanced_accuracy, sk.balanced_accuracy_score),
        (rates.sensitivity, sk.recall_score),
        (rates.precision, sk.precision_score),
        (rates.f1, sk.f1_score),
    ]
    for ours, theirs in pairs:
        expected = [theirs(truths, called, sample_weight=row) for row in weights]
        np.testing.assert_allclose(ours(called, truths, weights), expected, atol=1e-12)
    flipped = [sk.recall_score(1 - truths, 1 - called, sample_weight=row) for row in weights]
    np.testing.assert_allclose(rates.specificity(called, truths, weights), flipped, atol=1e-12)


def test_what_is_never_called_has_no_precision_and_counts_zero_in_the_mean():
    called, truths, one = np.zeros(4), np.array([0.0, 0.0, 1.0, 1.0]), np.ones((1, 4))
    assert np.isnan(rates.precision(called, truths, one)[0])
    assert rates.precision_or_zero(called, truths, one)[0] == 0
    assert rates.f1(called, truths, one)[0] == 0


def test_averages_are_those_of_the_classification_report(measured):
    subject, evaluation, scores = measured
    called = calls(scores.probabilities, subject)
    truth, guess = scores.targets, called
    if subject.activation == "softmax":
        truth, guess = truth.argmax(axis=1), guess.argmax(axis=1)
        assert evaluation.macro["accuracy"].value == pytest.approx(sk.accuracy_score(truth, guess), abs=1e-5)
        balanced = sk.balanced_accuracy_score(truth, guess)
        assert evaluation.macro["balanced_accuracy"].value == pytest.approx(balanced, abs=1e-5)
    report = sk.classification_report(truth, guess, output_dict=True, zero_division=0)["macro avg"]
    for ours, theirs in (("precision", "precision"), ("sensitivity", "recall"), ("f1", "f1-score")):
        assert evaluation.macro[ours].value == pytest.approx(report[theirs], abs=1e-5)
    assert "macro avg" in evaluation.classification_report


def test_probabilistic_figures_equal_scikit_learn(measured):
    subject, evaluation, scores = measured
    for k, key in enumerate(subject.labels):
        truths, chance = scores.targets[:, k], scores.probabilities[:, k]
        row = evaluation.labels[key]
        assert row.auroc.value == pytest.approx(sk.roc_auc_score(truths, chance), abs=1e-5)
        assert row.auprc.value == pytest.approx(sk.average_precision_score(truths, chance), abs=1e-5)
        assert row.brier.value == pytest.approx(sk.brier_score_loss(truths, chance), abs=1e-5)
        assert row.positives + row.negatives == evaluation.films == 16
    if subject.activation == "softmax":
        expected = sk.log_loss(scores.targets, scores.probabilities)
    else:
        expected = np.mean([sk.log_loss(scores.targets[:, k], scores.probabilities[:, k]) for k in range(2)])
    assert evaluation.macro["log_loss"].value == pytest.approx(expected, abs=1e-5)


def test_every_figure_lies_in_its_interval(measured):
    _, evaluation, _ = measured
    figures = [
        value
        for row in evaluation.labels.values()
        for value in dict(row).values()
        if hasattr(value, "low") and value.low is not None
    ]
    assert len(figures) == 20
    assert all(found.low <= found.value <= found.high for found in figures)


def test_confusion_counts_every_film_once_and_agrees_with_the_rates(measured):
    subject, evaluation, _ = measured
    assert all(np.sum(matrix.counts) == 16 for matrix in evaluation.confusion)
    if subject.activation == "softmax":
        (matrix,) = evaluation.confusion
        assert matrix.names == ["normal", "effusion"]
        assert np.trace(matrix.counts) / 16 == pytest.approx(evaluation.macro["accuracy"].value, abs=1e-5)
        return
    (_, false_alarms), (missed, found) = evaluation.confusion[0].counts
    assert found / (found + missed) == pytest.approx(
        evaluation.labels["effusion"].sensitivity.value, abs=1e-5
    )
    assert found / (found + false_alarms) == pytest.approx(
        evaluation.labels["effusion"].precision.value, abs=1e-5
    )
    row = next(r for r in evaluation.thresholds if (r.label, r.name) == ("effusion", "balanced"))
    assert (row.false_negatives, row.false_positives) == (missed, false_alarms)


def test_the_threshold_table_counts_films_on_the_threshold_as_called():
    points = subject_of().operating_points[:1]
    probabilities = np.array([[0.2, 0.9], [0.4, 0.1], [0.5, 0.9], [0.55, 0.1]])
    targets = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    rows = threshold_table(probabilities, targets, ["effusion", "finding"], points)
    table = {(r.label, r.name): (r.false_negatives, r.false_positives) for r in rows}
    assert [table["effusion", name] for name in ("0.5", "0.4", "0.2", "balanced")] == [
        *((1, 1), (1, 2), (0, 2), (1, 0))
    ]
    assert rows[0].miss_rate == rows[0].false_alarm_rate == 0.5
    # no positive film: no share of them
    assert rows[-1].miss_rate is None
    assert table["finding", "0.5"] == (0, 2)


def test_extremes_count_the_right_answers_at_both_ends():
    probabilities = np.linspace(0, 1, 30)[:, None]
    targets = np.zeros((30, 1))
    targets[[0, 22, 25, 26, 29]] = 1.0
    found = {(row.end, row.films): row.right for row in extremes(probabilities, targets, ["mass"])}
    # only 30 films: there are no 50
    assert found == {
        ("most", 10): 4,
        ("most", 20): 4,
        ("most", 25): 4,
        ("least", 10): 9,
        ("least", 20): 19,
        ("least", 25): 23,
    }


def test_curves_are_those_of_scikit_learn_and_end_where_they_must():
    rng = np.random.default_rng(3)
    truths = (rng.random(400) < 0.4).astype(float)
    probabilities = np.clip(0.3 * truths + 0.7 * rng.random(400), 0, 1)
    curves = label_curves(probabilities, truths)
    roc, pr, reliability = curves.roc, curves.precision_recall, curves.reliability
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert (pr.x[0], pr.y[0], pr.x[-1]) == (0, 1, 1)
    assert sk.auc(roc.x, roc.y) == pytest.approx(sk.roc_auc_score(truths, probabilities), abs=1e-4)
    assert roc.thresholds[0] is pr.thresholds[0] is None
    assert sum(reliability.films) == 400
    gaps = np.abs(np.subtract(reliability.probability, reliability.observed)) @ reliability.films / 400
    ece = m.expected_calibration_error(probabilities, truths, np.ones((1, 400)))[0]
    assert gaps == pytest.approx(ece, abs=1e-5)


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    rng = np.random.default_rng(5)
    truths = (rng.random(20_000) < 0.5).astype(float)
    curve = label_curves(rng.random(20_000), truths).roc
    assert len(curve.x) == MAX_POINTS
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)


def test_a_class_that_never_occurs_stays_in_the_matrix():
    called, targets = np.eye(3)[[0, 1, 1]], np.eye(3)[[0, 0, 1]]
    (matrix,) = confusions(called, targets, ["a", "b", "c"], softmax=True)
    assert matrix.counts == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_an_evaluation_and_its_scores_are_read_as_they_were_written(measured, tmp_path):
    _, evaluation, scores = measured
    path = write_evaluation(evaluation, scores, tmp_path)
    assert path.name == "evaluation-test.json"
    assert Evaluation.read(path) == evaluation
    again = FilmScores.read(tmp_path / "scores-test.npz")
    assert (again.paths, again.groups, again.sources) == (scores.paths, scores.groups, scores.sources)
    np.testing.assert_array_equal(again.probabilities, scores.probabilities)
    elsewhere = write_evaluation(evaluation, scores, tmp_path / "covid.json")
    assert scores_file(elsewhere).name == "covid-scores.npz"
    assert scores_file(elsewhere).is_file()


def test_an_evaluation_that_is_missing_or_of_another_version_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="there is none at"):
        Evaluation.read(tmp_path / "evaluation-test.json")
    with pytest.raises(TrainingError, match="there is none at"):
        FilmScores.read(tmp_path / "scores-test.npz")
    (tmp_path / "old.json").write_text('{"split": "test"}')
    with pytest.raises(TrainingError, match="entries that do not fit"):
        Evaluation.read(tmp_path / "old.json")


def test_a_softmax_model_is_measured_only_on_its_own_classes(films_root):
    other = subject_of("softmax", negative_label="no_finding")
    with pytest.raises(TrainingError, match=r"exactly one of the labels normal, effusion; received 8 other"):
        evaluate(other, films_root / "films" / "manifest.csv", "test")


def test_a_split_without_a_positive_film_is_measured_without_a_warning(films_root):
    manifest = films_root / "films" / "none.csv"
    text = (films_root / "films" / "manifest.csv").read_text()
    manifest.write_text(text.replace(",Effusion,", ",No Finding,"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluation, _ = evaluate(subject_of(), manifest, "test")
    assert evaluation.labels == {}
    assert evaluation.curves == {}
    assert {row.miss_rate for row in evaluation.thresholds} == {None}
    assert any("16 films" in line for line in evaluation_lines(evaluation))


def test_the_lines_hold_every_kind_of_figure(films_root, monkeypatch):
    monkeypatch.setattr(split_figures, "MIN_SUBGROUP", 6)
    monkeypatch.setattr(split_figures, "MIN_SUBGROUP_POSITIVES", 3)
    evaluation, _ = evaluate(subject_of(), films_root / "films" / "manifest.csv", "test")
    text = "\n".join(evaluation_lines(evaluation))
    words = ("balanced_accuracy", "macro avg", "true class (rows)", "sensitivity_95", "least 10")
    for word in (*words, "source=drawn", "view=PA"):
        assert word in text
