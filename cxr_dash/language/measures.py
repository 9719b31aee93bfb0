"""What was measured on a film, in words: the cardiothoracic ratio, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping

from cxr_dash.domain import N_, FilmFacts, HeartMeasures, RatioObstacle, Words

# What nobody drew is said first of all: without a ratio there is nothing to compare.
OBSTACLES: Mapping[RatioObstacle, str] = {
    RatioObstacle.NO_LUNGS: N_("No cardiothoracic ratio: no lungs were found."),
    RatioObstacle.ONE_LUNG: N_("No cardiothoracic ratio: only one lung was found."),
    RatioObstacle.LUNGS_CUT_OFF: N_("No cardiothoracic ratio: the film does not show the whole thorax."),
    RatioObstacle.ROTATED: N_("No cardiothoracic ratio: the film is turned too far."),
    RatioObstacle.NO_HEART: N_("No cardiothoracic ratio: no heart was found."),
    RatioObstacle.IMPLAUSIBLE: N_("No cardiothoracic ratio: the outline of the heart is not plausible."),
    RatioObstacle.REFUSED: N_("No cardiothoracic ratio: the film was refused."),
}
_PA = N_("Cardiothoracic ratio {ratio:.2f}, from outlines of heart and lungs that the app drew itself.")
_AP = N_("Cardiothoracic ratio {ratio:.2f}: not comparable on AP: the heart is magnified.")
_UNKNOWN = N_(
    "Cardiothoracic ratio {ratio:.2f}, from outlines of heart and lungs that the app drew itself. The file "
    "does not say whether the film is PA: on AP the heart is magnified."
)
_SHORT = N_("CTR {ratio:.2f}")
_SHORT_AP = N_("CTR {ratio:.2f} (AP)")


def ratio_words(heart: HeartMeasures, facts: FilmFacts) -> Words:
    """The cardiothoracic ratio with what must be known to compare it, or why there is none.

    Parameters
    ----------
    heart : HeartMeasures
    facts : FilmFacts
        Whose projection decides whether the ratio compares with the usual limits.
    """
    if heart.ratio is None:
        return Words(OBSTACLES[heart.obstacle or RatioObstacle.NO_HEART])
    sentence = {"PA": _PA, "AP": _AP}.get(facts.projection or "", _UNKNOWN)
    return Words(sentence, {"ratio": heart.ratio})


def short_ratio(heart: HeartMeasures, facts: FilmFacts) -> Words | None:
    """The same for a narrow place, ``CTR 0.47``; None where there is no ratio."""
    if heart.ratio is None:
        return None
    return Words(_SHORT_AP if facts.projection == "AP" else _SHORT, {"ratio": heart.ratio})
