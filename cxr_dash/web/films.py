"""Films in, pictures and downloads out. The page holds only keys; no file name reaches the server."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from numpy.typing import NDArray

from cxr_dash import imaging
from cxr_dash.domain import N_, Analysis
from cxr_dash.errors import (
    BackendMissingError,
    BundleNotFoundError,
    BusyError,
    CaseNotFoundError,
    CxrError,
    FilmTooLargeError,
    LabelNotFoundError,
    LibraryMismatchError,
    LibraryNotFoundError,
    RequestError,
    RequestTooLargeError,
    StorageError,
    UnsupportedFormatError,
)
from cxr_dash.services import AnalysisService
from cxr_dash.services.exports import (
    ExportOptions,
    check_judged,
    export_name,
    film_display,
    find_finding,
    heat_layer_png,
    heat_png,
    overlay_png,
    provenance,
    side_by_side_png,
    write_map,
)
from cxr_dash.ui.facts import error_in_words
from cxr_dash.web.exports import download
from cxr_dash.web.headers import keep_off_disk
from cxr_dash.web.language import request_translator
from cxr_dash.web.metrics import Metrics
from cxr_dash.web.same_site import refuse_other_sites

_STATUS: tuple[tuple[type[CxrError], int], ...] = (
    (CaseNotFoundError, 404),
    (BundleNotFoundError, 404),
    (LabelNotFoundError, 404),
    (LibraryNotFoundError, 404),
    (LibraryMismatchError, 409),
    (FilmTooLargeError, 413),
    (RequestTooLargeError, 413),
    (UnsupportedFormatError, 415),
    (BackendMissingError, 503),
    (BusyError, 503),
    (StorageError, 503),
)
_UNPROCESSABLE = 422


def handle_error(error: CxrError) -> ResponseReturnValue:
    """The one place where an error of ours becomes an HTTP answer."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), _UNPROCESSABLE)
    return jsonify(error=error_in_words(error, request_translator())), status


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

    # A page of another site must not be able to fill this server's store through a reader's browser.
    routes.before_request(refuse_other_sites)

    routes.after_request(keep_off_disk)

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

    def display(film: str, analysis: Analysis) -> NDArray[np.uint8]:
        return film_display(service.cases.film(film).data, analysis, service.settings.decode_limits)

    @routes.get("/<film>/<model>/<label>/heat.png")
    def heat(film: str, model: str, label: str) -> Response:
        analysis = service.analyse(film, model)
        content = heat_png(analysis, label, _options())
        return download(content, export_name(analysis, label, "heat"), "image/png")

    @routes.get("/<film>/<model>/<label>/overlay.png")
    def overlay(film: str, model: str, label: str) -> Response:
        analysis = service.analyse(film, model)
        content = overlay_png(analysis, label, _options(), display(film, analysis))
        return download(content, export_name(analysis, label, "overlay"), "image/png")

    @routes.get("/<film>/<model>/<label>/side-by-side.png")
    def side_by_side(film: str, model: str, label: str) -> Response:
        analysis = service.analyse(film, model)
        shown, t = display(film, analysis), request_translator()
        content = side_by_side_png(analysis, label, _options(), shown, t)
        return download(content, export_name(analysis, label, "side-by-side"), "image/png")

    @routes.get("/<film>/<model>/<label>/map.npy")
    def raw_map(film: str, model: str, label: str) -> Response:
        analysis, options = service.analyse(film, model), _options()
        finding = find_finding(analysis, label)
        check_judged(analysis, anyway=options.anyway)
        stream = io.BytesIO()
        write_map(stream, analysis.heatmaps[label])
        name = export_name(analysis, label, "map", "npy")
        response = download(stream.getvalue(), name, "application/octet-stream")
        # an .npy holds numbers only: where they come from travels beside them
        response.headers["X-Cxr-Provenance"] = json.dumps(provenance(analysis, finding, options))
        return response

    return routes


def _options() -> ExportOptions:
    options = ExportOptions()
    if "colour_map" in request.args:
        options = replace(options, colour_map=request.args["colour_map"])
    if "opacity" in request.args:
        options = replace(options, opacity=_fraction("opacity"))
    if "threshold" in request.args:
        options = replace(options, threshold=_fraction("threshold"))
    if request.args.get("anyway") == "1":
        options = replace(options, anyway=True)
    return options


def _fraction(name: str) -> float:
    text = request.args[name]
    try:
        return float(text)
    except ValueError:
        raise RequestError(
            N_("`{name}` must be a number between 0 and 1; received {received!r}."), name=name, received=text
        ) from None
