"""Films in, pictures and downloads out. The page holds only keys; no file name reaches the server."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace

import numpy as np
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from numpy.typing import NDArray

from cxr_dash import imaging
from cxr_dash.domain import N_, Analysis
from cxr_dash.errors import CxrError, RequestError
from cxr_dash.services import AnalysisService
from cxr_dash.services.exports import (
    ExportOptions,
    Seen,
    check_judged,
    export_name,
    film_as_seen,
    find_finding,
    heat_layer_png,
    heat_png,
    overlay_png,
    provenance,
    side_by_side_png,
    write_map,
)
from cxr_dash.services.prevalence import at_prevalence, check_prevalences, moved_cuts
from cxr_dash.services.same_patient import patient_tag
from cxr_dash.stages import stage
from cxr_dash.web.audit import Audit
from cxr_dash.web.exports import download
from cxr_dash.web.gone import client_is_gone
from cxr_dash.web.headers import keep_off_disk
from cxr_dash.web.language import request_translator
from cxr_dash.web.marks import read_marks
from cxr_dash.web.metrics import Metrics
from cxr_dash.web.owners import request_owner, request_secret
from cxr_dash.web.same_site import refuse_other_sites
from cxr_dash.web.uploads import read_upload, refused_as


def films_blueprint(service: AnalysisService, metrics: Metrics, audit: Audit) -> Blueprint:
    """Routes under ``/films``."""
    routes = Blueprint("films", __name__, url_prefix="/films")

    # A page of another site must not be able to fill this server's store through a reader's browser.
    routes.before_request(refuse_other_sites)

    routes.after_request(keep_off_disk)

    def admitted(data: bytes, model: str | None) -> ResponseReturnValue:
        key, film = service.admit(data, model, request_owner())
        if client_is_gone():
            service.forget(key)
            return "", 499
        audit.added(film)
        tag = patient_tag(film.identity, request_secret())
        about = asdict(tag) if tag else {}
        told = {"sha256": film.sha256, "width": film.width, "height": film.height, **about}
        return jsonify(film=key, levels=imaging.has_levels(data), **told), 201

    @routes.post("")
    def add_film() -> ResponseReturnValue:
        try:
            data, model = read_upload()
            return admitted(data, model)
        except CxrError as error:
            told = refused_as(error)
            metrics.refused(told.code)
            raise told from error

    @routes.post("/phantom", defaults={"effusion": False})
    @routes.post("/phantom/effusion", defaults={"effusion": True})
    def add_phantom(*, effusion: bool) -> ResponseReturnValue:
        drawn = imaging.effusion_phantom() if effusion else imaging.chest_phantom()
        return admitted(imaging.encode_png(drawn, {}), request.args.get("model") or None)

    @routes.delete("/<film>")
    def forget_film(film: str) -> ResponseReturnValue:
        audit.deleted(service, film)
        service.forget(film)
        return "", 204

    _add_pictures(routes, service)

    _add_downloads(routes, service, audit)
    return routes


def _add_pictures(routes: Blueprint, service: AnalysisService) -> None:
    """A film as the page shows it."""

    @routes.get("/<film>/picture.jpg")
    def picture(film: str) -> Response:
        return Response(service.cases.film(film).picture, mimetype="image/jpeg")

    @routes.get("/<film>/thumbnail.jpg")
    def thumbnail(film: str) -> Response:
        return Response(service.cases.film(film).thumbnail, mimetype="image/jpeg")

    @routes.get("/<film>/<model>/<label>/heat-layer.png")
    def heat_layer(film: str, model: str, label: str) -> Response:
        return Response(heat_layer_png(service.analyse(film, model), label), mimetype="image/png")


def _add_downloads(routes: Blueprint, service: AnalysisService, audit: Audit) -> None:
    """A heatmap as a reader takes it away: pictures with what the screen says burnt in, and the bare map."""

    def shown(
        film: str, analysis: Analysis, options: ExportOptions
    ) -> tuple[NDArray[np.uint8], ExportOptions]:
        data, limits = service.cases.film(film).data, service.settings.decode_limits
        display, seen = film_as_seen(data, analysis, limits, options.seen)
        return display, replace(options, seen=seen)

    def asked(film: str, model: str, label: str) -> tuple[Analysis, ExportOptions]:
        """What is asked for, and the answer at the reader's own prevalence where one is given."""
        analysis, options = service.explained(film, model), _options()
        find_finding(analysis, label)
        audit.taken(analysis, request.path.rpartition("/")[2], anyway=options.anyway)
        if "prevalence" not in request.args:
            return analysis, options
        spec, wanted = service.catalog.get(model).spec, {label: _fraction("prevalence")}
        check_prevalences(wanted, spec)
        stated = at_prevalence(analysis, spec, wanted)
        own = {} if options.threshold is None else {label: options.threshold}
        threshold = moved_cuts(analysis, stated, own).get(label)
        return stated, replace(options, threshold=threshold)

    @routes.get("/<film>/<model>/<label>/heat.png")
    def heat(film: str, model: str, label: str) -> Response:
        analysis, options = asked(film, model, label)
        content = heat_png(analysis, label, options)
        return download(content, export_name(analysis, label, "heat"), "image/png")

    @routes.get("/<film>/<model>/<label>/overlay.png")
    def overlay(film: str, model: str, label: str) -> Response:
        analysis, options = asked(film, model, label)
        display, options = shown(film, analysis, options)
        content = overlay_png(analysis, label, options, display, request_translator())
        return download(content, export_name(analysis, label, "overlay"), "image/png")

    @routes.get("/<film>/<model>/<label>/side-by-side.png")
    def side_by_side(film: str, model: str, label: str) -> Response:
        analysis, options = asked(film, model, label)
        display, options = shown(film, analysis, options)
        content = side_by_side_png(analysis, label, options, display, request_translator())
        return download(content, export_name(analysis, label, "side-by-side"), "image/png")

    @routes.get("/<film>/<model>/<label>/map.npy")
    def raw_map(film: str, model: str, label: str) -> Response:
        analysis, options = asked(film, model, label)
        finding = find_finding(analysis, label)
        check_judged(analysis, anyway=options.anyway)
        stream = io.BytesIO()
        with stage("export"):
            write_map(stream, analysis.heatmaps[label])
        name = export_name(analysis, label, "map", "npy")
        response = download(stream.getvalue(), name, "application/octet-stream")
        # an .npy holds numbers only: where they come from travels beside them
        response.headers["X-Cxr-Provenance"] = json.dumps(provenance(analysis, finding, options))
        return response


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
    if "marks" in request.args:
        options = replace(options, marks=read_marks(request.args["marks"]))
    return replace(options, seen=_seen())


def _seen() -> Seen:
    """The screen as it stood: what is not named is as the page shows a film first."""
    asked = request.args
    return Seen(
        window_width=_number("window_width") if "window_width" in asked else 255.0,
        window_level=_number("window_level") if "window_level" in asked else 127.5,
        invert=asked.get("invert") == "1",
        contours=asked.get("contours") == "1",
        unit=asked.get("window_unit", "shown"),
        curve=asked.get("window_curve", "linear"),
        table=asked.get("window_table", type=int),
    )


def _number(name: str) -> float:
    text = request.args[name]
    try:
        return float(text)
    except ValueError:
        raise RequestError(
            N_("`{name}` must be a number; received {received!r}."), name=name, received=text
        ) from None


def _fraction(name: str) -> float:
    text = request.args[name]
    try:
        return float(text)
    except ValueError:
        raise RequestError(
            N_("`{name}` must be a number between 0 and 1; received {received!r}."), name=name, received=text
        ) from None
