"""The one JSON body of all that is taken away of a list; ``docs/exports.md`` describes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from cxr_dash.domain import N_
from cxr_dash.errors import RequestError, RequestTooLargeError
from cxr_dash.services import AnalysisService
from cxr_dash.services.exports import (
    MOST_FILMS,
    MOST_OF_LABEL,
    Agreement,
    ChosenFilm,
    ExportRequest,
    Judged,
    Opinion,
    Seen,
    can_be_judged,
    clean_label,
)
from cxr_dash.services.exports.maps import MapSize
from cxr_dash.services.prevalence import check_prevalences
from cxr_dash.web.marks import MOST_MARKS, GivenMark, marks_of

# that many films, each with long readings and a long problem, need less than half of it
MOST_BYTES = 4 * 2**20
_Key = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Reading(_Strict):
    normal: bool
    labels: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=64)
    at: str = Field("", max_length=40)
    unsure: bool = False


class _Opinion(_Reading):
    seen_before: bool = False
    after: _Reading | None = None


class _Judged(_Strict):
    verdicts: dict[str, Literal["accepted", "rejected"]] = Field(default_factory=dict)
    at: str = Field("", max_length=40)


class _Film(_Strict):
    number: int = Field(ge=1, le=99_999)
    film: str | None = Field(None, max_length=64)
    label: str | None = Field(None, max_length=64)
    anyway: bool = False
    read: bool | None = None
    opinion: _Opinion | None = None
    judged: _Judged | None = None
    problem: str = Field("", max_length=1000)
    problem_code: str = Field("", pattern=r"^[a-z_]{0,40}$")
    marks: list[GivenMark] = Field(default_factory=list, max_length=MOST_MARKS)
    film_label: str = Field("", max_length=MOST_OF_LABEL)


class _Agreement(_Strict):
    films: int = Field(ge=0)
    agreed: int = Field(ge=0)
    both_abnormal: int = Field(ge=0)
    both_normal: int = Field(ge=0)
    only_reader_abnormal: int = Field(ge=0)
    only_model_abnormal: int = Field(ge=0)
    kappa: float | None = Field(None, ge=-1, le=1)
    kappa_low: float | None = Field(None, ge=-1, le=1)
    kappa_high: float | None = Field(None, ge=-1, le=1)
    changed: int = Field(0, ge=0)
    seen_before: int = Field(0, ge=0)
    without_answer: int = Field(0, ge=0)


class _Seen(_Strict):
    window_width: float = 255.0
    window_level: float = 127.5
    invert: bool = False
    contours: bool = False
    unit: str = Field("shown", alias="window_unit")
    curve: str = Field("linear", alias="window_curve")
    table: int | None = Field(None, ge=1, le=99, alias="window_table")


class _Body(_Strict):
    """What the page sends; ``docs/exports.md`` describes it."""

    model: str = _Key
    films: list[_Film] = Field(min_length=1, max_length=MOST_FILMS)
    thresholds: dict[str, float] = Field(default_factory=dict)
    prevalences: dict[str, float] = Field(default_factory=dict)
    split: str | None = Field(None, max_length=64)
    colour_map: str = "inferno"
    opacity: float = 0.6
    seen: _Seen = Field(default_factory=_Seen)
    agreement: _Agreement | None = None
    maps: MapSize = "grid"


def read_body(service: AnalysisService) -> ExportRequest:
    """The request in our own terms.

    Raises
    ------
    RequestError
        With the entry that does not fit, or for more than any list of films can need.
    BundleNotFoundError
    """
    # a film may be larger; as JSON, so much would take many times its size in memory
    request.max_content_length = MOST_BYTES
    try:
        body = _Body.model_validate_json(request.get_data(cache=False))
    except RequestEntityTooLarge:
        raise RequestTooLargeError(
            N_("A request for a list of films must be at most {most:g} MB; the one received is larger."),
            remedy=N_("Reload the page if it sent this."),
            most=MOST_BYTES / 2**20,
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        raise RequestError(
            N_("`{where}` of the request does not fit: {what}."),
            remedy=N_(
                "The body must be JSON as docs/exports.md describes it; reload the page if it sent this."
            ),
            where=".".join(str(part) for part in first["loc"]) or "body",
            what=first["msg"],
        ) from None
    keys = service.catalog.get(body.model).spec.label_keys
    for key in body.thresholds:
        if key not in keys:
            raise RequestError(
                N_("`thresholds` must name labels of model {model}: {keys}; received {received!r}."),
                model=body.model,
                keys=", ".join(keys),
                received=key,
            )
    _check_verdicts(body, keys)
    check_prevalences(body.prevalences, service.catalog.get(body.model).spec)
    return ExportRequest(
        model=body.model,
        films=tuple(_chosen(film) for film in body.films),
        thresholds=body.thresholds,
        prevalences=body.prevalences,
        split=body.split,
        colour_map=body.colour_map,
        opacity=body.opacity,
        seen=Seen(**body.seen.model_dump()),
        agreement=Agreement(**body.agreement.model_dump()) if body.agreement else None,
        maps=body.maps,
    )


def _check_verdicts(body: _Body, keys: list[str]) -> None:
    judged = [key for key in keys if can_be_judged(key)]
    for film in body.films:
        for key in film.judged.verdicts if film.judged else ():
            if key not in judged:
                raise RequestError(
                    N_("`verdicts` must name findings of model {model}: {keys}; received {received!r}."),
                    model=body.model,
                    keys=", ".join(judged),
                    received=key,
                )


def _chosen(film: _Film) -> ChosenFilm:
    return ChosenFilm(
        number=film.number,
        film=film.film,
        label=film.label,
        anyway=film.anyway,
        read=film.read,
        opinion=_opinion(film.opinion) if film.opinion else None,
        judged=Judged(film.judged.verdicts, film.judged.at) if film.judged else None,
        problem=film.problem,
        problem_code=film.problem_code,
        marks=marks_of(film.marks),
        film_label=clean_label(film.film_label),
    )


def _opinion(given: _Opinion) -> Opinion:
    def reading(one: _Reading) -> Opinion:
        return Opinion(one.normal, tuple(one.labels), one.at, one.unsure)

    after = reading(given.after) if given.after else None
    return replace(reading(given), seen_before=given.seen_before, after=after)
