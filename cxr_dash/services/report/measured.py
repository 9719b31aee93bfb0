"""What a cut is worth: counted on films the model never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import BundleSpec, HeldOut, OperatingPoint

# Fewer films than these say nothing about a label: two films give a sensitivity of 0, 50 or 100 %.
FEWEST_FILMS = 10
_SAME_CUT = 1e-9


@dataclass(frozen=True, slots=True)
class Share:
    """A share of films, 0-1, with its 95 % interval (Wilson 1927); NaN where there are no films."""

    value: float
    low: float
    high: float
    films: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Sensitivity and specificity of one label at one cut, and the films they were counted on."""

    held_out: HeldOut
    sensitivity: Share
    specificity: Share


def measure(spec: BundleSpec, label_key: str, cut: float, split: str | None) -> Measured | None:
    """Count one label's films at one cut.

    Parameters
    ----------
    spec : BundleSpec
    label_key : str
    cut : float
        0-1.
    split : str or None
        The films the reader chose; by default those of other hospitals, where there are enough of them.

    Returns
    -------
    Measured or None
        ``None`` where the bundle holds no films.
    """
    held = _held_out(spec, label_key, split)
    if held is None:
        return None
    probabilities = np.asarray(held.probabilities[label_key], dtype=np.float64)
    truths = np.asarray(held.truths[label_key])
    above = probabilities >= cut
    return Measured(
        held_out=held,
        sensitivity=_share(int(np.sum(above[truths == 1])), int(np.sum(truths == 1))),
        specificity=_share(int(np.sum(~above[truths == 0])), int(np.sum(truths == 0))),
    )


def point_in_force(spec: BundleSpec, label_key: str, cut: float) -> OperatingPoint | None:
    """The named operating point that gives this cut; ``None`` where the reader set one of their own."""
    default_first = sorted(spec.operating_points, key=lambda one: one.key != spec.default_operating_point)
    return next((one for one in default_first if abs(one.thresholds[label_key] - cut) < _SAME_CUT), None)


def _held_out(spec: BundleSpec, label_key: str, split: str | None) -> HeldOut | None:
    # The rule of the page, 23-held-out.js: figures of other hospitals are the ones to expect.
    for held in spec.held_out:
        truths = np.asarray(held.truths[label_key])
        enough = min(np.sum(truths == 1), np.sum(truths == 0)) >= FEWEST_FILMS
        if held.split == split or (split is None and held.split == "external" and enough):
            return held
    return spec.held_out[0] if spec.held_out else None


def _share(part: int, films: int) -> Share:
    low, high = wilson_interval([part], films)
    return Share(part / films if films else float("nan"), float(low[0]), float(high[0]), films)
