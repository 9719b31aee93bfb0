"""Curves and counts of one label on held-out films: plain arithmetic, no drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import HeldOut

RELIABILITY_BINS = 8


@dataclass(frozen=True, slots=True, eq=False)
class RocCurve:
    """An empirical ROC curve.

    Attributes
    ----------
    false_positive_rate, sensitivity : ndarray of float64, shape (n,)
        From (0, 0) to (1, 1), one point for each distinct probability.
    """

    false_positive_rate: Float64Array
    sensitivity: Float64Array

    @property
    def area(self) -> float:
        """AUROC, 0-1."""
        return float(np.trapezoid(self.sensitivity, self.false_positive_rate))


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionCurve:
    """An empirical curve of precision over recall.

    Attributes
    ----------
    recall, precision : ndarray of float64, shape (n,)
        One point for each distinct probability, recall increasing to 1.
    prevalence : float
        Share of films with the label: the precision of a coin.
    """

    recall: Float64Array
    precision: Float64Array
    prevalence: float

    @property
    def area(self) -> float:
        """Average precision, 0-1: the area below the steps."""
        return float(np.sum(np.diff(self.recall, prepend=0.0) * self.precision))


@dataclass(frozen=True, slots=True)
class StatedBin:
    """Films of like probability: what was stated of them, and what was so, with Wilson's 95 % interval."""

    films: int
    stated: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CutCounts:
    """Films at or above a cut and below it, with and without the label."""

    found: int
    missed: int
    alarms: int
    cleared: int


def known_films(held: HeldOut, label_key: str) -> tuple[Float64Array, Float64Array]:
    """Probabilities and truths (0 or 1) of the films whose truth is known, shape (n,) each."""
    probabilities = np.asarray(held.probabilities[label_key], dtype=np.float64)
    truths = np.asarray(held.truths[label_key], dtype=np.float64)
    known = truths >= 0
    return probabilities[known], truths[known]


def roc_curve(held: HeldOut, label_key: str) -> RocCurve | None:
    """The label's ROC on a split, or ``None`` when the split lacks films with it or without it."""
    steps = _steps(held, label_key)
    if steps is None:
        return None
    found, alarms = steps
    return RocCurve(np.append(0.0, alarms / alarms[-1]), np.append(0.0, found / found[-1]))


def precision_curve(held: HeldOut, label_key: str) -> PrecisionCurve | None:
    """The label's precision over recall, or ``None`` when the split lacks films with it or without it."""
    steps = _steps(held, label_key)
    if steps is None:
        return None
    found, alarms = steps
    share = float(found[-1] / (found[-1] + alarms[-1]))
    return PrecisionCurve(found / found[-1], found / (found + alarms), share)


def _steps(held: HeldOut, label_key: str) -> tuple[Float64Array, Float64Array] | None:
    """Films with and without the label at or above each distinct probability, from the highest down."""
    probabilities, truths = known_films(held, label_key)
    if not truths.any() or truths.all():
        return None
    order = np.argsort(-probabilities, kind="stable")
    ordered = truths[order]
    # equal probabilities are one step: the curve may not depend on the order of ties
    last_of_tie = np.append(np.flatnonzero(np.diff(probabilities[order])), len(order) - 1)
    return np.cumsum(ordered)[last_of_tie], np.cumsum(1 - ordered)[last_of_tie]


def reliability(held: HeldOut, label_key: str) -> list[StatedBin]:
    """Stated against observed frequency in bins of equal numbers of films, lowest first."""
    probabilities, truths = known_films(held, label_key)
    order = np.argsort(probabilities, kind="stable")
    found = []
    for chunk in np.array_split(order, RELIABILITY_BINS):
        if not len(chunk):
            continue
        low, high = wilson_interval([truths[chunk].sum()], len(chunk))
        found.append(
            StatedBin(
                films=len(chunk),
                stated=float(probabilities[chunk].mean()),
                observed=float(truths[chunk].mean()),
                low=float(low[0]),
                high=float(high[0]),
            )
        )
    return found


def counts_at(held: HeldOut, label_key: str, cut: float) -> CutCounts:
    """The films of a split at a cut; a film at the cut is called."""
    probabilities, truths = known_films(held, label_key)
    called = probabilities >= cut
    with_it = truths == 1
    return CutCounts(
        found=int((called & with_it).sum()),
        missed=int((~called & with_it).sum()),
        alarms=int((called & ~with_it).sum()),
        cleared=int((~called & ~with_it).sum()),
    )
