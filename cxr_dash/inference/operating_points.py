"""What a threshold means: sensitivity, specificity and their intervals on films the model never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxr_dash.domain import Float64Array
from cxr_dash.inference.schema import HeldOut

_Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdTable:
    """Sensitivity and specificity of one label at every threshold of a grid.

    Attributes
    ----------
    thresholds : ndarray of float64, shape (n,)
        Increasing, 0-1; a film is called positive when its probability is at or above the threshold.
    sensitivity, sensitivity_low, sensitivity_high : ndarray of float64, shape (n,)
        With the 95 % Wilson score interval; NaN when the split has no positive film.
    specificity, specificity_low, specificity_high : ndarray of float64, shape (n,)
        The same for negative films.
    positives, negatives : int
        Films of each kind in the split.
    """

    thresholds: Float64Array
    sensitivity: Float64Array
    sensitivity_low: Float64Array
    sensitivity_high: Float64Array
    specificity: Float64Array
    specificity_low: Float64Array
    specificity_high: Float64Array
    positives: int
    negatives: int


def wilson_interval(successes: ArrayLike, total: int) -> tuple[Float64Array, Float64Array]:
    """95 % score interval of a proportion (Wilson 1927), which stays inside 0-1 and works at 0 and 1.

    Parameters
    ----------
    successes : array_like of int, shape (n,)
    total : int
        Trials, the same for every entry; with 0 the bounds are NaN.

    Returns
    -------
    low, high : ndarray of float64, shape (n,)
    """
    count = np.asarray(successes, dtype=np.float64)
    if total == 0:
        missing = np.full_like(count, np.nan)
        return missing, missing
    proportion = count / total
    z2 = _Z_95**2
    centre = (proportion + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z_95 / (1 + z2 / total) * np.sqrt(proportion * (1 - proportion) / total + z2 / (4 * total**2))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def _at_or_above(sorted_values: Float64Array, thresholds: Float64Array) -> NDArray[np.int64]:
    return len(sorted_values) - np.searchsorted(sorted_values, thresholds, side="left")


def threshold_table(held_out: HeldOut, label_key: str, *, steps: int = 200) -> ThresholdTable:
    """Tabulate one label's consequences at ``steps + 1`` evenly spaced thresholds from 0 to 1.

    The page works these out in the browser; this is what its arithmetic is tested against.

    Parameters
    ----------
    held_out : HeldOut
        Calibrated probabilities and truths; films whose truth is unknown (-1) are left out.
    label_key : str
    steps : int

    Returns
    -------
    ThresholdTable
    """
    probabilities = np.asarray(held_out.probabilities[label_key], dtype=np.float64)
    truths = np.asarray(held_out.truths[label_key])
    positives = np.sort(probabilities[truths == 1])
    negatives = np.sort(probabilities[truths == 0])
    thresholds = np.arange(steps + 1) / steps  # exact decimals, unlike linspace: 0.6 stays 0.6
    found = _at_or_above(positives, thresholds)
    cleared = len(negatives) - _at_or_above(negatives, thresholds)
    sensitivity_low, sensitivity_high = wilson_interval(found, len(positives))
    specificity_low, specificity_high = wilson_interval(cleared, len(negatives))
    return ThresholdTable(
        thresholds=thresholds,
        sensitivity=found / len(positives) if len(positives) else np.full(steps + 1, np.nan),
        sensitivity_low=sensitivity_low,
        sensitivity_high=sensitivity_high,
        specificity=cleared / len(negatives) if len(negatives) else np.full(steps + 1, np.nan),
        specificity_low=specificity_low,
        specificity_high=specificity_high,
        positives=len(positives),
        negatives=len(negatives),
    )


def predictive_values(
    sensitivity: ArrayLike, specificity: ArrayLike, prevalence: float
) -> tuple[Float64Array, Float64Array]:
    """Positive and negative predictive value at a prevalence, by Bayes' rule; NaN where nobody is called so.

    Parameters
    ----------
    sensitivity, specificity : array_like of float, 0-1
    prevalence : float
        Share of patients who have the finding, 0-1.

    Returns
    -------
    ppv, npv : ndarray of float64
    """
    found = np.asarray(sensitivity, dtype=np.float64) * prevalence
    false_alarms = (1 - np.asarray(specificity, dtype=np.float64)) * (1 - prevalence)
    missed = prevalence - found
    cleared = 1 - prevalence - false_alarms
    with np.errstate(invalid="ignore", divide="ignore"):
        return found / (found + false_alarms), cleared / (cleared + missed)
