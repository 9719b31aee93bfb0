"""The frame of the model page: an overlay with its list of sections; filled when it is opened."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from cxr_dash.language import Translator
from cxr_dash.ui import ids
from cxr_dash.ui.views.card import note, section


def card_window(t: Translator) -> Component:
    """The overlay, closed and empty.

    Graphs wait in sections of their own: scripts ask for them when these come into view, and count the
    films at the reader's cut where the page has none but the splits.
    """
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(id=ids.CARD_TITLE), close_button=True),
            dbc.ModalBody(html.Div([_side(t), _content(t)], className="card-page")),
        ],
        id=ids.CARD,
        scrollable=True,
        is_open=False,
        labelledby=ids.CARD_TITLE,
    )


def _side(t: Translator) -> Component:
    return html.Div(
        [
            html.Label(t("Label"), htmlFor=ids.CARD_LABEL, className="section-title"),
            dbc.Select(id=ids.CARD_LABEL, options=[], className="model-select"),
            html.Nav(id=ids.CARD_NAV, className="card-nav", **{"aria-label": t("Sections of the page")}),
        ],
        className="card-side",
    )


def _content(t: Translator) -> Component:
    return html.Div(
        [
            html.Div(id=ids.CARD_BODY, className="card-content"),
            section("curves", t, [html.Div(id=ids.CARD_CURVES, className="card-late")]),
            section(
                "cut",
                t,
                [
                    html.Div(className="card-cut-control"),
                    html.Div(id=ids.CARD_CUT, className="card-counts"),
                    note(
                        t(
                            "Counted on held-out films, whose share of positives is not that of your "
                            "patients: PPV and NPV are of these films."
                        )
                    ),
                ],
            ),
            section("subgroups", t, [html.Div(id=ids.CARD_GROUPS, className="card-late")]),
            html.Div(id=ids.CARD_REST, className="card-content"),
            section(
                "training",
                t,
                [html.Div(id=ids.CARD_TRAINING, className="card-late")],
                t("How it was trained, epoch by epoch"),
            ),
            html.Div(id=ids.CARD_TEXT, className="card-content"),
        ],
        className="card-sections",
    )
