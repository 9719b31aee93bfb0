"""Thresholds come with their consequences and the uncertainty of those."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from bundle_builder import spec_dict

from cxr_dash.inference.operating_points import predictive_values, threshold_table, wilson_interval
from cxr_dash.inference.schema import BundleSpec

HELD_OUT = BundleSpec.model_validate(spec_dict()).held_out[0]


def test_the_wilson_interval_matches_published_values() -> None:
    # Newcombe 1998, table I: 81/263, 15/148 and 0/20
    for count, total, expected in (
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0, 0.1611)),
    ):
        low, high = wilson_interval([count], total)
        assert (low[0], high[0]) == pytest.approx(expected, abs=5e-4)


def test_an_interval_of_no_films_is_unknown() -> None:
    low, high = wilson_interval([0], 0)
    assert np.isnan(low[0])
    assert np.isnan(high[0])


def test_the_table_counts_films_at_or_above_the_threshold() -> None:
    table = threshold_table(HELD_OUT, "effusion", steps=10)
    assert (table.positives, table.negatives) == (2, 2)
    # probabilities 0.1 0.4 | 0.6 0.9
    assert table.sensitivity[[0, 6, 7, 10]] == pytest.approx([1, 1, 0.5, 0])
    assert table.specificity[[0, 1, 2, 5]] == pytest.approx([0, 0, 0.5, 1])
    assert np.all(table.sensitivity_low <= table.sensitivity)
    assert np.all(table.specificity <= table.specificity_high)


def test_films_of_unknown_truth_are_left_out() -> None:
    table = threshold_table(HELD_OUT, "nodule")
    assert (table.positives, table.negatives) == (2, 1)


def test_predictive_values_follow_bayes() -> None:
    ppv, npv = predictive_values(0.9, 0.8, 0.1)
    assert ppv == pytest.approx(0.09 / (0.09 + 0.18))
    assert npv == pytest.approx(0.72 / (0.72 + 0.01))


def test_the_ppv_is_unknown_when_nobody_is_called_positive() -> None:
    ppv, npv = predictive_values(0.0, 1.0, 0.1)
    assert np.isnan(ppv)
    assert npv == pytest.approx(0.9)


@pytest.mark.parametrize(("count", "total"), [(1, 3), (7, 10), (40, 41), (0, 5), (5, 5), (311, 977)])
def test_a_bound_is_the_proportion_that_is_only_just_not_ruled_out(count: int, total: int) -> None:
    z = NormalDist().inv_cdf(0.975)
    for bound in np.concatenate(wilson_interval([count], total)):
        deviation = z * np.sqrt(bound * (1 - bound) / total)
        assert abs(count / total - bound) == pytest.approx(deviation, abs=1e-9)
    low, high = wilson_interval([count], total)
    assert 0.0 <= low[0] <= count / total <= high[0] <= 1.0
    assert low[0] < high[0]


def test_one_film_has_an_interval_and_none_has_not() -> None:
    low, high = wilson_interval([0, 1], 1)
    assert (low[0], high[1]) == (0.0, 1.0)
    assert np.all(high - low < 1.0)


def test_the_table_has_a_row_every_half_hundredth() -> None:
    table = threshold_table(HELD_OUT, "effusion")
    assert table.thresholds.tolist() == [step / 200 for step in range(201)]
    for part in ("", "_low", "_high"):
        found, cleared = getattr(table, f"sensitivity{part}"), getattr(table, f"specificity{part}")
        assert len(found) == len(cleared) == 201


def test_every_row_counts_films_as_a_reader_would() -> None:
    rng = np.random.default_rng(3)
    probabilities, truths = rng.random(60).round(2), rng.integers(-1, 2, 60)
    held = HELD_OUT.model_copy(
        update={"probabilities": {"x": probabilities.tolist()}, "truths": {"x": truths.tolist()}}
    )
    table = threshold_table(held, "x", steps=100)
    ill, well = probabilities[truths == 1], probabilities[truths == 0]
    assert (table.positives, table.negatives) == (len(ill), len(well))
    for row, threshold in enumerate(table.thresholds):
        found, cleared = (ill >= threshold).sum(), (well < threshold).sum()
        assert table.sensitivity[row] == found / len(ill)
        assert table.specificity[row] == cleared / len(well)
        bounds = np.concatenate([*wilson_interval([found], len(ill)), *wilson_interval([cleared], len(well))])
        received = [
            table.sensitivity_low[row],
            table.sensitivity_high[row],
            table.specificity_low[row],
            table.specificity_high[row],
        ]
        np.testing.assert_array_equal(received, bounds)


@pytest.mark.parametrize("truth", [0, 1])
def test_a_split_of_one_kind_of_film_says_nothing_of_the_other(truth: int) -> None:
    held = HELD_OUT.model_copy(update={"probabilities": {"x": [0.2, 0.6]}, "truths": {"x": [truth] * 2}})
    table = threshold_table(held, "x", steps=4)
    known, unknown = (table.specificity, table.sensitivity)[:: 1 if truth == 0 else -1]
    assert np.isnan(unknown).tolist() == [True] * 5
    assert known.tolist() == ([0.0, 0.5, 0.5, 1.0, 1.0] if truth == 0 else [1.0, 0.5, 0.5, 0.0, 0.0])


@pytest.mark.parametrize("prevalence", [0.01, 0.3, 0.9])
def test_predictive_values_are_shares_of_a_counted_crowd(prevalence: float) -> None:
    sensitivity, specificity = np.array([0.9, 0.5]), np.array([0.7, 0.96])
    ill, well = 1e6 * prevalence, 1e6 * (1 - prevalence)
    ppv, npv = predictive_values(sensitivity, specificity, prevalence)
    np.testing.assert_allclose(ppv, sensitivity * ill / (sensitivity * ill + (1 - specificity) * well))
    np.testing.assert_allclose(npv, specificity * well / (specificity * well + (1 - sensitivity) * ill))
