"""The film's frame; ``assets/js/5-film`` fills it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.language import Translator
from cxr_dash.ui import ids


def viewer(t: Translator) -> Component:
    """The film's frame: toolbar, stage, heat legend, and what stands there before the first film."""
    return html.Section(
        [
            _toolbar(t),
            html.Div(id=ids.FILM_SAYS, className="film-says", hidden=True),
            html.Div(id=ids.WINDOW_POPOVER, className="popover", hidden=True),
            html.Div(id=ids.MARKS_MENU, className="popover marks-menu", hidden=True),
            html.Div(
                id=ids.COMPARE_MENU,
                className="popover compare-menu",
                hidden=True,
                role="group",
                **{"aria-label": t("Compare side by side")},
            ),
            html.Div(
                id=ids.STAGE,
                className="stage",
                tabIndex="0",
                hidden=True,
                role="region",
                **{"aria-label": t("Film view")},
            ),
            html.Div(
                [
                    html.Div(
                        id=ids.HEAT_NOTE, className="heat-note", role="status", hidden=True, tabIndex="0"
                    ),
                    html.Div(id=ids.LEGEND, className="legend", hidden=True),
                ],
                className="film-foot",
            ),
            _empty(t),
        ],
        id=ids.VIEWER,
        className="viewer",
        **{"aria-label": t("Film")},
    )


def _toolbar(t: Translator) -> Component:
    zoom = html.Div(
        [
            _tool(t("Zoom out"), "out", t("Zoom out (−); the wheel zooms at the pointer"), icon=True),
            html.Button(
                "",
                id=ids.FILM_SCALE,
                className="tool scale",
                type="button",
                title=t("Of the film's own pixels. Fit, or one film pixel per screen pixel (F)"),
                **{"data-action": "zoom"},
            ),
            _tool(t("Zoom in"), "in", t("Zoom in (+)"), icon=True),
        ],
        className="tool-group",
        role="group",
        **{"aria-label": t("Zoom")},
    )
    return html.Div(
        [
            _toggle(
                t("Window"),
                "window",
                t("Window: drag on the film for contrast and brightness (W, 1 to 4)"),
                icon=True,
            ),
            _toggle(t("Invert"), "invert", t("Swap black and white (I)"), icon=True),
            _tool(t("Rotate"), "rotate", t("Rotate by 90° (R)"), icon=True),
            _toggle(t("Flip"), "flip", t("Flip left to right (X)"), icon=True),
            zoom,
            _toggle(t("Magnifier"), "lens", t("Magnifier: hold M, or press it for on and off"), icon=True),
            _toggle(
                t("Measure and mark"),
                "measure",
                t("Ruler, arrow, L and R, and the grey level under the pointer (Q)"),
                icon=True,
            ),
            _toggle(
                t("Heat"), "heat", t("Show where the evidence for the chosen finding lies (H)"), icon=True
            ),
            _toggle(
                t("Outlines of all findings"),
                "outlines",
                t("Lines around what raised each flagged finding's score (Z)"),
                icon=True,
            ),
            html.Button(
                html.Span(t("Compare"), className="hidden-label"),
                className="tool icon icon-compare",
                type="button",
                title=t("Side by side: heat, findings, models, another film (B)"),
                **{
                    "data-action": "compare",
                    "aria-pressed": "false",
                    "aria-expanded": "false",
                    "aria-controls": ids.COMPARE_MENU,
                },
            ),
        ],
        id=ids.TOOLBAR,
        className="toolbar",
        role="toolbar",
        hidden=True,
        **{"aria-label": t("Film")},
    )


def _tool(text: str, action: str, hint: str, *, icon: bool = False, **more: str) -> Component:
    """A button; with `icon` a drawing stands for the text, which screen readers still say."""
    return html.Button(
        html.Span(text, className="hidden-label") if icon else text,
        className=f"tool icon icon-{action}" if icon else "tool",
        type="button",
        title=hint,
        **{"data-action": action, **more},
    )


def _toggle(text: str, action: str, hint: str, *, icon: bool = False) -> Component:
    return _tool(text, action, hint, icon=icon, **{"aria-pressed": "false"})


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
                    html.Button(t("Try a drawn chest"), id=ids.PHANTOM, className="button", type="button"),
                    html.Button(
                        t("Try one with an effusion"),
                        id=ids.EFFUSION_PHANTOM,
                        className="button",
                        type="button",
                    ),
                ],
                className="empty-actions",
            ),
            html.P(
                t(
                    "Films stay on this server for a limited time, under keys that nobody can guess. "
                    "File names never leave this browser. This tab remembers the list and its names, "
                    "without pictures, until it is closed or cleared or the films' time is over."
                ),
                className="empty-note",
            ),
        ],
        id=ids.EMPTY,
        className="empty",
    )
