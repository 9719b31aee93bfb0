"""What the page may ask through Dash: of anything else, no callback hears.

Dash takes what comes to it as the page's own, and ends in a traceback where it is not.
"""

from __future__ import annotations

from typing import Annotated, Any

from dash import Dash
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cxr_dash.domain import N_
from cxr_dash.errors import QuestionError
from cxr_dash.ui import ids

# The page's questions are names, keys and cuts: a few kilobytes with fifty labels.
MOST_QUESTION_BYTES = 256 * 1024
_Name = Annotated[str, Field(max_length=64)]
_Cut = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _Question(_Strict):
    film: _Name
    model: _Name


class _Section(_Strict):
    model: _Name
    section: _Name
    label: _Name | None


class _Moved(_Strict):
    model: _Name
    label: _Name
    cut: _Cut


def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind, config=None if isinstance(kind, type) else ConfigDict(strict=True))


_VALUES: dict[tuple[str, str], TypeAdapter[Any]] = {
    (ids.MODEL, "value"): _adapter(_Name),
    (ids.QUESTION, "data"): _adapter(_Question),
    (ids.THRESHOLDS, "data"): _adapter(dict[_Name, dict[_Name, _Cut]]),
    (ids.CARD_ASKED, "data"): _adapter(_Section),
    (ids.CARD_CUT_MOVED, "data"): _adapter(_Moved),
}


class _Place(_Strict):
    id: str
    property: str


class _Cell(_Place):
    value: Any = None


class _Body(_Strict):
    output: str
    outputs: _Place | list[_Place]
    inputs: list[_Cell]
    state: list[_Cell] = []
    changedPropIds: list[str] = Field(min_length=1)  # noqa: N815  (Dash's word)


def check_question(app: Dash, body: bytes) -> None:
    """Refuse a question that the page would never ask.

    Parameters
    ----------
    app : Dash
        Its callbacks are what can be asked.
    body : bytes
        JSON as Dash's own script sends it.

    Raises
    ------
    QuestionError
    """
    try:
        asked = _Body.model_validate_json(body)
        if not _is_known(app, asked):
            raise not_a_question()
        for cell in (*asked.inputs, *asked.state):
            _VALUES[cell.id, cell.property].validate_python(cell.value)
    except (ValidationError, KeyError):
        raise not_a_question() from None


def _is_known(app: Dash, asked: _Body) -> bool:
    """Whether there is a callback with these inputs and outputs, in this order."""
    known = app.callback_map.get(asked.output)
    if known is None or known.get("callback") is None:
        return False
    inputs = [{"id": cell.id, "property": cell.property} for cell in asked.inputs]
    state = [{"id": cell.id, "property": cell.property} for cell in asked.state]
    outputs = asked.outputs if isinstance(asked.outputs, list) else [asked.outputs]
    # a place that several callbacks write to has a mark behind an @ in the name
    places = [f"{place.id}.{place.property.partition('@')[0]}" for place in outputs]
    given = asked.output[2:-2].split("...") if asked.output.startswith("..") else [asked.output]
    changed = {f"{cell.id}.{cell.property}" for cell in asked.inputs}
    return (
        inputs == known["inputs"]
        and state == known["state"]
        and places == [name.partition("@")[0] for name in given]
        and isinstance(asked.outputs, list) == asked.output.startswith("..")
        and set(asked.changedPropIds) <= changed
    )


def not_a_question() -> QuestionError:
    """The error for whatever the page would never send."""
    return QuestionError(
        N_("The request is none that this page makes."), remedy=N_("Reload the page if it sent this.")
    )
