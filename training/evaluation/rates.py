"""Figures of decisions: metrics whose scores are 1 where a model calls a film positive and 0 elsewhere.

They fit :data:`training.metrics.Metric`, so that intervals, averages and resampling are the same.
"""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float64Array
from training.metrics import Metric, sensitivity_at, specificity_at

sensitivity: Metric = sensitivity_at(0.5)
specificity: Metric = specificity_at(0.5)


def accuracy(called: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
    """Share of films called what they are.

    Parameters
    ----------
    called, truths : ndarray, shape (n,), 0 or 1
    weights : ndarray, shape (samples, n)

    Returns
    -------
    ndarray, shape (samples,)
    """
    return _ratio(weights @ (called == truths).astype(np.float64), weights.sum(axis=1))


def balanced_accuracy(called: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
    """Mean of sensitivity and specificity; NaN without films of both kinds."""
    return (sensitivity(called, truths, weights) + specificity(called, truths, weights)) / 2


def precision(called: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
    """Share of called films that are positive; NaN where none is called."""
    return _ratio(weights @ (called * truths), weights @ called)


def npv(called: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
    """Negative predictive value: share of films not called that are negative; NaN where all are called."""
    return precision(1 - called, 1 - truths, weights)


def precision_or_zero(called: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
    """As :func:`precision`, but 0 where none is called, as scikit-learn counts it in averages."""
    return np.nan_to_num(precision(called, truths, weights), nan=0.0)


def f1(called: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
    """Harmonic mean of precision and sensitivity; NaN where no film is positive and none is called."""
    found = weights @ (called * truths)
    return _ratio(2 * found, weights @ called + weights @ truths)


def _ratio(part: Float64Array, whole: Float64Array) -> Float64Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole)
