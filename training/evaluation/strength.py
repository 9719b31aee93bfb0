"""What counts as weak, moderate and strong heat: parted by peaks of val films, counted on test films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array, HeatStrength
from cxr_dash.explain.heatmap import MIN_SHARE_OF_REFERENCE
from cxr_dash.inference.schema_strength import LabelStrength, StrengthCounts

WEAK_QUANTILE = 0.95
FULL_QUANTILE = 0.95
# Fewer films say nothing about a quantile.
MIN_FILMS = 5
_DIGITS = 5


@dataclass(frozen=True, slots=True, eq=False)
class PeakFilms:
    """Films of one split with the peaks of their maps.

    Attributes
    ----------
    peaks : ndarray of float64, shape (n, C)
        Over the film, as shown, logits per cell.
    probabilities, targets : ndarray of float64, shape (n, C)
        Calibrated; 0 or 1.
    """

    peaks: Float64Array
    probabilities: Float64Array
    targets: Float64Array

    def kinds(self, column: int, threshold: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Films flagged rightly, and films rightly left alone."""
        flagged = self.probabilities[:, column] >= threshold
        true = self.targets[:, column] > 0.5
        return flagged & true, ~flagged & ~true


def label_strengths(
    val: PeakFilms,
    test: PeakFilms | None,
    labels: Sequence[str],
    thresholds: Mapping[str, float],
    heat_reference: Mapping[str, float],
) -> dict[str, LabelStrength]:
    """One fixed scale for each label.

    Parameters
    ----------
    val : PeakFilms
        The limits are chosen here.
    test : PeakFilms, optional
        What is reached is counted here.
    labels : sequence of str
        Keys, in the order of the columns.
    thresholds : mapping of str to float
        The default operating point.
    heat_reference : mapping of str to float
        What a map that counts as flat stays far below.

    Returns
    -------
    dict of str to LabelStrength
        Without labels that fewer than :data:`MIN_FILMS` films of a kind speak for.
    """
    found = {}
    for column, key in enumerate(labels):
        right, alone = val.kinds(column, thresholds[key])
        limits = _limits(val.peaks[right, column], val.peaks[alone, column])
        if limits is None:
            continue
        strength = LabelStrength(
            moderate=limits[0],
            strong=limits[1],
            full=limits[2],
            chosen_on=f"val: {int(right.sum())} films flagged rightly, {int(alone.sum())} rightly left alone",
        )
        if test is not None:
            flat = heat_reference[key] * MIN_SHARE_OF_REFERENCE
            kinds = test.kinds(column, thresholds[key])
            counts = [_counts(test.peaks[kind, column], strength, flat) for kind in kinds]
            strength = strength.model_copy(
                update={"reached": {"flagged_with": counts[0], "unflagged_without": counts[1]}}
            )
        found[key] = strength
    return found


def _limits(right: Float64Array, alone: Float64Array) -> tuple[float, float, float] | None:
    """Moderate, strong, full; None where films are too few or show nothing."""
    if min(len(right), len(alone)) < MIN_FILMS:
        return None
    moderate = float(np.quantile(alone, WEAK_QUANTILE))
    strong = float(np.median(right))
    if strong <= moderate:
        # maps that hardly tell ill films apart: strong is what is so beyond what healthy ones reach
        beyond = right[right > moderate]
        strong = float(np.median(beyond)) if len(beyond) else float(max(alone.max(), moderate))
    full = max(float(np.quantile(right, FULL_QUANTILE)), strong)
    rounded = [float(f"{limit:.{_DIGITS}g}") for limit in (moderate, strong, full)]
    return (rounded[0], rounded[1], rounded[2]) if rounded[0] > 0.0 else None


def _counts(peaks: Float64Array, strength: LabelStrength, flat: float) -> StrengthCounts:
    words: list[HeatStrength] = [
        "none" if peak <= flat else strength.scale.strength(float(peak)) for peak in peaks
    ]
    return StrengthCounts(
        none=words.count("none"),
        weak=words.count("weak"),
        moderate=words.count("moderate"),
        strong=words.count("strong"),
    )
