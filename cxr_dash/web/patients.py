"""Who the patient of a kept film is, for the page; there is no such address unless the setting says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from cxr_dash.domain import PatientIdentity
from cxr_dash.language import Translator, say_identity
from cxr_dash.services import AnalysisService
from cxr_dash.web.headers import keep_off_disk


def patients_blueprint(service: AnalysisService, speak: Callable[[], Translator]) -> Blueprint:
    """``GET /films/<film>/patient.json``: a line in the reader's language, and its parts.

    Only for a server with ``CXR_SHOW_IDENTITY=true``.

    Parameters
    ----------
    service : AnalysisService
    speak : callable
        The translator for the reader of the request under way.
    """
    routes = Blueprint("patients", __name__, url_prefix="/films")
    routes.after_request(keep_off_disk)

    @routes.get("/<film>/patient.json")
    def patient(film: str) -> ResponseReturnValue:
        identity = service.cases.film(film).identity or PatientIdentity()
        return jsonify(line=say_identity(identity, speak()), **asdict(identity))

    return routes
