"""Metrics against scikit-learn and values known by hand; intervals that behave."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from training import metrics as m
from training.fitting.views.answers import Answers, macro_auroc

ONE = np.ones((1, 200))


@pytest.fixture
def scores_and_truths() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truths = (rng.random(200) < 0.3).astype(float)
    # rounded, so that there are ties
    return np.round(np.clip(0.3 * truths + rng.random(200) * 0.7, 0, 1), 2), truths


def test_auroc_equals_scikit_learn_with_ties(scores_and_truths):
    scores, truths = scores_and_truths
    assert m.auroc(scores, truths, ONE)[0] == pytest.approx(roc_auc_score(truths, scores), abs=1e-12)


def test_auprc_equals_scikit_learn_with_ties(scores_and_truths):
    scores, truths = scores_and_truths
    assert m.auprc(scores, truths, ONE)[0] == pytest.approx(
        average_precision_score(truths, scores), abs=1e-12
    )


def test_weighted_samples_equal_scikit_learn_on_repeated_films(scores_and_truths):
    scores, truths = scores_and_truths
    weights = np.random.default_rng(1).integers(0, 3, (5, 200)).astype(float)
    expected = [roc_auc_score(truths, scores, sample_weight=row) for row in weights]
    np.testing.assert_allclose(m.auroc(scores, truths, weights), expected, atol=1e-12)
    expected = [average_precision_score(truths, scores, sample_weight=row) for row in weights]
    np.testing.assert_allclose(m.auprc(scores, truths, weights), expected, atol=1e-12)


def test_brier_equals_scikit_learn(scores_and_truths):
    scores, truths = scores_and_truths
    assert m.brier(scores, truths, ONE)[0] == pytest.approx(brier_score_loss(truths, scores))


def test_a_film_on_the_threshold_is_called_positive():
    scores, truths, one = np.array([0.2, 0.5, 0.5, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]), np.ones((1, 4))
    assert m.sensitivity_at(0.5)(scores, truths, one)[0] == 1.0
    assert m.specificity_at(0.5)(scores, truths, one)[0] == 0.5


def test_calibration_error_is_the_gap_between_probability_and_frequency():
    scores, truths = np.full(10, 0.75), np.array([1.0] * 5 + [0.0] * 5)
    assert m.expected_calibration_error(scores, truths, np.ones((1, 10)))[0] == pytest.approx(0.25)


def test_a_label_without_positive_films_has_no_auroc():
    assert np.isnan(m.auroc(np.linspace(0, 1, 5), np.zeros(5), np.ones((1, 5)))[0])


def test_bootstrap_draws_all_films_of_a_patient_together():
    weights = m.bootstrap_weights(["a", "a", "b", "c", "c", "c"], samples=50, seed=0)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 4]).all()
    np.testing.assert_allclose(weights[:, [0, 2, 3]].sum(axis=1), 3)


def test_interval_contains_the_value_and_narrows_with_more_patients():
    rng = np.random.default_rng(2)
    widths = []
    for count in (60, 960):
        truths = (rng.random(count) < 0.5).astype(float)
        scores = truths + rng.normal(0, 1.2, count)
        resampling = m.bootstrap_weights([str(i) for i in range(count)], 400, seed=0)
        found = m.measure(m.auroc, scores, truths, resampling)
        assert found.low < found.value < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2


def test_interval_is_wider_when_each_patient_has_many_films():
    rng = np.random.default_rng(3)
    truths = np.repeat((rng.random(30) < 0.5).astype(float), 10)
    scores = truths + np.repeat(rng.normal(0, 1.2, 30), 10)
    by_film = m.measure(m.auroc, scores, truths, m.bootstrap_weights([str(i) for i in range(300)], 400, 0))
    by_patient = m.measure(
        m.auroc, scores, truths, m.bootstrap_weights([str(i // 10) for i in range(300)], 400, 0)
    )
    assert by_patient.high - by_patient.low > 2 * (by_film.high - by_film.low)


def test_interval_of_the_calibration_error_contains_it():
    rng = np.random.default_rng(4)
    scores = rng.random(300)
    truths = (rng.random(300) < scores).astype(float)
    found = m.measure(
        m.expected_calibration_error,
        scores,
        truths,
        m.bootstrap_weights([str(i) for i in range(300)], 400, 0),
    )
    assert 0 <= found.low <= found.value <= found.high


def test_macro_leaves_out_labels_without_a_value():
    scores = np.array([[0.1, 0.5], [0.9, 0.5], [0.2, 0.5]])
    truths = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert m.macro_auroc(scores, truths) == 1.0


def test_eight_of_eight_is_not_certain():
    scores, truths = np.append(np.ones(8), np.zeros(40)), np.append(np.ones(8), np.zeros(40))
    resampling = m.bootstrap_weights([str(i) for i in range(48)], 200, 0)
    found = m.measure_share(m.sensitivity_at(0.5), scores, truths, resampling, 8)
    assert found.value == 1.0
    assert found.low == pytest.approx(0.676, abs=1e-3)
    assert found.high == 1.0


def test_samples_taken_in_parts_give_the_same_figures(monkeypatch, scores_and_truths):
    scores, truths = scores_and_truths
    resampling = m.bootstrap_weights([str(i // 2) for i in range(200)], 101, 0)
    whole = m.in_parts(lambda weights: m.auroc(scores, truths, weights), resampling)
    monkeypatch.setattr(m, "_ENTRIES_AT_ONCE", 1500)
    parts = m.in_parts(lambda weights: m.auroc(scores, truths, weights), resampling)
    np.testing.assert_allclose(parts, whole, atol=1e-12)
    assert len(parts) == 101


def test_with_softmax_a_film_is_ranked_by_its_probabilities_and_not_by_its_bare_logits():
    truths = np.eye(2)[[0, 0, 1, 1]]
    # every film is called right, but some are far from zero in all their logits
    logits = np.array([[1.0, 0.0], [9.0, 8.0], [0.0, 1.0], [8.0, 9.0]])
    assert m.macro_auroc(logits, truths) == 0.75
    assert m.macro_auroc_of_logits(logits, truths, softmax=True) == 1.0
    assert m.macro_auroc_of_logits(logits, truths, softmax=False) == 0.75


def test_within_source_auroc_counts_pairs_of_one_source_only():
    rng = np.random.default_rng(5)
    sources = rng.choice(["a", "b", "c"], 200)
    truths = (rng.random(200) < np.where(sources == "a", 0.8, 0.2)).astype(float)
    scores = np.round(rng.random(200) + 0.2 * truths + (sources == "a"), 1)
    better = equal = pairs = 0
    for i in np.flatnonzero(truths == 1):
        for j in np.flatnonzero((truths == 0) & (sources == sources[i])):
            pairs += 1
            better += scores[i] > scores[j]
            equal += scores[i] == scores[j]
    expected = (better + equal / 2) / pairs
    assert m.within_source_auroc(scores, truths, sources)[0] == pytest.approx(expected, abs=1e-12)
    weights = rng.integers(0, 3, (4, 200)).astype(float)
    repeated = [
        m.within_source_auroc(*(np.repeat(x, row.astype(int)) for x in (scores, truths, sources)))[0]
        for row in weights
    ]
    np.testing.assert_allclose(m.within_source_auroc(scores, truths, sources, weights), repeated, atol=1e-12)


def test_a_model_that_only_knows_the_source_has_no_within_source_auroc_to_show():
    sources = ["a"] * 50 + ["b"] * 50
    truths = np.r_[np.ones(40), np.zeros(10), np.ones(10), np.zeros(40)]
    scores = np.r_[np.ones(50), np.zeros(50)]
    assert m.auroc(scores, truths, np.ones((1, 100)))[0] == pytest.approx(0.8)
    assert m.within_source_auroc(scores, truths, sources)[0] == 0.5
    assert np.isnan(m.within_source_auroc(scores, (scores > 0.5).astype(float), sources)[0])
    both = np.stack([scores, scores], axis=1)
    targets = np.stack([truths, scores], axis=1)  # the second has one kind of film in each source
    assert macro_auroc(both, Answers(targets, np.ones_like(targets)), sources) == 0.5
