"""Probabilities are the calibrated activation of the logits."""

from __future__ import annotations

import numpy as np
import pytest
from bundle_builder import spec_dict
from hypothesis import given
from hypothesis import strategies as st

from cxr_dash.inference.calibration import activate, calibrated_probabilities
from cxr_dash.inference.schema import BundleSpec


def test_platt_scaling_uses_each_labels_own_slope_and_intercept() -> None:
    spec = BundleSpec.model_validate(spec_dict())
    probabilities = calibrated_probabilities(np.array([0.5, 0.0], dtype=np.float32), spec)
    assert probabilities == pytest.approx([0.5, 0.5])  # 2 * 0.5 - 1 = 0, and 0


def test_softmax_sums_to_one_for_every_film() -> None:
    probabilities = activate(np.array([[1.0, 2.0, 3.0], [900.0, -900.0, 0.0]]), "softmax")
    assert probabilities.sum(axis=-1) == pytest.approx([1.0, 1.0])
    assert probabilities[1, 0] == pytest.approx(1.0)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20))
def test_the_sigmoid_stays_finite_inside_0_and_1_and_keeps_the_order(logits: list[float]) -> None:
    ordered = np.sort(np.array(logits))
    probabilities = activate(ordered, "sigmoid")
    assert np.all((probabilities >= 0) & (probabilities <= 1))
    assert np.all(np.diff(probabilities) >= 0)
