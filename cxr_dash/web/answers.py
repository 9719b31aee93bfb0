"""What another model says of a film, for a reader who compares two: asked once, drawn in the browser."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from cxr_dash.language import Translator
from cxr_dash.services import AnalysisService
from cxr_dash.ui.facts import film_answer
from cxr_dash.ui.other_model import other_model_facts
from cxr_dash.web.headers import keep_off_disk


def answers_blueprint(service: AnalysisService, speak: Callable[[], Translator]) -> Blueprint:
    """``GET /films/<film>/<model>/answer.json``: the model's labels and cuts, and its answer.

    Parameters
    ----------
    service : AnalysisService
    speak : callable
        The translator for the reader of the request under way.
    """
    routes = Blueprint("answers", __name__, url_prefix="/films")

    routes.after_request(keep_off_disk)

    @routes.get("/<film>/<model>/answer.json")
    def other_answer(film: str, model: str) -> ResponseReturnValue:
        analysis, t = service.analyse(film, model), speak()
        bundle = service.catalog.get(model)
        answer = film_answer(film, model, analysis, t)
        return jsonify(facts=other_model_facts(bundle, t), answer=answer)

    return routes
