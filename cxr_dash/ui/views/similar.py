"""Similar cases from the site's own library, folded away; ``6-panel/66-*.js`` fill it when opened."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.language import Translator
from cxr_dash.ui import ids


def similar(t: Translator) -> Component:
    """The section below the threshold panel: nothing is fetched for it until it is opened."""
    return html.Section(
        [
            html.H2(
                html.Button(
                    t("Similar cases"),
                    id=ids.SIMILAR_TOGGLE,
                    className="similar-toggle section-title",
                    type="button",
                    title=t("Films of this site's library that look most like this one to the model (S)"),
                    **{"aria-expanded": "false", "aria-controls": ids.SIMILAR_BODY},
                )
            ),
            html.Div(id=ids.SIMILAR_BODY, className="similar-body", hidden=True),
        ],
        className="similar",
    )
