"""``/healthz`` (alive), ``/readyz`` (can analyse), ``/metrics`` (Prometheus)."""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from cxr_dash import __version__
from cxr_dash.errors import CxrError
from cxr_dash.intake.addresses import others_reach_it
from cxr_dash.services import AnalysisService
from cxr_dash.services.readiness import shortcomings
from cxr_dash.web.metrics import Metrics
from cxr_dash.web.sign_in.gate import not_chosen
from cxr_dash.web.warm_up import WarmUp


def health_blueprint(service: AnalysisService, warm_up: WarmUp, metrics: Metrics) -> Blueprint:
    """Routes for whoever operates the server."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def alive() -> ResponseReturnValue:
        return jsonify(status="alive", version=__version__)

    @routes.get("/readyz")
    def ready() -> ResponseReturnValue:
        model_ready, detail = warm_up.state()
        cache_ready = service.cases.is_usable(secrets.token_hex(8))
        missing: list[CxrError] = [*shortcomings(service.settings, service.catalog)]
        if service.settings.sign_in == "auto" and others_reach_it(request.environ, service.settings):
            missing.append(not_chosen())
        is_ready = model_ready and cache_ready and not missing
        body = {
            "status": "ready" if is_ready else "not ready",
            "model": detail,
            "cache": "usable" if cache_ready else "cannot be written",
            "missing": [lack.message for lack in missing],
            "models": service.catalog.ids(),
            "refused": service.catalog.broken(),
        }
        return jsonify(body), 200 if is_ready else 503

    @routes.get("/metrics")
    def prometheus() -> Response:
        content, content_type = metrics.exposition()
        return Response(content, content_type=content_type)

    return routes
