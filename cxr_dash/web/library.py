"""Similar cases from the site's reference library: who is nearest, their pictures and their heat.

A server without a library is well: ``similar`` then answers 200 with a ``problem`` in words and no cases.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from cxr_dash.domain import Label
from cxr_dash.errors import LibraryError
from cxr_dash.language import Translator
from cxr_dash.services import AnalysisService
from cxr_dash.services.library import SimilarCases
from cxr_dash.services.library.answer import Similar, SimilarCase
from cxr_dash.ui.facts import error_in_words
from cxr_dash.ui.views import bundle_words
from cxr_dash.web.headers import keep_off_disk
from cxr_dash.web.language import request_translator
from cxr_dash.web.metrics import Metrics

_SIMILARITY_DIGITS = 3
_PROBABILITY_DIGITS = 5


def library_blueprint(service: AnalysisService, similar: SimilarCases, metrics: Metrics) -> Blueprint:
    """``/films/<film>/<model>/similar``, and ``/library`` for what the cases look like.

    Pictures and heat take the ``build`` that the list came with, and are refused when the library was built
    anew since: its numbers would be those of other films.
    """
    routes = Blueprint("library", __name__)

    routes.after_request(keep_off_disk)

    @routes.get("/films/<film>/<model>/similar")
    def nearest(film: str, model: str) -> ResponseReturnValue:
        analysis = service.analyse(film, model)
        t = request_translator()
        try:
            found = similar.nearest(analysis)
        except LibraryError as error:
            metrics.compared(error.code)
            return jsonify(problem=error_in_words(error, t), cases=[])
        metrics.compared("answered")
        return jsonify(similar_facts(found, [finding.label for finding in analysis.findings], t))

    @routes.get("/library/<model>/<int:case>/picture.jpg")
    def picture(model: str, case: int) -> Response:
        return Response(similar.picture(model, case, _build()), mimetype="image/jpeg")

    @routes.get("/library/<model>/<int:case>/<label>/heat-layer.png")
    def heat_layer(model: str, case: int, label: str) -> Response:
        return Response(similar.heat_layer(model, case, label, _build()), mimetype="image/png")

    return routes


def _build() -> str | None:
    return request.args.get("build")


def similar_facts(found: Similar, labels: list[Label], t: Translator) -> dict[str, Any]:
    """The nearest cases as plain JSON; labels that the model knows are named in the reader's language."""
    names = {label.key: bundle_words.label_name(label, t) for label in labels}
    return {
        "problem": None,
        "build": found.build,
        "size": found.size,
        "counts": found.counts,
        "itself": found.itself,
        "cases": [_case_facts(one, names) for one in found.cases],
    }


def _case_facts(one: SimilarCase, names: dict[str, str]) -> dict[str, Any]:
    film, crop = one.preparation, one.preparation.crop
    return {
        "number": one.case.number,
        "labels": [
            {"key": label.key, "name": names[label.key] if label.key else label.text} for label in one.labels
        ],
        "note": one.case.note,
        "similarity": round(one.similarity, _SIMILARITY_DIGITS),
        "likeness": one.likeness,
        "probabilities": {key: round(value, _PROBABILITY_DIGITS) for key, value in one.probabilities.items()},
        "flat": one.flat,
        "peaks": one.peaks,
        # as shares of the film: its picture is smaller than the film was
        "crop": {
            "left": crop.x / film.film_width,
            "top": crop.y / film.film_height,
            "width": crop.width / film.film_width,
            "height": crop.height / film.film_height,
        },
        "width": one.case.width,
        "height": one.case.height,
    }
