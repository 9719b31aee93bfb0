"""Films in, pictures and downloads out. The page holds only keys; no file name reaches the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from cxr_dash import imaging
from cxr_dash.domain import N_
from cxr_dash.errors import (
    BackendMissingError,
    BundleNotFoundError,
    CaseNotFoundError,
    CxrError,
    FilmTooLargeError,
    LabelNotFoundError,
    LibraryMismatchError,
    LibraryNotFoundError,
    RequestError,
    StorageError,
    UnsupportedFormatError,
)
from cxr_dash.services import AnalysisService
from cxr_dash.services.exports import ExportOptions, export_name, heat_layer_png, heat_png, overlay_png
from cxr_dash.web.language import request_translator
from cxr_dash.web.metrics import Metrics

_STATUS: tuple[tuple[type[CxrError], int], ...] = (
    (CaseNotFoundError, 404),
    (BundleNotFoundError, 404),
    (LabelNotFoundError, 404),
    (LibraryNotFoundError, 404),
    (LibraryMismatchError, 409),
    (FilmTooLargeError, 413),
    (UnsupportedFormatError, 415),
    (BackendMissingError, 503),
    (StorageError, 503),
)
_UNPROCESSABLE = 422


def handle_error(error: CxrError) -> ResponseReturnValue:
    """The one place where an error of ours becomes an HTTP answer."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), _UNPROCESSABLE)
    t = request_translator()
    body = {"error": {"code": error.code, "message": t.say(error.words), "remedy": t.say(error.remedy_words)}}
    return jsonify(body), status


def handle_too_large(max_upload_bytes: int) -> Callable[[Exception], ResponseReturnValue]:
    """A handler that says in words what a bare 413 does not."""

    def handle(_error: Exception) -> ResponseReturnValue:
        return handle_error(
            FilmTooLargeError(
                N_("A film file must be at most {most:g} MB; the one received is larger."),
                remedy=N_("Export it at a lower resolution, or as JPEG."),
                most=max_upload_bytes / 2**20,
            )
        )

    return handle


def films_blueprint(service: AnalysisService, metrics: Metrics) -> Blueprint:
    """Routes under ``/films``."""
    routes = Blueprint("films", __name__, url_prefix="/films")

    @routes.before_request
    def refuse_other_sites() -> None:
        # A page of another site must not be able to fill this server's store through a reader's browser.
        if request.method in {"POST", "DELETE"} and _from_another_site():
            raise RequestError(N_("Films must be added from this application's own page."))

    @routes.after_request
    def keep_off_disk(response: Response) -> Response:
        # Reading rooms share workstations: nothing of a film stays in a browser's disk cache.
        response.headers["Cache-Control"] = "no-store"
        return response

    def admitted(data: bytes) -> ResponseReturnValue:
        try:
            key, film = service.admit(data, request.args.get("model") or None)
        except CxrError as error:
            metrics.refused(error.code)
            raise
        return jsonify(film=key, sha256=film.sha256, width=film.width, height=film.height), 201

    @routes.post("")
    def add_film() -> ResponseReturnValue:
        return admitted(request.get_data(cache=False))

    @routes.post("/phantom")
    def add_phantom() -> ResponseReturnValue:
        return admitted(imaging.encode_png(imaging.chest_phantom(), {}))

    @routes.delete("/<film>")
    def forget_film(film: str) -> ResponseReturnValue:
        service.cases.forget(film)
        return "", 204

    @routes.get("/<film>/picture.jpg")
    def picture(film: str) -> Response:
        return Response(service.cases.film(film).picture, mimetype="image/jpeg")

    @routes.get("/<film>/thumbnail.jpg")
    def thumbnail(film: str) -> Response:
        return Response(service.cases.film(film).thumbnail, mimetype="image/jpeg")

    @routes.get("/<film>/<model>/<label>/heat-layer.png")
    def heat_layer(film: str, model: str, label: str) -> Response:
        return Response(heat_layer_png(service.analyse(film, model), label), mimetype="image/png")

    @routes.get("/<film>/<model>/<label>/heat.png")
    def heat(film: str, model: str, label: str) -> Response:
        analysis = service.analyse(film, model)
        return _download(heat_png(analysis, label, _options()), export_name(analysis, label, "heat"))

    @routes.get("/<film>/<model>/<label>/overlay.png")
    def overlay(film: str, model: str, label: str) -> Response:
        analysis = service.analyse(film, model)
        data = service.cases.film(film).data
        content = overlay_png(analysis, label, _options(), data, service.settings.decode_limits)
        return _download(content, export_name(analysis, label, "overlay"))

    return routes


def _from_another_site() -> bool:
    """Whether a browser says that the request comes from a page which is not this application's.

    Browsers send ``Sec-Fetch-Site`` over HTTPS and to this machine only; over plain HTTP there is ``Origin``,
    of which the host is compared, because a proxy may have changed the port. Programs send neither.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    named = (request.headers.get("X-Forwarded-Host", ""), request.headers.get("Host", ""))
    return urlsplit(origin).hostname not in {urlsplit(f"//{host}").hostname for host in named if host}


def _options() -> ExportOptions:
    options = ExportOptions()
    if "colour_map" in request.args:
        options = replace(options, colour_map=request.args["colour_map"])
    if "opacity" in request.args:
        options = replace(options, opacity=_fraction("opacity"))
    if "threshold" in request.args:
        options = replace(options, threshold=_fraction("threshold"))
    return options


def _fraction(name: str) -> float:
    text = request.args[name]
    try:
        return float(text)
    except ValueError:
        raise RequestError(f"`{name}` must be a number between 0 and 1; received {text!r}.") from None


def _download(content: bytes, name: str) -> Response:
    response = Response(content, mimetype="image/png")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
