"""The frame of the model page: an overlay with its list of sections; filled when it is opened."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from cxr_dash.language import Translator
from cxr_dash.ui import ids
from cxr_dash.ui.views.card_parts import note, section

# Steps of the slider, on the angular scale of the page's other ones.
SLIDER_STEPS = 1000
# What is slower than this is said to be on its way; what is not, would flicker.
_PATIENCE_MS = 300


def card_window(t: Translator) -> Component:
    """The overlay, closed and empty."""
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(id=ids.CARD_TITLE), close_button=True),
            dbc.ModalBody(html.Div([_nav(t), _content(t)], className="card-page")),
        ],
        id=ids.CARD,
        scrollable=True,
        is_open=False,
        labelledby=ids.CARD_TITLE,
    )


def _nav(t: Translator) -> Component:
    return html.Nav(id=ids.CARD_NAV, className="card-nav", **{"aria-label": t("Sections of the page")})


def _content(t: Translator) -> Component:
    """What scrolls, and can be reached by keyboard for it."""
    return html.Div(
        [
            html.Div(id=ids.CARD_LATE, className="card-missing", role="status", hidden=True),
            html.Div(id=ids.CARD_FAILED, className="card-bad", role="alert", hidden=True),
            _of_a_label(t),
            dcc.Loading(
                # takes the keyboard when a section comes into view
                html.Div(id=ids.CARD_IN_VIEW, className="card-content", tabIndex="-1"),
                delay_show=_PATIENCE_MS,
                show_initially=False,
                overlay_style={"visibility": "visible", "opacity": 0.4},
                custom_spinner=html.Div(t("Loading…"), className="card-waits", role="status"),
            ),
        ],
        id=ids.CARD_SCROLLS,
        className="card-sections",
        tabIndex="0",
        role="region",
        **{"aria-labelledby": ids.CARD_TITLE},
    )


def _of_a_label(t: Translator) -> Component:
    """Which label, and its threshold, the same as beside the film; below, what the threshold does."""
    return html.Div(
        [
            html.Div(
                [
                    html.Label(t("Label"), htmlFor=ids.CARD_LABEL, className="card-of-name"),
                    dbc.Select(id=ids.CARD_LABEL, options=[], className="model-select"),
                    html.Label(t("Threshold"), htmlFor=ids.CARD_CUT_SLIDER, className="card-of-name"),
                    dbc.Input(id=ids.CARD_CUT_SLIDER, type="range", min=0, max=SLIDER_STEPS, step=1),
                    html.Output(id=ids.CARD_CUT_VALUE, className="card-cut-value"),
                    html.Button(id=ids.CARD_CUT_BACK, className="link", type="button"),
                ],
                className="card-controls",
            ),
            section(
                "cut",
                t,
                [
                    html.Div(id=ids.CARD_COUNTS, className="card-counts"),
                    note(
                        t(
                            "Counted on held-out films, whose share of positives is not that of your "
                            "patients: PPV and NPV are of these films."
                        )
                    ),
                ],
            ),
        ],
        id=ids.CARD_OF_A_LABEL,
        className="card-of-a-label",
        hidden=True,
    )
