"""Thresholds come with their consequences and the uncertainty of those."""

from __future__ import annotations

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
