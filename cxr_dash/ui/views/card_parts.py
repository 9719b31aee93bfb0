"""What the sections of the model page are called and made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from cxr_dash.domain import N_
from cxr_dash.language import Translator
from cxr_dash.ui import ids

# Sections in their order: the address of each ends with the key.
SECTIONS = {
    "audits": N_("Audits"),
    "figures": N_("Figures"),
    "cut": N_("At your threshold"),
    "curves": N_("Curves of one label"),
    "subgroups": N_("Subgroups"),
    "places": N_("Where heatmaps point"),
    "use": N_("Use"),
    "films": N_("Films and making"),
    "training": N_("Training"),
    "text": N_("The whole card as text"),
}
FIRST = "audits"
# Two sections of one view: the counts and the curves of a label, at the reader's threshold.
OF_A_LABEL = ("cut", "curves")


def section(
    key: str, t: Translator, parts: Sequence[Component], title: str | None = None, **attributes: Any
) -> Component:
    """A section of the page with a link to itself."""
    name = title or t(SECTIONS[key])
    return html.Section(
        [html.H3([name, " ", _link_to(key, name, t)], id=ids.card_section_title(key)), *parts],
        id=ids.card_section(key),
        className="card-section",
        # its address gives it the keyboard
        tabIndex="-1",
        **{"aria-labelledby": ids.card_section_title(key), **attributes},
    )


def address(key: str) -> str:
    """The address of a section: the page opens there, and Back leads to it."""
    return f"#{ids.card_section(key)}"


def note(text: str | Component) -> Component:
    """A line of small print."""
    return html.P(text, className="card-note")


def _link_to(key: str, name: str, t: Translator) -> Component:
    return html.A(
        "#",
        href=address(key),
        className="card-link",
        **{"aria-label": t("Link to this section: {name}", name=name)},
    )
