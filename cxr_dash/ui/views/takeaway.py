"""What a reader takes away: a bar always in reach, and a menu; ``6-panel/63-*.js`` bring them to life."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.domain import N_
from cxr_dash.language import Translator
from cxr_dash.ui import ids

# What the menu offers, by the last part of each item's id.
_MENU = (
    ("heat", N_("Heat alone, PNG")),
    ("side", N_("Film and overlay side by side, PNG")),
    ("map", N_("Raw map, NumPy")),
    ("csv", N_("List as a table, CSV")),
    ("json", N_("List as JSON")),
    ("zip", N_("Everything as one ZIP")),
    ("zip-full", N_("The same, raw maps at full size")),
)


def takeaway(t: Translator) -> Component:
    """Two buttons, a menu of the rest, and a line for what became of the last download."""
    return html.Div(
        [
            html.Div(
                [
                    html.Button(
                        t("Overlay"), id=ids.download("overlay"), className="button primary", type="button"
                    ),
                    html.Button(t("Report"), id=ids.download("report"), className="button", type="button"),
                    _menu(t),
                ],
                className="download-bar",
                role="group",
                **{"aria-label": t("Take away")},
            ),
            html.Div(
                [
                    html.P(id=ids.DOWNLOAD_NOTE, className="download-note", role="status"),
                    html.Button(
                        t("Cancel"), id=ids.DOWNLOAD_CANCEL, className="link", type="button", hidden=True
                    ),
                ],
                className="download-said",
            ),
        ],
        className="downloads",
        id=ids.DOWNLOADS,
    )


def _menu(t: Translator) -> Component:
    return html.Div(
        [
            html.Div(
                [_item(key, t(name)) for key, name in _MENU],
                id=ids.DOWNLOAD_MENU,
                className="download-menu",
                role="menu",
                hidden=True,
                **{"aria-label": t("More to take away")},
            ),
            html.Button(
                [t("More"), html.Span("▾", className="caret", **{"aria-hidden": "true"})],
                id=ids.DOWNLOAD_MORE,
                className="button",
                type="button",
                **{"aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": ids.DOWNLOAD_MENU},
            ),
        ],
        className="more-downloads",
    )


def _item(key: str, name: str) -> Component:
    return html.Button(
        [html.Span(name, className="download-name"), html.Span(className="download-why")],
        id=ids.download(key),
        className="download-item",
        type="button",
        role="menuitem",
        tabIndex="-1",
    )
