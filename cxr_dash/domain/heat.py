"""How strong a heatmap is, on a scale that is fixed for each label, and whether its place may be named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cxr_dash.domain.film import Float32Array

HeatStrength = Literal["none", "weak", "moderate", "strong"]
# Why nothing is said about where a map points.
NoPlace = Literal["no_better_than_template", "not_measured"]

# Where a colour table turns from weak to moderate to strong, whatever the label: one colour means one word.
MODERATE_FROM = 0.25
STRONG_FROM = 0.6


@dataclass(frozen=True, slots=True)
class HeatScale:
    """The peaks that part weak, moderate and strong heat of one label; unit: logits per cell.

    Attributes
    ----------
    moderate : float
        What lies below is weak: films without the finding that nobody flags reach as much.
    strong : float
        From here on heat is as strong as on a typical film that was flagged rightly.
    full : float
        From here on nothing gets hotter.
    """

    moderate: float
    strong: float
    full: float

    def strength(self, peak: float) -> HeatStrength:
        """The word for a map that reaches this peak and is not flat."""
        if peak < self.moderate:
            return "weak"
        return "moderate" if peak < self.strong else "strong"

    def shares(self, values: Float32Array) -> Float32Array:
        """Heat as a share of a colour table, 0-1, of any shape: straight lines between the limits."""
        limits = np.array([0.0, self.moderate, self.strong, self.full])
        shown = np.interp(values, limits, [0.0, MODERATE_FROM, STRONG_FROM, 1.0])
        return np.asarray(shown, dtype=np.float32)
