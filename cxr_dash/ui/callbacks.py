"""Callbacks: read what came, ask one service, hand back a view. Everything else happens in the browser."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, ctx

from cxr_dash.domain import N_
from cxr_dash.errors import CxrError, UnforeseenError
from cxr_dash.inference.catalog import Catalog
from cxr_dash.language import Translator
from cxr_dash.services import AnalysisService
from cxr_dash.ui import facts, ids
from cxr_dash.ui.model_page import register_model_page
from cxr_dash.ui.views import bundle_words, card, panel

logger = logging.getLogger(__name__)


def register_callbacks(
    app: Dash, service: AnalysisService, catalog: Catalog, speak: Callable[[], Translator]
) -> None:
    """Join the page to the services.

    Parameters
    ----------
    app : Dash
    service : AnalysisService
    catalog : Catalog
    speak : callable
        The translator for the reader of the request under way.
    """
    _register_browser_callbacks(app)

    def unforeseen(error: Exception) -> facts.Json:
        question = ctx.inputs[f"{ids.QUESTION}.data"]
        logger.error("an analysis failed", exc_info=error)
        problem = UnforeseenError(
            N_("The server could not read this film; the reason is in its log."), remedy=N_("Try again.")
        )
        return facts.film_problem(question["film"], question["model"], problem, speak())

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.FACTS, "data"),
        Output(ids.PANEL, "children"),
        Output(ids.POPULATION, "children"),
        Output(ids.WARNING, "children"),
        Output(ids.WARNING, "title"),
        Output(ids.FOOTER_MODEL, "children"),
        Output(ids.AUDITS, "children"),
        Input(ids.MODEL, "value"),
        prevent_initial_call=True,
    )
    def choose_model(model: str) -> tuple[Any, ...]:
        bundle, t = catalog.get(model), speak()
        warning = bundle_words.warning_line(bundle.spec, t)
        return (
            facts.model_facts(bundle, t),
            panel.model_panel(bundle.spec, t),
            bundle_words.population_line(bundle.spec, t),
            warning,
            warning,
            bundle_words.footer_model(bundle),
            card.audit_badge(bundle.spec, t),
        )

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.ANSWER, "data"),
        Input(ids.QUESTION, "data"),
        prevent_initial_call=True,
        on_error=unforeseen,
    )
    def ask(question: dict[str, str]) -> facts.Json:
        film, model = question["film"], question["model"]
        try:
            analysis = service.analyse(film, model)
            waits = service.waits_for_trust(analysis)
            return facts.film_answer(film, model, analysis, speak(), trust_waits=waits)
        except CxrError as error:
            return facts.film_problem(film, model, error, speak())

    register_model_page(app, catalog, speak)


def _register_browser_callbacks(app: Dash) -> None:
    """Hand what the server said to the scripts in ``assets/js``."""
    for name, source in (("start", ids.SETTINGS), ("facts", ids.FACTS), ("answered", ids.ANSWER)):
        app.clientside_callback(
            ClientsideFunction("cxr", name),
            Input(source, "data"),
        )
