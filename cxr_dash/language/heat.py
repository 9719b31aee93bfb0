"""What is said of heat: how strong it is, and why no place is named."""

from __future__ import annotations

from cxr_dash.domain import N_, Heatmap, HeatStrength, NoPlace
from cxr_dash.language.translator import Translator

_STRENGTHS: dict[HeatStrength, str] = {
    "none": N_("none"),
    "weak": N_("weak"),
    "moderate": N_("moderate"),
    "strong": N_("strong"),
}
_NO_PLACE: dict[NoPlace, str] = {
    "no_better_than_template": N_("No place is named: such maps point no better than the average place."),
    "not_measured": N_("No place is named: such maps were never measured against boxes."),
}


def say_strength(heatmap: Heatmap, t: Translator) -> str:
    """One word for how strong a map is; empty where the bundle has no scale for its label."""
    strength = heatmap.strength
    return t(_STRENGTHS[strength]) if strength else ""


def say_no_place(heatmap: Heatmap, t: Translator) -> str:
    """Why the place of a map is not put into words; empty where it is."""
    return t(_NO_PLACE[heatmap.no_place]) if heatmap.no_place else ""
