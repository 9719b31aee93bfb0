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


@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 3, 4)])
def test_softmax_is_over_the_last_axis_whatever_stands_before_it(shape: tuple[int, ...]) -> None:
    logits = np.arange(np.prod(shape), dtype=np.float64).reshape(shape) ** 1.5
    powers = np.exp(logits)
    np.testing.assert_allclose(activate(logits, "softmax"), powers / powers.sum(axis=-1)[..., None])


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20))
def test_the_sigmoid_stays_finite_inside_0_and_1_and_keeps_the_order(logits: list[float]) -> None:
    ordered = np.sort(np.array(logits))
    probabilities = activate(ordered, "sigmoid")
    assert np.all((probabilities >= 0) & (probabilities <= 1))
    assert np.all(np.diff(probabilities) >= 0)


def _stepped(**steps: dict[str, list[float]]) -> dict[str, object]:
    calibration = spec_dict()["calibration"] | {"kind": "isotonic", "steps": steps}
    return spec_dict(calibration=calibration)


def test_a_label_with_steps_takes_its_curve_and_the_others_keep_their_lines() -> None:
    spec = BundleSpec.model_validate(_stepped(nodule={"logits": [-1.0, 1.0], "probabilities": [0.1, 0.7]}))
    logits = np.array([[0.5, -9.0], [0.5, 0.0], [0.5, 9.0]])
    found = calibrated_probabilities(logits, spec)
    np.testing.assert_allclose(found[:, 0], 0.5)
    np.testing.assert_allclose(found[:, 1], [0.1, 0.4, 0.7])


@pytest.mark.parametrize(
    ("key", "logits", "probabilities"),
    [
        ("hernia", [0.0], [0.5]),
        ("nodule", [], []),
        ("nodule", [0.0, 1.0], [0.5]),
        ("nodule", [1.0, 0.0], [0.1, 0.5]),
        ("nodule", [0.0, 1.0], [0.5, 0.1]),
    ],
)
def test_steps_that_would_turn_films_around_are_refused(
    key: str, logits: list[float], probabilities: list[float]
) -> None:
    with pytest.raises(ValueError, match="increasing logits"):
        BundleSpec.model_validate(_stepped(**{key: {"logits": logits, "probabilities": probabilities}}))
