"""Whom a bundle was made for, so that a program can hold a film against it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from cxr_dash.inference.schema_figures import Frozen

_GROWN_UP = 18
_NO_SMALL_CHILD = 12
Age = Annotated[int, Field(ge=0, le=130)]


class Population(Frozen):
    """Patients and views; a film that is known to be of another is not answered for."""

    age_years: tuple[Age, Age] = Field(
        description="Youngest and oldest in completed years, both inside: 1 to 5 holds a child of 5.9."
    )
    projections: list[Literal["PA", "AP"]] = Field(min_length=1)

    @field_validator("age_years")
    @classmethod
    def _in_order(cls, ages: tuple[int, int]) -> tuple[int, int]:
        if ages[0] > ages[1]:
            raise ValueError(f"`age_years` must be youngest, oldest; received {ages[0]}, {ages[1]}")
        return ages

    @field_validator("projections")
    @classmethod
    def _each_once(cls, projections: list[Literal["PA", "AP"]]) -> list[Literal["PA", "AP"]]:
        if len(set(projections)) < len(projections):
            raise ValueError(f"`projections` must differ; received {', '.join(projections)}")
        return projections

    @property
    def grown_ups_only(self) -> bool:
        """Whether no small child is among them."""
        return self.age_years[0] >= _NO_SMALL_CHILD

    @property
    def children_only(self) -> bool:
        """Whether no adult is among them."""
        return self.age_years[1] < _GROWN_UP
