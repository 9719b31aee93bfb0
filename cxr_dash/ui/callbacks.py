"""Callbacks: read what came, ask one service, hand back a view. Everything else happens in the browser."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx

from cxr_dash.domain import N_
from cxr_dash.errors import CxrError, UnforeseenError
from cxr_dash.inference.catalog import Catalog
from cxr_dash.language import Translator
from cxr_dash.services import AnalysisService
from cxr_dash.ui import facts, ids
from cxr_dash.ui.views import bundle_words, card, card_label, panel

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

    _register_model_page(app, catalog, speak)


def _register_model_page(app: Dash, catalog: Catalog, speak: Callable[[], Translator]) -> None:
    """The page about the model: words when it opens, graphs when scripts see that they are looked at."""

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.CARD, "is_open"),
        Output(ids.CARD_TITLE, "children"),
        Output(ids.CARD_LABEL, "options"),
        Output(ids.CARD_LABEL, "value"),
        Output(ids.CARD_NAV, "children"),
        Output(ids.CARD_BODY, "children"),
        Output(ids.CARD_CUT, "children"),
        Output(ids.CARD_REST, "children"),
        Output(ids.CARD_TEXT, "children"),
        Output(ids.card_section("training"), "hidden"),
        Output(ids.CARD_CURVES, "children", allow_duplicate=True),
        Output(ids.CARD_GROUPS, "children", allow_duplicate=True),
        Output(ids.CARD_TRAINING, "children", allow_duplicate=True),
        Input(ids.CARD_OPEN, "n_clicks"),
        Input(ids.WARNING, "n_clicks"),
        State(ids.MODEL, "value"),
        State(ids.LABEL, "data"),
        prevent_initial_call=True,
    )
    def open_card(_button: int, _warning: int, model: str, label: str | None) -> tuple[Any, ...]:
        page = card.card_parts(catalog.get(model), label or "", speak())
        words = (page.title, page.options, page.label, page.nav, page.top, page.cut, page.rest, page.text)
        return True, *words, page.untold, [], [], []

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.CARD_CURVES, "children"),
        Input(ids.CARD_CURVES_ASKED, "data"),
        State(ids.THRESHOLDS, "data"),
        prevent_initial_call=True,
    )
    def draw_curves(asked: dict[str, str], thresholds: dict[str, dict[str, float]]) -> Any:
        bundle = catalog.get(asked["model"])
        label = bundle.spec.label_keys[bundle.label_index(asked["label"])]
        return card_label.label_part(bundle.spec, label, thresholds.get(bundle.id, {}), speak())

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.CARD_GROUPS, "children"),
        Input(ids.CARD_GROUPS_ASKED, "data"),
        prevent_initial_call=True,
    )
    def draw_subgroups(asked: dict[str, str]) -> Any:
        return card_label.subgroup_part(catalog.get(asked["model"]).spec, speak())

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.CARD_TRAINING, "children"),
        Input(ids.CARD_TRAINING_ASKED, "data"),
        prevent_initial_call=True,
    )
    def draw_training(asked: dict[str, str]) -> Any:
        return card_label.training_part(catalog.get(asked["model"]).spec, speak())


def _register_browser_callbacks(app: Dash) -> None:
    """Hand what the server said to the scripts in ``assets/js``."""
    for name, source in (("start", ids.SETTINGS), ("facts", ids.FACTS), ("answered", ids.ANSWER)):
        app.clientside_callback(
            ClientsideFunction("cxr", name),
            Input(source, "data"),
        )
    app.clientside_callback(ClientsideFunction("cxr", "page_opened"), Input(ids.CARD, "is_open"))
