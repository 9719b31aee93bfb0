"""Callbacks: read what came, ask one service, hand back a view. Everything else happens in the browser."""

from __future__ import annotations

import logging
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx

from cxr_dash.errors import CxrError
from cxr_dash.inference.catalog import Catalog
from cxr_dash.services import AnalysisService
from cxr_dash.ui import card, facts, ids, views

logger = logging.getLogger(__name__)


class UnexpectedError(CxrError):
    """Something failed that nobody foresaw; the log has the traceback."""

    code = "unexpected"


def register_callbacks(app: Dash, service: AnalysisService, catalog: Catalog) -> None:
    """Join the page to the services.

    Parameters
    ----------
    app : Dash
    service : AnalysisService
    catalog : Catalog
    """
    _register_browser_callbacks(app)

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
        bundle = catalog.get(model)
        warning = views.warning_line(bundle.spec)
        return (
            facts.model_facts(bundle),
            views.model_panel(bundle.spec),
            views.population_line(bundle.spec),
            warning,
            warning,
            views.footer_model(bundle),
            card.audit_badge(bundle.spec),
        )

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.ANSWER, "data"),
        Input(ids.QUESTION, "data"),
        prevent_initial_call=True,
        on_error=_unforeseen,
    )
    def ask(question: dict[str, str]) -> facts.Json:
        film, model = question["film"], question["model"]
        try:
            return facts.film_answer(film, model, service.analyse(film, model))
        except CxrError as error:
            return facts.film_problem(film, model, error)

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.CARD, "is_open"),
        Output(ids.CARD_TITLE, "children"),
        Output(ids.CARD_BODY, "children"),
        Input(ids.CARD_OPEN, "n_clicks"),
        Input(ids.WARNING, "n_clicks"),
        State(ids.MODEL, "value"),
        State(ids.LABEL, "data"),
        prevent_initial_call=True,
    )
    def open_card(_button: int, _warning: int, model: str, label: str | None) -> tuple[Any, ...]:
        bundle = catalog.get(model)
        return True, card.card_title(bundle.spec), card.card_body(bundle, label or "")


def _register_browser_callbacks(app: Dash) -> None:
    """Hand what the server said to the scripts in ``assets/js``."""
    for name, source in (("start", ids.SETTINGS), ("facts", ids.FACTS), ("answered", ids.ANSWER)):
        app.clientside_callback(
            ClientsideFunction("cxr", name),
            Input(source, "data"),
        )


def _unforeseen(error: Exception) -> facts.Json:
    question = ctx.inputs[f"{ids.QUESTION}.data"]
    logger.error("an analysis failed", exc_info=error)
    return facts.film_problem(
        question["film"],
        question["model"],
        UnexpectedError(
            "The server could not read this film; the reason is in its log.", remedy="Try again."
        ),
    )
