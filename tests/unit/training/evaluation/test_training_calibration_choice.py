"""Ways of calibrating compete on films they did not see, and a freer one must earn its freedom."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.domain import LocalisedText
from cxr_dash.inference.calibration import activate, apply_calibration
from cxr_dash.inference.schema import OperatingPoint
from training.evaluation.calibrate import fit_isotonic, fit_lines, fit_platt
from training.evaluation.calibration_choice import (
    CalibrationFilms,
    Trial,
    choose_calibration,
    patient_folds,
    plainest_of_the_best,
)
from training.evaluation.point_figures import point_figures, reliability_bins
from training.metrics import bootstrap_weights

LABELS = ["a", "b", "c"]


def _films(slopes: list[float], count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits and truths of a model whose probabilities are right once logits are multiplied by ``slopes``."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (count, len(slopes)))
    return logits, (rng.random(logits.shape) < activate(logits * slopes - 1, "sigmoid")).astype(float)


def test_slopes_held_together_lie_between_the_common_one_and_each_labels_own():
    logits, truths = _films([0.4, 1.0, 1.6], 400)
    own = fit_platt(logits, truths, LABELS, "").slopes
    common = fit_lines("sigmoid", slope_penalty=np.inf)(logits, truths, LABELS, "").slopes
    held = fit_lines("sigmoid", slope_penalty=100.0)(logits, truths, LABELS, "").slopes
    free = fit_lines("sigmoid", slope_penalty=0.0)(logits, truths, LABELS, "").slopes
    assert len(set(common.values())) == 1
    assert own["a"] < held["a"] < common["a"] < held["c"] < own["c"]
    # without a penalty it is Platt's line, found in another way
    np.testing.assert_allclose(list(free.values()), list(own.values()), rtol=1e-3)


def test_a_given_slope_stays_and_a_class_gets_its_shift():
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1, (4000, 3))
    truths = np.eye(3)[
        [rng.choice(3, p=row) for row in activate(logits + np.array([1.0, 0, -1.0]), "softmax")]
    ]
    fitted = fit_lines("softmax", slope_penalty=np.inf, intercept_penalty=1.0)(logits, truths, LABELS, "")
    shifts = np.array(list(fitted.intercepts.values()))
    np.testing.assert_allclose(shifts - shifts.mean(), [1, 0, -1], atol=0.15)
    fixed = fit_lines("sigmoid", slope_penalty=np.inf, common_slope=1.0)(logits, truths, LABELS, "")
    assert set(fixed.slopes.values()) == {1.0}


def test_isotonic_steps_follow_what_no_line_can_and_keep_the_order():
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, (3000, 2))
    chance = np.where(logits < 0, 0.1, 0.6)  # a step
    truths = (rng.random(logits.shape) < chance).astype(float)
    truths[50:, 1] = 0  # too few films with the second
    fitted = fit_isotonic(logits, truths, ["a", "b"], "")
    assert list(fitted.steps) == ["a"]
    probabilities = apply_calibration(logits, fitted, ["a", "b"], "sigmoid")
    assert np.abs(probabilities[:, 0] - chance[:, 0]).mean() < 0.03
    order = np.argsort(logits[:, 0])
    assert (np.diff(probabilities[order, 0]) >= 0).all()
    assert probabilities.min() > 0
    assert probabilities.max() < 1


def test_with_few_films_the_plain_way_wins_and_with_many_the_true_one():
    def chosen(slopes: list[float], count: int) -> str:
        logits, truths = _films(slopes, count)
        films = CalibrationFilms(logits, truths, [str(i // 2) for i in range(count)], LABELS, "sigmoid")
        return choose_calibration(films, "val").chosen

    assert chosen([1.0, 1.0, 1.0], 120).startswith("a shift per label:")
    assert chosen([0.3, 0.3, 0.3], 400).startswith("one slope and a shift per label:")
    assert chosen([0.3, 1.0, 2.5], 900).startswith("a line per label")


def test_the_plainest_within_one_standard_error_is_taken():
    rng = np.random.default_rng(3)
    best = rng.random(100)
    noise = rng.normal(0, 0.5, 100)
    trials = [
        Trial("much worse", best + 1, 0),
        Trial("a little worse", best + noise - noise.mean() + 0.01, 0),
        Trial("best", best, 0),
    ]
    groups = [str(i) for i in range(100)]
    assert plainest_of_the_best(trials, groups).name == "a little worse"
    # four copies of each film are no more evidence than one
    copies = [Trial(t.name, np.repeat(t.losses, 4), 0) for t in trials]
    assert plainest_of_the_best(copies, np.repeat(groups, 4).tolist()).name == "a little worse"
    surely = [trials[0], Trial("surely worse", best + 0.01, 0), trials[2]]
    assert plainest_of_the_best(surely, groups).name == "best"


def test_no_patient_is_in_two_folds():
    groups = [str(i // 3) for i in range(60)]
    folds = patient_folds(groups, 5, 0)
    assert {len(set(folds[i : i + 3])) for i in range(0, 60, 3)} == {1}
    assert np.bincount(folds).tolist() == [12] * 5


def test_points_count_what_they_cost_and_never_call_few_films_certain():
    scores = np.array([0.9] * 8 + [0.1] * 92)
    truths = np.array([1.0] * 8 + [0.0] * 92)
    point = OperatingPoint(
        key="balanced",
        name=LocalisedText(en="–", es="–"),
        explanation=LocalisedText(en="–", es="–"),
        thresholds={"a": 0.5},
        chosen_on="val",
    )
    resampling = bootstrap_weights([str(i) for i in range(100)], 200, 0)
    found = point_figures(scores, truths, "a", [point], resampling)["balanced"]
    assert (found.sensitivity.value, found.ppv.value, found.npv.value) == (1.0, 1.0, 1.0)
    assert found.sensitivity.low == pytest.approx(0.676, abs=1e-3)  # Wilson's, 8 of 8
    low = found.sensitivity.low
    spared = found.specificity.low
    prevalence = found.prevalence
    assert found.npv_at_prevalence.low == pytest.approx(
        spared * (1 - prevalence) / (spared * (1 - prevalence) + (1 - low) * prevalence), abs=1e-4
    )
    assert found.ppv_at_prevalence.low < 0.7
    nobody = point_figures(
        scores, truths, "a", [point.model_copy(update={"thresholds": {"a": 1.0}})], resampling
    )
    assert nobody["balanced"].ppv is None


def test_reliability_bins_hold_every_film_once():
    rng = np.random.default_rng(4)
    scores = rng.random(500) ** 2
    truths = (rng.random(500) < scores).astype(float)
    bins = reliability_bins(scores, truths)
    assert sum(part.films for part in bins) == 500
    assert sum(part.films * part.stated for part in bins) == pytest.approx(scores.sum(), abs=0.01)
    assert sum(part.films * part.observed.value for part in bins) == pytest.approx(truths.sum(), abs=0.01)
    assert all(part.observed.low <= part.observed.value <= part.observed.high for part in bins)
