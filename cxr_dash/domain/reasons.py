"""Why a film was refused or is to be read with care: stable codes; their words belong to ``language``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ReasonCode(StrEnum):
    """Every reason there is. Programs compare these: one is never renamed, and never means something else."""

    # plain checks of grey levels and shape
    BLANK = "blank"
    IN_COLOUR = "in_colour"
    ONE_FLAT_TONE = "one_flat_tone"
    MOSTLY_BLACK = "mostly_black"
    MOSTLY_WHITE = "mostly_white"
    NOT_UPRIGHT = "not_upright"
    HARDLY_UPRIGHT = "hardly_upright"
    INVERTED = "inverted"
    VERY_DARK = "very_dark"
    VERY_BRIGHT = "very_bright"
    FEW_TONES = "few_tones"
    LOW_RESOLUTION = "low_resolution"
    COLOURED_MARKS = "coloured_marks"
    # what the gate takes the picture for, and how far it lies from what the models know
    LATERAL_VIEW = "lateral_view"
    NOT_FRONTAL_CHEST = "not_frontal_chest"
    UNKNOWN_PICTURE = "unknown_picture"
    DOUBTFUL = "doubtful"
    TWO_FILMS = "two_films"
    NO_LUNGS = "no_lungs"
    ONE_LUNG = "one_lung"
    LUNGS_CUT_OFF = "lungs_cut_off"
    SEEMS_MIRRORED = "seems_mirrored"
    UNLIKE_TRAINING = "unlike_training"
    UNUSUAL_FOR_MODEL = "unusual_for_model"
    GATE_FAILED = "gate_failed"
    GATE_MISSING = "gate_missing"
    # what was noticed in the file and in its levels
    DAMAGED = "damaged"
    MAYBE_DAMAGED = "maybe_damaged"
    LEVELS_WRAPPED = "levels_wrapped"
    ALPHA_IGNORED = "alpha_ignored"
    TRANSPARENT_PARTS = "transparent_parts"
    TINTED = "tinted"
    TONE_UNUSUAL = "tone_unusual"
    STRAIGHTENED = "straightened"
    TILTED = "tilted"
    # what the file says of film and patient
    FOR_PROCESSING = "for_processing"
    TURNED_BY_TAG = "turned_by_tag"
    MIRRORED = "mirrored"
    LATERAL_BY_TAG = "lateral_by_tag"
    OTHER_BODY_PART = "other_body_part"
    PROJECTION_OUTSIDE = "projection_outside"
    AGE_OUTSIDE = "age_outside"
    AGE_UNKNOWN_CHILDREN = "age_unknown_children"
    # what the film looks like, where no file says the age
    SEEMS_CHILD = "seems_child"
    SEEMS_ADULT = "seems_adult"


# The figures that a reason brings for its sentence; any other brings none.
VALUES: Mapping[ReasonCode, frozenset[str]] = {
    ReasonCode.STRAIGHTENED: frozenset({"degrees"}),
    ReasonCode.TILTED: frozenset({"degrees"}),
    ReasonCode.TURNED_BY_TAG: frozenset({"degrees"}),
    ReasonCode.OTHER_BODY_PART: frozenset({"body_part"}),
    ReasonCode.PROJECTION_OUTSIDE: frozenset({"projection", "made_for"}),
    ReasonCode.AGE_OUTSIDE: frozenset({"age", "youngest", "oldest"}),
    ReasonCode.AGE_UNKNOWN_CHILDREN: frozenset({"youngest", "oldest"}),
    ReasonCode.SEEMS_CHILD: frozenset({"youngest", "oldest"}),
    ReasonCode.SEEMS_ADULT: frozenset({"youngest", "oldest"}),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a verdict.

    Attributes
    ----------
    code : ReasonCode
        Stable, lower case, such as ``"mostly_black"``: what programs compare.
    values : mapping of str to object
        Figures that its sentence names, those of :data:`VALUES`: ``{"degrees": 8.5}``.

    Raises
    ------
    ValueError
        Where the figures are not those of the code: its sentence could not be said.
    """

    code: ReasonCode
    values: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        expected = VALUES.get(self.code, frozenset())
        if set(self.values) != expected:
            raise ValueError(
                f"`values` of {self.code} must be {sorted(expected)}; received {sorted(self.values)}."
            )
