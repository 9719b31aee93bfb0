"""What operating points do to the films of a split, and how stated probabilities compare with what was so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.operating_points import predictive_values
from cxr_dash.inference.schema import Interval, OperatingPoint, PointFigures, ReliabilityBin
from training import metrics as m
from training.evaluation import rates
from training.evaluation.thresholds import RULE_OUT_PREVALENCE


def point_figures(
    scores: Float64Array,
    truths: Float64Array,
    label: str,
    points: Sequence[OperatingPoint],
    resampling: Float64Array,
) -> dict[str, PointFigures]:
    """Every operating point of one label on one split; films of both kinds must be there.

    Parameters
    ----------
    scores, truths : ndarray, shape (n,)
        Calibrated probabilities; 0 or 1.
    label : str
    points : sequence of OperatingPoint
    resampling : ndarray, shape (samples, n)

    Returns
    -------
    dict
        By operating point.
    """
    return {
        point.key: _figures(scores, truths, point.thresholds[label], resampling, RULE_OUT_PREVALENCE)
        for point in points
    }


def _figures(
    scores: Float64Array, truths: Float64Array, threshold: float, resampling: Float64Array, prevalence: float
) -> PointFigures:
    called = (scores >= threshold).astype(np.float64)
    positives, found = int(truths.sum()), int(called.sum())
    negatives, cleared = len(truths) - positives, len(truths) - found
    sensitivity = m.measure_share(rates.sensitivity, called, truths, resampling, positives)
    specificity = m.measure_share(rates.specificity, called, truths, resampling, negatives)
    ppv = m.measure_share(rates.precision, called, truths, resampling, found) if found else None
    npv = m.measure_share(rates.npv, called, truths, resampling, cleared) if cleared else None
    # the lower ends together, and the upper ends: never narrower than 95 %, and honest where none was missed
    pairs = [
        [float(v) for v in predictive_values(s, t, prevalence)]
        for s, t in (
            (sensitivity.value, specificity.value),
            (sensitivity.low, specificity.low),
            (sensitivity.high, specificity.high),
        )
        if s is not None and t is not None
    ]
    return PointFigures(
        threshold=threshold,
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=ppv,
        npv=npv,
        prevalence=prevalence,
        ppv_at_prevalence=_interval([pair[0] for pair in pairs]) if found else None,
        npv_at_prevalence=_interval([pair[1] for pair in pairs]) if cleared else None,
    )


def _interval(values: Sequence[float]) -> Interval:
    """A value, its lower and its upper end; an end that does not exist is the value itself."""
    value = values[0]
    low, high = (end if np.isfinite(end) else value for end in values[1:])
    return Interval(value=round(value, 5), low=round(min(low, value), 5), high=round(max(high, value), 5))


def reliability_bins(scores: Float64Array, truths: Float64Array) -> list[ReliabilityBin]:
    """Stated probability against observed share in the tenths that the calibration error is summed over.

    Parameters
    ----------
    scores, truths : ndarray, shape (n,)

    Returns
    -------
    list of ReliabilityBin
        From low to high probability, without empty tenths.
    """
    bins = np.minimum((scores * m.ECE_BINS).astype(int), m.ECE_BINS - 1)
    found = []
    for inside in (bins == k for k in np.unique(bins)):
        count, positives = int(inside.sum()), float(truths[inside].sum())
        found.append(
            ReliabilityBin(
                stated=round(float(scores[inside].mean()), 5),
                observed=m.share_interval(positives, count),
                films=count,
            )
        )
    return found
