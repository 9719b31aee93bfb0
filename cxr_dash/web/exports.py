"""What is taken away of a list of films: report, tables, everything. One JSON body for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from cxr_dash.domain import N_
from cxr_dash.errors import RequestError, RequestTooLargeError
from cxr_dash.language import Translator
from cxr_dash.services import AnalysisService
from cxr_dash.services.archive import archive
from cxr_dash.services.exports import (
    MOST_FILMS,
    Agreement,
    ChosenFilm,
    ExportRequest,
    ListedFilm,
    Opinion,
    as_json,
    csv_header,
    csv_row,
    export_name,
    film_display,
    film_record,
    list_document,
    look_up,
)
from cxr_dash.services.prevalence import check_prevalences
from cxr_dash.services.report import report_pdf
from cxr_dash.web.at_once import AtOnce
from cxr_dash.web.headers import keep_off_disk
from cxr_dash.web.language import request_translator
from cxr_dash.web.metrics import Metrics
from cxr_dash.web.same_site import refuse_other_sites

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


class _Film(_Strict):
    number: int = Field(ge=1, le=99_999)
    film: str | None = Field(None, max_length=64)
    label: str | None = Field(None, max_length=64)
    anyway: bool = False
    read: bool | None = None
    opinion: _Opinion | None = None
    problem: str = Field("", max_length=1000)
    problem_code: str = Field("", pattern=r"^[a-z_]{0,40}$")


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


class _Body(_Strict):
    """What the page sends; ``docs/exports.md`` describes it."""

    model: str = _Key
    films: list[_Film] = Field(min_length=1, max_length=MOST_FILMS)
    thresholds: dict[str, float] = Field(default_factory=dict)
    prevalences: dict[str, float] = Field(default_factory=dict)
    split: str | None = Field(None, max_length=64)
    colour_map: str = "inferno"
    opacity: float = 0.6
    agreement: _Agreement | None = None


def exports_blueprint(service: AnalysisService, metrics: Metrics) -> Blueprint:
    """``POST /exports.pdf``, ``/exports.csv``, ``/exports.json`` and ``/exports.zip``."""
    routes = Blueprint("exports", __name__)
    routes.before_request(refuse_other_sites)
    zips = AtOnce(service.settings.threads)

    routes.after_request(keep_off_disk)

    @routes.after_request
    def count(response: Response) -> Response:
        if response.status_code == HTTPStatus.OK:
            metrics.exported(request.path.rpartition(".")[2])
        return response

    @routes.post("/exports.pdf")
    def report() -> Response:
        wanted, t = _read_body(service), request_translator()
        if len(wanted.films) > 1:
            raise RequestError(
                N_("A report is about one film; `films` holds {count}."),
                remedy=N_("Ask for everything as ZIP instead."),
                count=len(wanted.films),
            )
        (chosen,) = wanted.films
        bundle = service.catalog.get(wanted.model)
        # asked here, not looked up: what is wrong with the only film is the answer
        if chosen.film is None:
            raise RequestError(N_("A report needs a film that the server keeps."))
        analysis = service.analyse(chosen.film, wanted.model)
        film = look_up(service, wanted, chosen, t)
        stored = service.cases.film(chosen.film)
        display = film_display(stored.data, analysis, service.settings.decode_limits)
        # on the sheet that its reader asks for alone: the ZIP, which travels, names nobody
        identity = stored.identity if service.settings.show_identity else None
        content = report_pdf(film, bundle, wanted, display, t, identity=identity)
        return download(content, export_name(analysis, wanted.model, "report", "pdf"), "application/pdf")

    @routes.post("/exports.csv")
    def table() -> Response:
        wanted, t = _read_body(service), request_translator()
        bundle = service.catalog.get(wanted.model)
        rows = [csv_row(film, bundle, film.cuts) for film in _looked_up(service, wanted, t)]
        content = (csv_header(bundle) + "".join(rows)).encode("utf-8")
        return download(content, list_name("list", wanted, "csv"), "text/csv; charset=utf-8")

    @routes.post("/exports.json")
    def record() -> Response:
        wanted, t = _read_body(service), request_translator()
        bundle = service.catalog.get(wanted.model)
        records = [film_record(film, film.cuts) for film in _looked_up(service, wanted, t)]
        content = as_json(list_document(records, bundle, t, wanted.agreement)).encode("utf-8")
        return download(content, list_name("list", wanted, "json"), "application/json")

    @routes.post("/exports.zip")
    def everything() -> Response:
        wanted = _read_body(service)
        pieces: Callable[[], Iterator[bytes]] = archive(service, wanted, request_translator())
        # a proxy must not wait for the end: the page counts the films as they come
        response = download(pieces(), list_name("films", wanted, "zip"), "application/zip")
        response.headers["X-Accel-Buffering"] = "no"
        return zips.admit(response)

    return routes


def download(content: bytes | Iterator[bytes], name: str, mimetype: str) -> Response:
    """An answer that a browser keeps as a file."""
    response = Response(content, content_type=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def list_name(what: str, wanted: ExportRequest, suffix: str) -> str:
    """A file's name for a whole list: what it holds, of which model, and when (UTC)."""
    return f"cxr-{what}-{wanted.model}-{datetime.now(UTC):%Y%m%d-%H%M%S}.{suffix}"


def _looked_up(service: AnalysisService, wanted: ExportRequest, t: Translator) -> Iterator[ListedFilm]:
    for chosen in wanted.films:
        yield look_up(service, wanted, chosen, t)


def _read_body(service: AnalysisService) -> ExportRequest:
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
    check_prevalences(body.prevalences, service.catalog.get(body.model).spec)
    return ExportRequest(
        model=body.model,
        films=tuple(_chosen(film) for film in body.films),
        thresholds=body.thresholds,
        prevalences=body.prevalences,
        split=body.split,
        colour_map=body.colour_map,
        opacity=body.opacity,
        agreement=Agreement(**body.agreement.model_dump()) if body.agreement else None,
    )


def _chosen(film: _Film) -> ChosenFilm:
    return ChosenFilm(
        number=film.number,
        film=film.film,
        label=film.label,
        anyway=film.anyway,
        read=film.read,
        opinion=_opinion(film.opinion) if film.opinion else None,
        problem=film.problem,
        problem_code=film.problem_code,
    )


def _opinion(given: _Opinion) -> Opinion:
    def reading(one: _Reading) -> Opinion:
        return Opinion(one.normal, tuple(one.labels), one.at, one.unsure)

    after = reading(given.after) if given.after else None
    return replace(reading(given), seen_before=given.seen_before, after=after)
