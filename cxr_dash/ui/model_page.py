"""The page about the model, drawn by callbacks: what the address asks for, and what a threshold does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, set_props

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.language import Translator
from cxr_dash.services.exports.listed import margin
from cxr_dash.services.exports.wording import percent
from cxr_dash.ui import ids
from cxr_dash.ui.views import bundle_words, card, card_label
from cxr_dash.ui.views.card_counts import counts_part
from cxr_dash.ui.views.card_window import SLIDER_STEPS

_Thresholds = dict[str, dict[str, float]]


def register_model_page(app: Dash, catalog: Catalog, speak: Callable[[], Translator]) -> None:
    """Join the page to its address, to the catalog and to the thresholds.

    Parameters
    ----------
    app : Dash
    catalog : Catalog
    speak : callable
        The translator for the reader of the request under way.
    """
    _register_browser_callbacks(app)

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.CARD_TITLE, "children"),
        Output(ids.CARD_NAV, "children"),
        Output(ids.CARD_FAILED, "children"),
        Output(ids.CARD_FAILED, "hidden"),
        Output(ids.CARD_OF_A_LABEL, "hidden"),
        Output(ids.CARD_CUT_BACK, "children"),
        Output(ids.CARD_COUNTS, "children"),
        Output(ids.CARD_IN_VIEW, "children"),
        Input(ids.CARD_ASKED, "data"),
        State(ids.THRESHOLDS, "data"),
        prevent_initial_call=True,
    )
    def draw_section(asked: dict[str, Any], thresholds: _Thresholds) -> tuple[Any, ...]:
        bundle, t = catalog.get(asked["model"]), speak()
        keys, cuts = bundle.spec.label_keys, thresholds.get(bundle.id, {})
        label = asked["label"] if asked["label"] in keys else keys[0]
        page = card.card_page(bundle, asked["section"], label, cuts, t)
        _set_controls(bundle, asked["section"], label, card_label.cut_of(bundle.spec, label, cuts), t)
        back = t("back to {cut}", cut=percent(card_label.cut_of(bundle.spec, label, {}), t))
        words = page.title, page.nav, page.failed, not page.failed
        return *words, not page.of_a_label, back, page.counts, page.view

    @app.callback(  # type: ignore[untyped-decorator]
        Output(ids.CARD_COUNTED, "data"),
        Input(ids.CARD_CUT_MOVED, "data"),
        prevent_initial_call=True,
    )
    def count_films(moved: dict[str, Any]) -> dict[str, Any]:
        """Counts and marks with what they are of: the browser drops them where that is no longer in view."""
        bundle = catalog.get(moved["model"])
        label = bundle.spec.label_keys[bundle.label_index(moved["label"])]
        counts = counts_part(bundle.spec, label, moved["cut"], speak())
        return {**moved, "counts": counts, "marks": card_label.moved_marks(bundle.spec, label, moved["cut"])}


def _set_controls(bundle: Bundle, section: str, label: str, cut: float, t: Translator) -> None:
    """Label and slider, past the graph of callbacks: what they are set to is asked for by themselves.

    Said first is what they are of: until it is what the reader asked for, the slider is another label's.
    """
    set_props(ids.CARD_SHOWN, {"data": {"model": bundle.id, "section": section, "label": label}})
    options = [{"label": bundle_words.label_name(one, t), "value": one.key} for one in bundle.spec.labels]
    set_props(ids.CARD_LABEL, {"options": options, "value": label})
    set_props(ids.CARD_CUT_SLIDER, {"value": SLIDER_STEPS * margin(cut, 0.0)})


def _register_browser_callbacks(app: Dash) -> None:
    """What is asked when, and what must follow the hand at once."""
    app.clientside_callback(
        ClientsideFunction("cxr", "page_asked"),
        Output(ids.CARD, "is_open"),
        Output(ids.CARD_ASKED, "data"),
        Input(ids.ADDRESS, "hash"),
        Input(ids.MODEL, "value"),
        Input(ids.CARD_LABEL, "value"),
        State(ids.CARD_SHOWN, "data"),
    )
    app.clientside_callback(ClientsideFunction("cxr", "page_opened"), Input(ids.CARD, "is_open"))
    app.clientside_callback(
        ClientsideFunction("cxr", "section_arrived"), Input(ids.CARD_SHOWN, "data"), prevent_initial_call=True
    )
    app.clientside_callback(
        ClientsideFunction("cxr", "threshold_moved"),
        Output(ids.CARD_CUT_VALUE, "children"),
        Output(ids.CARD_CUT_BACK, "hidden"),
        Input(ids.CARD_CUT_SLIDER, "value"),
        State(ids.CARD_SHOWN, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("cxr", "films_counted"),
        Output(ids.CARD_COUNTS, "children", allow_duplicate=True),
        Input(ids.CARD_COUNTED, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("cxr", "threshold_back"),
        Output(ids.CARD_CUT_SLIDER, "value"),
        Input(ids.CARD_CUT_BACK, "n_clicks"),
        State(ids.CARD_LABEL, "value"),
        prevent_initial_call=True,
    )
