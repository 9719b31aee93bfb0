"""The entry ``age_group`` of a gate: a small child or an adult, where no file says the age."""

from __future__ import annotations

from pydantic import Field, PositiveInt, model_validator

from cxr_dash.inference.schema_figures import Frozen, Interval, Probability
from cxr_dash.inference.schema_trunk import Trunk

AGE_FILE = "age_group.npz"


class AgeFigures(Frozen):
    """How a collection's films of known age came out; nobody of it was trained on."""

    collection: str
    children: int = Field(ge=0)
    children_found: Interval | None = Field(
        None, description="Share of children at or above `child_above`: refused by adults' models."
    )
    adults: int = Field(ge=0)
    adults_found: Interval | None = Field(
        None, description="Share of adults below `adult_below`: refused by children's models."
    )
    adults_taken_for_children: Interval | None = None
    children_taken_for_adults: Interval | None = None


class AgeGroup(Frozen):
    """A linear head on the features of a trunk, kept in ``age_group.npz``, and two limits on its answer.

    Its logistic function is the probability of a child. Between the limits nothing is said.
    """

    trunk: Trunk
    children_below_years: PositiveInt = Field(description="It learned from patients younger than this,")
    adults_from_years: PositiveInt = Field(description="and from patients of this age or older.")
    adult_below: Probability
    child_above: Probability
    chosen_on: str
    figures: list[AgeFigures] = Field(default_factory=list)

    @model_validator(mode="after")
    def _in_order(self) -> AgeGroup:
        if not self.adult_below <= self.child_above:
            raise ValueError(
                "`age_group` must have adult_below <= child_above; received "
                f"{self.adult_below:g}, {self.child_above:g}"
            )
        return self
