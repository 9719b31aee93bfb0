"""A reader's marks as the page sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cxr_dash.domain import N_
from cxr_dash.errors import RequestError
from cxr_dash.imaging import Mark

MOST_MARKS = 50
_Coordinate = Annotated[float, Field(ge=0, le=100_000)]


class GivenMark(BaseModel):
    """One mark, in the film's own pixels."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    kind: Literal["ruler", "arrow", "L", "R"]
    start: tuple[_Coordinate, _Coordinate]
    end: tuple[_Coordinate, _Coordinate]
    text: str = Field("", max_length=60)


_LIST = TypeAdapter(Annotated[list[GivenMark], Field(max_length=MOST_MARKS)])


def marks_of(given: Sequence[GivenMark]) -> tuple[Mark, ...]:
    """The same as what is drawn."""
    return tuple(Mark(one.kind, one.start, one.end, one.text) for one in given)


def read_marks(text: str) -> tuple[Mark, ...]:
    """Marks of a query, JSON as docs/exports.md describes it.

    Raises
    ------
    RequestError
    """
    try:
        return marks_of(_LIST.validate_json(text))
    except ValidationError as error:
        raise RequestError(
            N_("`{where}` of the request does not fit: {what}."),
            remedy=N_(
                "The body must be JSON as docs/exports.md describes it; reload the page if it sent this."
            ),
            where="marks",
            what=error.errors()[0]["msg"],
        ) from None
