"""What the trust report says: whole sentences by region, so that each can be translated as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from cxr_dash.domain import N_, TrustRegion, Words

NOTHING = Words(N_("No localised evidence to judge."))

_OUTSIDE: Mapping[TrustRegion, str] = {
    "lungs": N_("Most of the heat lies outside the lungs ({share:.0f} %): do not rely on it."),
    "heart": N_(
        "Most of the heat lies outside the heart and mediastinum ({share:.0f} %): do not rely on it."
    ),
    "chest": N_("Most of the heat lies outside the chest ({share:.0f} %): do not rely on it."),
}
_INSIDE: Mapping[TrustRegion, str] = {
    "lungs": N_("{share:.0f} % of the heat lies in the lungs"),
    "heart": N_("{share:.0f} % of the heat lies in the heart and mediastinum"),
    "chest": N_("{share:.0f} % of the heat lies in the chest"),
}
_UNKNOWN: Mapping[TrustRegion, str] = {
    "lungs": N_("Whether the heat lies in the lungs is not known"),
    "heart": N_("Whether the heat lies in the heart and mediastinum is not known"),
    "chest": N_("Whether the heat lies in the chest is not known"),
}
_STABLE = N_("{place}; stable when the film is shifted a little.")
_MAP_MOVES = N_("{place}; unstable: a small shift of the film changes the map.")
_PROBABILITY_MOVES = N_(
    "{place}; unstable: a small shift of the film changes the probability (by {drift:.2f})."
)
_BOTH_MOVE = N_(
    "{place}; unstable: a small shift of the film changes the map and the probability (by {drift:.2f})."
)


def in_words(
    region: TrustRegion, inside: float | None, *, outside: bool, map_moves: bool, drift: float | None
) -> Words:
    """Say where the heat lies and whether it stays there.

    Parameters
    ----------
    region : {"lungs", "heart", "chest"}
    inside : float or None
        Share of the heat inside the region, 0-1; None where the region is not known.
    outside : bool
        Whether most of it lies outside: then nothing else is worth saying.
    map_moves : bool
        Whether a small shift of the film changes the map.
    drift : float or None
        By how much the shift changes the probability, 0-1; None where it hardly does.
    """
    if inside is None:
        place = Words(_UNKNOWN[region])
    elif outside:
        return Words(_OUTSIDE[region], {"share": 100 * (1 - inside)})
    else:
        place = Words(_INSIDE[region], {"share": 100 * inside})
    if drift is None:
        return Words(_MAP_MOVES if map_moves else _STABLE, {"place": place})
    return Words(_BOTH_MOVE if map_moves else _PROBABILITY_MOVES, {"place": place, "drift": drift})
