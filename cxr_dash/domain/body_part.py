"""Whether the body part that a file names is the chest."""

from __future__ import annotations

# PS3.16, annex L, and what devices write besides: as wholes, or at the start of what they write.
_CHEST_WORDS = (
    "CHEST", "THORAX", "THORACIC CAVITY", "LUNG", "HEART", "MEDIASTINUM", "BRONCHUS", "TORAX", "TÓRAX",
    "TORACE", "POUMON", "PULMON", "BRUSTKORB", "CXR",
)  # fmt: skip
# Films of the spine, sternum, clavicles, shoulder or breast, whatever else is named.
_NOT_FOR = ("SPINE", "STERN", "CLAVIC", "BREAST", "SHOULDER")
# Written where nobody chose anything, or where the film may be one of the chest or not: the picture decides.
_SAYS_NOTHING = frozenset({
    "", "UNKNOWN", "OTHER", "NONE", "DEFAULT", "ANY", "TRUNK", "BODY", "WHOLEBODY", "WHOLE BODY",
    "ENTIRE BODY", "PORTABLE", "GENERAL", "RIB", "RIBS", "UNILATERAL RIBS", "BILATERAL RIBS",
})  # fmt: skip


def names_chest(body_part: str | None) -> bool | None:
    """Whether a body part is the chest.

    Parameters
    ----------
    body_part : str or None
        As `FilmFacts.body_part`: ``"CHEST"``, ``"THORAX AP"``, ``"HAND"``; case plays no part.

    Returns
    -------
    bool or None
        True for the chest and what holds it (``"CHESTABDOMEN"``), False for another part, such as a hand or
        the spine; None where the file says nothing or nothing of use, and for ribs, whose films may be chest
        films.
    """
    words = " ".join((body_part or "").upper().replace("_", " ").replace("^", " ").split())
    if words in _SAYS_NOTHING:
        return None
    if any(other in words for other in _NOT_FOR):
        return False
    return any(word in words for word in _CHEST_WORDS)
