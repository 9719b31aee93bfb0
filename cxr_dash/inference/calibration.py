"""From logits to calibrated probabilities. Fitting lives in ``training``; this is the serving half."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.inference.schema import BundleSpec, Calibration


def activate(scores: Float64Array, activation: Literal["sigmoid", "softmax"]) -> Float64Array:
    """Sigmoid or softmax over the last axis, computed without overflow.

    Parameters
    ----------
    scores : ndarray, shape (..., C)
    activation : {"sigmoid", "softmax"}

    Returns
    -------
    ndarray of float64, shape (..., C), values 0-1
    """
    scores = np.asarray(scores, dtype=np.float64)
    if activation == "softmax":
        shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
    # exp of a non-positive number on both branches
    small = np.exp(-np.abs(scores))
    return np.where(scores >= 0, 1.0 / (1.0 + small), small / (1.0 + small))


def apply_calibration(
    logits: Float32Array | Float64Array,
    calibration: Calibration,
    keys: Sequence[str],
    activation: Literal["sigmoid", "softmax"],
) -> Float64Array:
    """Calibrated probabilities of logits.

    Parameters
    ----------
    logits : ndarray, shape (..., C)
    calibration : Calibration
    keys : sequence of str
        Label keys, in the order of the logits.
    activation : {"sigmoid", "softmax"}

    Returns
    -------
    ndarray of float64, shape (..., C), values 0-1
    """
    raw = np.asarray(logits, dtype=np.float64)
    slopes = np.array([calibration.slopes[key] for key in keys])
    intercepts = np.array([calibration.intercepts[key] for key in keys])
    probabilities = activate(raw * slopes + intercepts, activation)
    for column, key in enumerate(keys):
        steps = calibration.steps.get(key)
        if steps is not None:
            probabilities[..., column] = np.interp(raw[..., column], steps.logits, steps.probabilities)
    return probabilities


def calibrated_probabilities(logits: Float32Array | Float64Array, spec: BundleSpec) -> Float64Array:
    """As :func:`apply_calibration`, of a bundle's labels in the bundle's label order."""
    return apply_calibration(logits, spec.calibration, spec.label_keys, spec.activation)
