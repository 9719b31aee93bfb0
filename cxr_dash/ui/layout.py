"""The page's frame: header, worklist, film, findings, footer. A pure function of settings and catalog."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.settings import Settings
from cxr_dash.ui import card, facts, ids, views

DECISION_SUPPORT = "Decision support for trained readers. It does not replace your reading."

_KEYS = (
    ("↑ ↓", "previous, next film"),
    ("← →", "previous, next finding"),
    ("H", "heatmap on or off"),
    ("I", "invert the film"),
    ("F", "fit, or one film pixel per screen pixel"),
    ("W", "brightness and contrast"),
    ("O", "open films"),
    ("?", "this help"),
)


def build_layout(settings: Settings, catalog: Catalog) -> Component:
    """The whole page, with the default model's panel already in it.

    Parameters
    ----------
    settings : Settings
    catalog : Catalog

    Returns
    -------
    Component
        Also when the catalog is empty: the page then says what to do.
    """
    model_ids = catalog.ids()
    bundles = [catalog.get(model_id) for model_id in model_ids]
    chosen = catalog.get(catalog.default_id(settings.default_model)) if bundles else None
    return html.Div(
        [
            *_stores(settings, chosen),
            html.A("Skip to the findings", href=f"#{ids.PANEL}", className="skip"),
            _header(bundles, chosen),
            html.Main(
                [
                    _worklist(settings),
                    _viewer(),
                    html.Aside(
                        views.model_panel(chosen.spec) if chosen else views.no_model(catalog.broken()),
                        id=ids.PANEL,
                        className="panel",
                        tabIndex="-1",
                        **{"aria-label": "What the model says"},
                    ),
                ],
                className="columns",
            ),
            _footer(chosen),
            _card_window(),
            html.Div("Let go to open the films", className="drop-veil", **{"aria-hidden": "true"}),
        ],
        className="page",
    )


def _stores(settings: Settings, chosen: Bundle | None) -> list[Component]:
    return [
        dcc.Store(id=ids.SETTINGS, data=facts.page_settings(settings)),
        dcc.Store(id=ids.FACTS, data=facts.model_facts(chosen) if chosen else None),
        dcc.Store(id=ids.FILMS, data=[]),
        dcc.Store(id=ids.QUESTION),
        dcc.Store(id=ids.ANSWER),
        dcc.Store(id=ids.LABEL),
        dcc.Store(id=ids.THRESHOLDS, data={}),
    ]


def _header(bundles: list[Bundle], chosen: Bundle | None) -> Component:
    warning = views.warning_line(chosen.spec) if chosen else ""
    return html.Header(
        [
            html.Span("cxr-dash", className="brand"),
            html.Label("Model", htmlFor=ids.MODEL, className="hidden-label"),
            dbc.Select(
                id=ids.MODEL,
                options=[{"label": views.short_title(bundle.spec), "value": bundle.id} for bundle in bundles],
                value=chosen.id if chosen else None,
                disabled=not bundles,
                className="model-select",
            ),
            html.Button(
                [
                    "Model card",
                    html.Span(
                        card.audit_badge(chosen.spec) if chosen else "",
                        id=ids.AUDITS,
                        className="audit-badge",
                    ),
                ],
                id=ids.CARD_OPEN,
                className="button",
                type="button",
                disabled=not bundles,
            ),
            html.Span(
                views.population_line(chosen.spec) if chosen else "",
                id=ids.POPULATION,
                className="population",
            ),
            html.Button(warning, id=ids.WARNING, className="warning", type="button", title=warning),
            html.Button(
                "? keys",
                id=ids.KEYS_BUTTON,
                className="quiet-button",
                type="button",
                **{"aria-expanded": "false", "aria-controls": ids.KEYS_HELP},
            ),
            html.Dl(
                [html.Div([html.Dt(html.Kbd(key)), html.Dd(what)]) for key, what in _KEYS],
                id=ids.KEYS_HELP,
                className="keys-help",
                hidden=True,
            ),
        ],
        className="top",
    )


def _worklist(settings: Settings) -> Component:
    megabytes = f"{settings.max_upload_bytes / 2**20:g}"
    return html.Aside(
        [
            html.Button(
                [html.Span("Drop films here"), html.Small(f"PNG · JPG, up to {megabytes} MB")],
                id=ids.DROP,
                className="drop",
                type="button",
            ),
            html.Div(id=ids.PICKER, hidden=True),
            html.Div(id=ids.BANNER, className="banner", role="alert", hidden=True),
            html.Ol(id=ids.WORKLIST, className="rows", **{"aria-label": "Films"}),
            html.Div(id=ids.WORKLIST_NOTE, className="worklist-note"),
        ],
        className="worklist",
        **{"aria-label": "Worklist"},
    )


def _tool(text: str, action: str, hint: str) -> Component:
    return html.Button(
        text,
        className="tool",
        type="button",
        title=hint,
        **{"data-action": action, "aria-pressed": "false"},
    )


def _viewer() -> Component:
    return html.Section(
        [
            html.Div(
                [
                    _tool("Window", "window", "Brightness and contrast (W)"),
                    _tool("Invert", "invert", "Swap black and white (I)"),
                    _tool("Fit", "zoom", "Fit, or one film pixel per screen pixel (F); the wheel zooms"),
                    _tool("Heat H", "heat", "Show where the evidence for the chosen finding lies (H)"),
                ],
                id=ids.TOOLBAR,
                className="toolbar",
                role="toolbar",
                hidden=True,
                **{"aria-label": "Film"},
            ),
            html.Div(id=ids.WINDOW_POPOVER, className="popover", hidden=True),
            html.Div(
                id=ids.STAGE,
                className="stage",
                tabIndex="0",
                hidden=True,
                role="region",
                **{"aria-label": "Film view"},
            ),
            html.Div(id=ids.HEAT_NOTE, className="heat-note", role="status", hidden=True),
            html.Div(id=ids.LEGEND, className="legend", hidden=True),
            _empty(),
        ],
        id=ids.VIEWER,
        className="viewer",
        **{"aria-label": "Film"},
    )


def _empty() -> Component:
    return html.Div(
        [
            html.P(
                "Drop a frontal chest film anywhere on this page to see what the model makes of it.",
                className="empty-line",
            ),
            html.Div(
                [
                    html.Button("Choose films", id=ids.CHOOSE, className="button primary", type="button"),
                    html.Button(
                        "Try the synthetic phantom", id=ids.PHANTOM, className="button", type="button"
                    ),
                ],
                className="empty-actions",
            ),
            html.P(
                "Films stay on this server for a limited time, under keys that nobody can guess. "
                "File names never leave this browser.",
                className="empty-note",
            ),
        ],
        id=ids.EMPTY,
        className="empty",
    )


def _footer(chosen: Bundle | None) -> Component:
    return html.Footer(
        [
            html.Span(DECISION_SUPPORT, className="decision-support"),
            html.Span(
                [
                    html.Span(views.footer_model(chosen) if chosen else "", id=ids.FOOTER_MODEL),
                    html.Span(id="footer-time"),
                ],
                className="footer-model",
            ),
        ],
        className="bottom",
    )


def _card_window() -> Component:
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(id=ids.CARD_TITLE), close_button=True),
            dbc.ModalBody(id=ids.CARD_BODY),
        ],
        id=ids.CARD,
        scrollable=True,
        is_open=False,
        labelledby=ids.CARD_TITLE,
    )
