"""What is taken away of a list of films: report, tables, everything. One JSON body for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, request

from cxr_dash.domain import N_, Analysis
from cxr_dash.errors import RequestError
from cxr_dash.language import Translator
from cxr_dash.services import AnalysisService
from cxr_dash.services.archive import archive
from cxr_dash.services.exports import (
    ExportRequest,
    ListedFilm,
    as_json,
    as_listed,
    csv_header,
    csv_row,
    export_name,
    film_as_seen,
    film_record,
    list_document,
    look_up,
)
from cxr_dash.services.report import report_pdf, report_templates, report_text
from cxr_dash.stages import stage
from cxr_dash.web.at_once import AtOnce
from cxr_dash.web.audit import Audit
from cxr_dash.web.export_body import read_body
from cxr_dash.web.headers import keep_off_disk
from cxr_dash.web.language import request_translator
from cxr_dash.web.metrics import Metrics
from cxr_dash.web.same_site import refuse_other_sites
from cxr_dash.web.sign_in.gate import on_behalf, request_user_name


def exports_blueprint(service: AnalysisService, metrics: Metrics, audit: Audit) -> Blueprint:
    """``POST /exports.pdf``, ``/exports.txt``, ``/exports.csv``, ``/exports.json`` and ``/exports.zip``."""
    routes = Blueprint("exports", __name__)
    routes.before_request(refuse_other_sites)
    zips = AtOnce(service.settings.threads)

    routes.after_request(keep_off_disk)

    @routes.after_request
    def count(response: Response) -> Response:
        if response.status_code == HTTPStatus.OK:
            metrics.exported(request.path.rpartition(".")[2])
        return response

    def asked() -> ExportRequest:
        """What is asked for, written down before any of it goes out."""
        wanted = read_body(service)
        kind = request.path.rpartition(".")[2]
        for chosen in wanted.films:
            if chosen.film is not None:
                audit.listed(service, chosen.film, wanted.model, kind, anyway=chosen.anyway)
        return wanted

    @routes.post("/exports.pdf")
    def report() -> Response:
        wanted, t = asked(), request_translator()
        film, analysis = _only_film(service, wanted, t)
        bundle, stored = service.catalog.get(wanted.model), service.cases.film(str(film.chosen.film))
        display, seen = film_as_seen(stored.data, analysis, service.settings.decode_limits, wanted.seen)
        wanted = replace(wanted, seen=seen)
        # on the sheet that its reader asks for alone: the ZIP, which travels, names nobody
        identity = stored.identity if service.settings.show_identity else None
        content = report_pdf(film, bundle, wanted, display, t, identity=identity)
        return download(content, export_name(analysis, wanted.model, "report", "pdf"), "application/pdf")

    @routes.post("/exports.txt")
    def text() -> Response:
        wanted, t = asked(), request_translator()
        film, _ = _only_film(service, wanted, t)
        templates = report_templates(service.settings.report_templates)
        with stage("export"):
            content = report_text(film, service.catalog.get(wanted.model), templates, t)
        return Response(content, content_type="text/plain; charset=utf-8")

    @routes.post("/exports.csv")
    def table() -> Response:
        wanted, t = asked(), request_translator()
        bundle = service.catalog.get(wanted.model)
        with stage("export"):
            rows = [csv_row(film, bundle, film.cuts) for film in _looked_up(service, wanted, t)]
        content = (csv_header(bundle) + "".join(rows)).encode("utf-8")
        return download(content, list_name("list", wanted, "csv"), "text/csv; charset=utf-8")

    @routes.post("/exports.json")
    def record() -> Response:
        wanted, t = asked(), request_translator()
        bundle = service.catalog.get(wanted.model)
        with stage("export"):
            records = [film_record(film, film.cuts) for film in _looked_up(service, wanted, t)]
        content = as_json(list_document(records, bundle, t, wanted.agreement)).encode("utf-8")
        return download(content, list_name("list", wanted, "json"), "application/json")

    @routes.post("/exports.zip")
    def everything() -> Response:
        wanted = asked()
        pieces: Callable[[], Iterator[bytes]] = archive(service, wanted, request_translator())
        # a proxy must not wait for the end: the page counts the films as they come
        response = download(
            on_behalf(request_user_name(), pieces()), list_name("films", wanted, "zip"), "application/zip"
        )
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


def _only_film(service: AnalysisService, wanted: ExportRequest, t: Translator) -> tuple[ListedFilm, Analysis]:
    """The one film of a report, which can be read, and its analysis as the model gave it.

    Raises
    ------
    CxrError
        What is wrong with the only film is the answer, not a row of it.
    """
    if len(wanted.films) > 1:
        raise RequestError(
            N_("A report is about one film; `films` holds {count}."),
            remedy=N_("Ask for everything as ZIP instead."),
            count=len(wanted.films),
        )
    (chosen,) = wanted.films
    if chosen.film is None:
        raise RequestError(N_("A report needs a film that the server keeps."))
    # a place may be named where the heat can be relied on: that must be known first
    analysis = service.explained(chosen.film, wanted.model)
    return as_listed(chosen, analysis, service.catalog.get(wanted.model), wanted, t), analysis
