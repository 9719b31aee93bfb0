"""Reading before the model: the switch, where the reader's own words stand, and the agreement of a list.

``assets/js/4-reading`` fills them.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.language import Translator
from cxr_dash.ui import ids


def read_first_switch(t: Translator) -> Component:
    """The switch in the header; off until the browser remembers otherwise."""
    return html.Button(
        t("Read first"),
        id=ids.READ_FIRST,
        className="quiet-button read-first-switch",
        type="button",
        title=t("Say what you see before the model does (Y)"),
        **{"aria-pressed": "false"},
    )


def own_reading(t: Translator) -> Component:
    """For the top of a model's panel: the form, and both readings side by side once the film was read."""
    return html.Div(
        [
            html.Div(id=ids.OWN_READING, hidden=True),
            html.Section(
                id=ids.COMPARED,
                className="compared",
                tabIndex="-1",
                hidden=True,
                **{"aria-label": t("Your reading and the model's")},
            ),
        ],
        className="read-first",
    )


def agreement_line(t: Translator) -> Component:
    """For the foot of the worklist: how many films were read first; opens the agreement."""
    return html.Button(
        id=ids.AGREEMENT_OPEN,
        className="link agreement-open",
        type="button",
        hidden=True,
        title=t("How far your readings and the model's agree"),
        **{"aria-expanded": "false", "aria-controls": ids.AGREEMENT},
    )


def agreement(t: Translator) -> Component:
    """The figures of the list, over the film until closed."""
    return html.Section(
        id=ids.AGREEMENT,
        className="agreement",
        hidden=True,
        tabIndex="-1",
        **{"aria-label": t("Agreement between you and the model")},
    )
