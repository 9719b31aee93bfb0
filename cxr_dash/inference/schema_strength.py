"""What counts as weak, moderate and strong heat of each label, from peaks on films held out of training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, model_validator

from cxr_dash.domain import HeatScale, HeatStrength
from cxr_dash.inference.schema_figures import Frozen


class StrengthCounts(Frozen):
    """How many maps of one kind of film are of each strength."""

    none: NonNegativeInt
    weak: NonNegativeInt
    moderate: NonNegativeInt
    strong: NonNegativeInt

    @property
    def films(self) -> int:
        """How many films that is."""
        return self.none + self.weak + self.moderate + self.strong

    def of(self, word: HeatStrength) -> int:
        """The films of one word."""
        return int(getattr(self, word))


class LabelStrength(Frozen):
    """Peaks that part one label's heat, logits per cell: weak below ``moderate``, strong from ``strong``.

    ``moderate`` is the 95th percentile of the peaks of val films without the finding that are not flagged;
    ``strong`` the median of the peaks of val films that are flagged rightly, or of those of them that are not
    weak where that median is; ``full`` their 95th percentile: the hottest colour.
    """

    moderate: PositiveFloat
    strong: PositiveFloat
    full: PositiveFloat
    chosen_on: str
    reached: dict[Literal["flagged_with", "unflagged_without"], StrengthCounts] = Field(
        default_factory=dict,
        description="On test: films flagged rightly, and films rightly left alone, by strength.",
    )

    @model_validator(mode="after")
    def _rising(self) -> LabelStrength:
        if not self.moderate <= self.strong <= self.full:
            raise ValueError(
                f"`strength` must have moderate <= strong <= full; received {self.moderate}, {self.strong}, "
                f"{self.full}"
            )
        return self

    @property
    def scale(self) -> HeatScale:
        """For a map of this label."""
        return HeatScale(self.moderate, self.strong, self.full)
