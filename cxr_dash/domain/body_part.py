"""Whether the body part that a file names is the chest."""

from __future__ import annotations

# PS3.16, annex L, and what devices write besides, as wholes or inside what they write.
_CHEST_WORDS = (
    "CHEST", "THORAX", "THORACIC CAVITY", "LUNG", "HEART", "MEDIASTINUM", "BRONCHUS", "TORAX", "TÓRAX",
    "TORACE", "POUMON", "PULMON", "BRUSTKORB", "CXR",
)  # fmt: skip
# Films of the spine, sternum, clavicles, shoulder or breast alone.
_BESIDE_THE_CHEST = ("SPINE", "STERN", "CLAVIC", "BREAST", "SHOULDER", "SCAPULA", "HOMBRO", "COLUMNA")
# Other parts of the body; what stands in neither list is not known, and the picture decides.
_OTHER_PARTS = (
    "HEAD", "SKULL", "BRAIN", "FACE", "FACIAL", "ORBIT", "SINUS", "NOSE", "NASAL", "JAW", "MANDIB", "MAXILLA",
    "TMJ", "TEETH", "TOOTH", "DENTAL", "EYE", "NECK", "ABDOM", "PELVI", "HIP", "SACR", "COCCYX", "KUB",
    "KIDNEY", "BLADDER", "LIVER", "COLON", "BOWEL", "STOMACH", "EXTREM", "ARM", "HUMER", "ELBOW", "RADIUS",
    "ULNA", "WRIST", "HAND", "FINGER", "THUMB", "LEG", "THIGH", "FEMUR", "KNEE", "PATELLA", "TIBIA", "FIBULA",
    "ANKLE", "FOOT", "FEET", "HEEL", "CALCAN", "TOE", "MANO", "PIE", "RODILLA", "CADERA", "CRANEO", "CRÁNEO",
    "CODO", "TOBILLO", "PIERNA", "BRAZO", "MUÑECA",
)  # fmt: skip


def names_chest(body_part: str | None) -> bool | None:
    """Whether a body part is the chest.

    Parameters
    ----------
    body_part : str or None
        As `FilmFacts.body_part`: ``"CHEST"``, ``"THORAX AP"``, ``"HAND"``; case plays no part.

    Returns
    -------
    bool or None
        True for the chest and what holds it (``"CHESTABDOMEN"``), False for what is plainly another part,
        such as a hand or the spine; None for everything else: nothing of use, or ribs, whose films may be
        chest films.
    """
    words = " ".join((body_part or "").upper().replace("_", " ").replace("^", " ").split())
    if any(other in words for other in _BESIDE_THE_CHEST):
        return False
    if any(word in words for word in _CHEST_WORDS):
        return True
    return False if any(_words_begin(words, part) for part in _OTHER_PARTS) else None


def _words_begin(words: str, part: str) -> bool:
    """Whether one of some words begins so: ``"LARGE TOE"`` does with ``"TOE"``, ``"TORSO"`` does not."""
    return any(word.startswith(part) for word in words.replace("-", " ").split())
