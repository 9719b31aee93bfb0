"""What the page asks for late: another model's answer, and how far the heat may be relied on."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from cxr_dash.language import Translator
from cxr_dash.services import AnalysisService
from cxr_dash.ui.facts import film_answer, trust_facts
from cxr_dash.ui.other_model import other_model_facts
from cxr_dash.web.headers import keep_off_disk


def answers_blueprint(service: AnalysisService, speak: Callable[[], Translator]) -> Blueprint:
    """``GET /films/<film>/<model>/answer.json`` and ``trust.json``.

    The model's labels and cuts, and its answer; and how far its heat may be relied on.

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
        answer = film_answer(film, model, analysis, t, trust_waits=service.waits_for_trust(analysis))
        return jsonify(facts=other_model_facts(bundle, t), answer=answer)

    @routes.get("/<film>/<model>/trust.json")
    def trust(film: str, model: str) -> ResponseReturnValue:
        return jsonify(trust_facts(service.explained(film, model), speak()))

    return routes
