"""From raw class activation maps to what a person sees, and how far it may be trusted."""

from cxr_dash.explain.heatmap import (
    content_heat,
    film_heat,
    film_heatmap,
    make_heatmap,
    peak_positions,
    shown_peaks,
)
from cxr_dash.explain.trust import SHIFTS, Shifted, find_regions, heat_trust, shifted_input

__all__ = [
    "SHIFTS",
    "Shifted",
    "content_heat",
    "film_heat",
    "film_heatmap",
    "find_regions",
    "heat_trust",
    "make_heatmap",
    "peak_positions",
    "shifted_input",
    "shown_peaks",
]
