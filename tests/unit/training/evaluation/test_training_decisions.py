"""Calibration, operating points and the distance from the training films."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.inference.calibration import activate
from cxr_dash.inference.operating_points import predictive_values, wilson_interval
from training.evaluation.calibrate import MIN_SLOPE, fit_platt, fit_temperature, platt_line
from training.evaluation.ood import GateFilms, choose_thresholds, distances, first_half, fit_distribution
from training.evaluation.thresholds import (
    choose_operating_points,
    rule_out_threshold,
    sensitivity_threshold,
    specificity_threshold,
    youden_threshold,
)
from training.films.manifest import Film


def negative_log_likelihood(probabilities, truths):
    return -np.mean(truths * np.log(probabilities) + (1 - truths) * np.log(1 - probabilities))


def test_temperature_finds_by_how_much_logits_were_inflated():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (6000, 3))
    truths = np.eye(3)[[rng.choice(3, p=row) for row in activate(logits, "softmax")]]
    fitted = fit_temperature(logits * 3, truths, ["a", "b", "c"], "synthetic")
    assert fitted.slopes["a"] == pytest.approx(1 / 3, rel=0.08)
    assert set(fitted.slopes.values()) == {fitted.slopes["a"]}


def test_platt_recovers_slope_and_intercept_and_lowers_the_loss():
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, 20000)
    truths = (rng.random(20000) < activate(0.5 * logits - 1, "sigmoid")).astype(float)
    slope, intercept = platt_line(logits, truths)
    assert slope == pytest.approx(0.5, abs=0.03)
    assert intercept == pytest.approx(-1, abs=0.06)
    before, after = activate(logits, "sigmoid"), activate(slope * logits + intercept, "sigmoid")
    assert negative_log_likelihood(after, truths) < negative_log_likelihood(before, truths)


def test_platt_with_few_positives_moves_the_intercept_only():
    rng = np.random.default_rng(2)
    truths = np.zeros(300)
    truths[:4] = 1
    slope, intercept = platt_line(rng.normal(2, 1, 300), truths)
    assert slope == 1.0
    assert intercept < -4


def test_platt_never_reverses_the_order_of_films():
    logits, truths = np.linspace(-3, 3, 200), (np.linspace(-3, 3, 200) < 0).astype(float)
    assert platt_line(logits, truths)[0] == MIN_SLOPE


def test_platt_survives_films_that_are_perfectly_separated():
    logits, truths = np.linspace(-3, 3, 200), (np.linspace(-3, 3, 200) > 0).astype(float)
    calibration = fit_platt(logits[:, None], truths[:, None], ["a"], "synthetic")
    assert np.isfinite([calibration.slopes["a"], calibration.intercepts["a"]]).all()


PROBABILITIES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
TRUTHS = np.array([0, 0, 1, 0, 0, 1, 1, 1], dtype=float)


def test_thresholds_stand_where_the_rule_says():
    assert youden_threshold(PROBABILITIES, TRUTHS) == pytest.approx(0.6, abs=2e-5)
    assert sensitivity_threshold(PROBABILITIES, TRUTHS, 0.95) == pytest.approx(0.3, abs=2e-5)
    assert sensitivity_threshold(PROBABILITIES, TRUTHS, 0.75) == pytest.approx(0.6, abs=2e-5)
    assert specificity_threshold(PROBABILITIES, TRUTHS, 0.95) == pytest.approx(0.6, abs=2e-5)
    assert specificity_threshold(PROBABILITIES, TRUTHS, 0.5) == pytest.approx(0.3, abs=2e-5)


def test_the_film_a_threshold_stands_on_is_called():
    values = np.array([0.123456789, 0.9])
    assert sensitivity_threshold(values, np.ones(2), 1.0) <= 0.123456789


def test_rule_out_holds_at_the_lower_end_of_the_interval():
    rng = np.random.default_rng(3)
    truths = np.repeat([0.0, 1.0], [600, 200])
    probabilities = activate(rng.normal(0, 1, 800) + 4 * truths - 2, "sigmoid")
    threshold = rule_out_threshold(probabilities, truths)
    assert threshold > 0
    found = int((probabilities[truths == 1] >= threshold).sum())
    specificity = (probabilities[truths == 0] < threshold).mean()
    low, _ = wilson_interval([found], 200)
    assert predictive_values(low, specificity, 0.05)[1][0] >= 0.99


def test_rule_out_says_so_when_the_films_cannot_support_it():
    probabilities, truths = np.linspace(0, 1, 40)[:, None], np.tile([0.0, 1.0], 20)[:, None]
    points = {p.key: p for p in choose_operating_points(probabilities, truths, ["edema"], "val")}
    assert list(points) == ["balanced", "sensitivity_95", "specificity_95", "rule_out"]
    assert points["rule_out"].thresholds == {"edema": 0.0}
    assert "Not attainable for edema" in points["rule_out"].explanation.en
    assert "Inalcanzable para edema pulmonar: " in points["rule_out"].explanation.said_in("es")


def test_few_positives_are_named_in_the_explanation():
    truths = np.zeros((40, 1))
    truths[:3] = 1
    points = choose_operating_points(np.linspace(0, 1, 40)[:, None], truths, ["mass"], "val")
    assert "Uncertain for mass: fewer than 20" in points[1].explanation.en


def _embeddings(count: int, seed: int, offset: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (count, 60)) * np.linspace(3, 0.2, 60)
    values[:, 50] += offset
    return values.astype(np.float32)


def test_strangers_lie_farther_than_films_and_typical_films_at_about_1_4():
    fitted = fit_distribution(_embeddings(800, 0), _embeddings(40, 1, 9.0), "synthetic")
    films, strangers = distances(_embeddings(200, 2), fitted), distances(_embeddings(200, 3, 9.0), fitted)
    assert np.median(films) == pytest.approx(1.4, abs=0.15)
    assert strangers.min() > np.quantile(films, 0.99)


def test_components_are_orthonormal_and_rounded():
    fitted = fit_distribution(_embeddings(800, 0), _embeddings(40, 1, 9.0), "synthetic")
    components = np.array(fitted.components)
    np.testing.assert_allclose(components @ components.T, np.eye(len(components)), atol=1e-3)
    assert all(float(f"{value:.4e}") == value for value in fitted.components[0])


def test_the_distribution_can_be_fitted_without_strangers():
    fitted = fit_distribution(_embeddings(100, 0), np.zeros((0, 60), dtype=np.float32), "synthetic")
    assert 1 <= len(fitted.components) <= 10


def test_a_real_film_is_refused_only_beyond_995_permille_of_every_collection():
    fitted = fit_distribution(_embeddings(800, 0), _embeddings(40, 1, 9.0), "synthetic")
    near, far = distances(_embeddings(400, 4), fitted), distances(_embeddings(400, 5, 4.0), fitted)
    others = distances(_embeddings(50, 6, 12.0), fitted)
    done = choose_thresholds(
        fitted,
        GateFilms({"val": near, "other": far}, {"hand": others}),
        GateFilms({"val": near}, {"hand": others}),
    )
    assert done.reject_above == pytest.approx(np.quantile(others, 0.02), abs=1e-3)
    for chest in (near, far):
        assert (chest <= done.reject_above).mean() >= 0.995
    assert done.warn_above < done.reject_above
    assert "val 400/400" in done.measured
    assert "hand" in done.measured


def test_kinds_that_need_a_warning_only_do_not_raise_the_limit():
    fitted = fit_distribution(_embeddings(800, 0), _embeddings(40, 1, 9.0), "synthetic")
    near, others = distances(_embeddings(400, 4), fitted), distances(_embeddings(50, 6, 12.0), fitted)
    films = GateFilms({"val": near}, {"lateral": others})
    done = choose_thresholds(fitted, films, films, warn_only=["lateral"])
    assert done.reject_above == pytest.approx(np.quantile(near, 0.995) * 1.02, abs=1e-3)


def test_halving_keeps_groups_whole_and_kinds_even(tmp_path):
    films = [
        Film(tmp_path, frozenset({kind}), "", group=f"{kind}{i // 2}")
        for kind in ("ct", "hand")
        for i in range(20)
    ]
    first = first_half(films)
    groups = {
        film.group: {bool(f) for f, other in zip(first, films, strict=True) if other.group == film.group}
        for film in films
    }
    assert all(len(parts) == 1 for parts in groups.values())
    assert first[:20].sum() == first[20:].sum() == 10
