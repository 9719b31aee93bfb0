"""What is said of heat: how strong it is, and why no place is named."""

from __future__ import annotations

from collections.abc import Sequence

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
# Half the width of what counts as neither side of a picture, as a share of its width.
MIDDLE = 0.06
_PLACES = (
    (N_("picture left, upper third"), N_("picture middle, upper third"), N_("picture right, upper third")),
    (N_("picture left, middle third"), N_("picture middle, middle third"), N_("picture right, middle third")),
    (N_("picture left, lower third"), N_("picture middle, lower third"), N_("picture right, lower third")),
)
_BOTH = (
    N_("both sides of the picture, upper third"),
    N_("both sides of the picture, middle third"),
    N_("both sides of the picture, lower third"),
)


def say_strength(heatmap: Heatmap, t: Translator) -> str:
    """One word for how strong a map is; empty where the bundle has no scale for its label."""
    strength = heatmap.strength
    return t(_STRENGTHS[strength]) if strength else ""


def say_no_place(heatmap: Heatmap, t: Translator) -> str:
    """Why the place of a map is not put into words; empty where it is."""
    return t(_NO_PLACE[heatmap.no_place]) if heatmap.no_place else ""


def say_place(peaks: Sequence[tuple[float, float]], t: Translator) -> str:
    """Where heat is strongest: the picture's sides, never the patient's.

    The rule of ``conclusion.placeOf`` on the page, for a picture that was neither turned nor flipped.

    Parameters
    ----------
    peaks : sequence of tuple of float
        Right and down, as shares of the picture, 0-1: the strongest, and where the other side is about as
        strong, a second one.
    t : Translator
    """
    if not peaks:
        return ""
    thirds = [min(2, int(down * 3)) for _, down in peaks]
    columns = [0 if across < 0.5 - MIDDLE else 2 if across > 0.5 + MIDDLE else 1 for across, _ in peaks]
    if len(peaks) < 2 or abs(columns[0] - columns[1]) != 2:
        return t(_PLACES[thirds[0]][columns[0]])
    return t(_BOTH[thirds[0]]) if thirds[0] == thirds[1] else t(N_("both sides of the picture"))
