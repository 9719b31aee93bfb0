"""The film's frame; ``assets/js/5*.js`` fill it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.language import Translator
from cxr_dash.ui import ids


def viewer(t: Translator) -> Component:
    """The film's frame: toolbar, stage, heat legend, and what stands there before the first film."""
    return html.Section(
        [
            html.Div(
                [
                    _tool(t("Window"), "window", t("Brightness and contrast (W)")),
                    _tool(t("Invert"), "invert", t("Swap black and white (I)")),
                    _tool(
                        t("Fit"), "zoom", t("Fit, or one film pixel per screen pixel (F); the wheel zooms")
                    ),
                    _tool(t("Heat H"), "heat", t("Show where the evidence for the chosen finding lies (H)")),
                ],
                id=ids.TOOLBAR,
                className="toolbar",
                role="toolbar",
                hidden=True,
                **{"aria-label": t("Film")},
            ),
            html.Div(id=ids.WINDOW_POPOVER, className="popover", hidden=True),
            html.Div(
                id=ids.STAGE,
                className="stage",
                tabIndex="0",
                hidden=True,
                role="region",
                **{"aria-label": t("Film view")},
            ),
            html.Div(id=ids.HEAT_NOTE, className="heat-note", role="status", hidden=True),
            html.Div(id=ids.LEGEND, className="legend", hidden=True),
            _empty(t),
        ],
        id=ids.VIEWER,
        className="viewer",
        **{"aria-label": t("Film")},
    )


def _tool(text: str, action: str, hint: str) -> Component:
    return html.Button(
        text,
        className="tool",
        type="button",
        title=hint,
        **{"data-action": action, "aria-pressed": "false"},
    )


def _empty(t: Translator) -> Component:
    return html.Div(
        [
            html.P(
                t("Drop a frontal chest film anywhere on this page to see what the model makes of it."),
                className="empty-line",
            ),
            html.Div(
                [
                    html.Button(t("Choose films"), id=ids.CHOOSE, className="button primary", type="button"),
                    html.Button(
                        t("Try the synthetic phantom"), id=ids.PHANTOM, className="button", type="button"
                    ),
                ],
                className="empty-actions",
            ),
            html.P(
                t(
                    "Films stay on this server for a limited time, under keys that nobody can guess. "
                    "File names never leave this browser."
                ),
                className="empty-note",
            ),
        ],
        id=ids.EMPTY,
        className="empty",
    )
