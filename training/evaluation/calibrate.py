"""Calibration on ``val``: one temperature for softmax models, Platt's line per label for sigmoid models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.calibration import activate
from cxr_dash.inference.schema import Calibration

MIN_POSITIVES_FOR_SLOPE = 10
MIN_SLOPE = 0.1
_GOLDEN = (5**0.5 - 1) / 2


def fit_temperature(
    logits: Float64Array, targets: Float64Array, labels: Sequence[str], fitted_on: str
) -> Calibration:
    """The temperature with the smallest negative log likelihood (Guo et al. 2017), between 0.05 and 20.

    Parameters
    ----------
    logits : ndarray, shape (n, C)
    targets : ndarray, shape (n, C), one-hot
    labels : sequence of str
    fitted_on : str
        Split and films, in words.
    """

    def loss(log_temperature: float) -> float:
        probabilities = activate(logits / np.exp(log_temperature), "softmax")
        return float(-np.mean(np.log(np.maximum(probabilities[targets > 0.5], 1e-12))))

    low, high = np.log(0.05), np.log(20.0)
    while high - low > 1e-5:  # golden section: the loss has one valley in 1 / temperature
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    slope = round(float(np.exp(-(low + high) / 2)), 6)
    return Calibration(
        kind="temperature",
        slopes=dict.fromkeys(labels, slope),
        intercepts=dict.fromkeys(labels, 0.0),
        fitted_on=fitted_on,
    )


def fit_platt(
    logits: Float64Array, targets: Float64Array, labels: Sequence[str], fitted_on: str
) -> Calibration:
    """Slope and intercept per label, with Platt's (1999) softened targets against over-fitting.

    A label with fewer than 10 positive films keeps slope 1 and gets an intercept only; a slope below 0.1
    is set to 0.1, so that calibration never reverses the order of films.

    Parameters
    ----------
    logits, targets : ndarray, shape (n, C)
    labels : sequence of str
    fitted_on : str
    """
    slopes: dict[str, float] = {}
    intercepts: dict[str, float] = {}
    for column, key in enumerate(labels):
        slope, intercept = platt_line(logits[:, column], targets[:, column])
        slopes[key], intercepts[key] = round(slope, 6), round(intercept, 6)
    return Calibration(kind="platt", slopes=slopes, intercepts=intercepts, fitted_on=fitted_on)


def platt_line(logits: Float64Array, targets: Float64Array) -> tuple[float, float]:
    """Slope and intercept of one label.

    Parameters
    ----------
    logits, targets : ndarray, shape (n,)
    """
    positives = float(targets.sum())
    negatives = len(targets) - positives
    soft = np.where(targets > 0.5, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    if min(positives, negatives) < MIN_POSITIVES_FOR_SLOPE:
        return 1.0, _newton(logits, soft, slope=1.0)[1]
    slope, intercept = _newton(logits, soft, slope=None)
    if slope < MIN_SLOPE:
        return MIN_SLOPE, _newton(logits, soft, slope=MIN_SLOPE)[1]
    return slope, intercept


def _newton(logits: Float64Array, soft: Float64Array, *, slope: float | None) -> tuple[float, float]:
    """Logistic regression on one variable by damped Newton steps; a given slope stays as it is."""
    free = slope is None
    line = np.array([1.0 if slope is None else slope, 0.0])

    def loss(candidate: Float64Array) -> float:
        scores = candidate[0] * logits + candidate[1]
        return float(np.sum(np.logaddexp(0.0, scores) - soft * scores))

    for _ in range(100):
        probabilities = activate(line[0] * logits + line[1], "sigmoid")
        error, spread = probabilities - soft, probabilities * (1 - probabilities)
        design = np.stack([logits if free else np.zeros_like(logits), np.ones_like(logits)], axis=1)
        gradient = design.T @ error
        hessian = design.T @ (design * spread[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        scale = 1.0
        while scale > 1e-6 and loss(line - scale * step) > loss(line):
            scale /= 2
        line = line - scale * step
        if np.abs(scale * step).max() < 1e-9:
            break
    return float(line[0]), float(line[1])
