"""From logits to calibrated probabilities. Fitting lives in ``training``; this is the serving half."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.inference.schema import BundleSpec


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


def calibrated_probabilities(logits: Float32Array | Float64Array, spec: BundleSpec) -> Float64Array:
    """Calibrated probabilities of a bundle's labels.

    Parameters
    ----------
    logits : ndarray, shape (..., C)
        In the bundle's label order.
    spec : BundleSpec

    Returns
    -------
    ndarray of float64, shape (..., C), values 0-1
    """
    keys = spec.label_keys
    slopes = np.array([spec.calibration.slopes[key] for key in keys])
    intercepts = np.array([spec.calibration.intercepts[key] for key in keys])
    return activate(np.asarray(logits, dtype=np.float64) * slopes + intercepts, spec.activation)
