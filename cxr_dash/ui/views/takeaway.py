"""What a reader takes away; ``assets/js/63-downloads.js`` fills in the links."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.language import Translator


def takeaway(t: Translator) -> Component:
    """Downloads of what is on the screen."""
    return html.Div(
        [
            html.A(t("Overlay PNG"), id="download-overlay", className="button primary", role="button"),
            html.A(t("Heat PNG"), id="download-heat", className="button", role="button"),
            html.P(id="download-note", className="download-note"),
        ],
        className="downloads",
    )
