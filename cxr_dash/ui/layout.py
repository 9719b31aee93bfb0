"""The page's frame: header, worklist, film, findings, footer. A pure function."""

from __future__ import annotations

from dataclasses import dataclass

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from cxr_dash.errors import NotReadyError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.language import Translator, languages
from cxr_dash.services.readiness import shortcomings
from cxr_dash.settings import Settings
from cxr_dash.ui import facts, ids
from cxr_dash.ui.views import bundle_words, card, panel
from cxr_dash.ui.views.card_parts import FIRST, address
from cxr_dash.ui.views.card_window import card_window
from cxr_dash.ui.views.read_first import agreement, read_first_switch
from cxr_dash.ui.views.verdicts import report_text_panel
from cxr_dash.ui.views.viewer import viewer
from cxr_dash.ui.views.worklist import list_notices, worklist_column
from cxr_dash.words import DECISION_SUPPORT


@dataclass(frozen=True, slots=True)
class PageUser:
    """Whose page it is.

    Attributes
    ----------
    name : str
    sign_out : str
        Address that ends the sign-in; empty where another program keeps it.
    tag : str
        Differs from user to user and names none: what a tab remembers is for its own user.
    """

    name: str
    sign_out: str
    tag: str = ""


def build_layout(
    settings: Settings, catalog: Catalog, t: Translator, user: PageUser | None = None
) -> Component:
    """The whole page, with the default model's panel already in it.

    Parameters
    ----------
    settings : Settings
    catalog : Catalog
    t : Translator
        For the reader who asked for the page.
    user : PageUser, optional
        Who signed in.

    Returns
    -------
    Component
        Also when the catalog is empty: the page then says what to do.
    """
    model_ids = catalog.ids()
    bundles = [catalog.get(model_id) for model_id in model_ids]
    chosen = catalog.get(catalog.default_id(settings.default_model)) if bundles else None
    lacks = shortcomings(settings, catalog) if bundles else []
    return html.Div(
        [
            *_stores(settings, chosen, user, t),
            html.A(t("Skip to the findings"), href=f"#{ids.PANEL}", className="skip"),
            _header(bundles, chosen, t),
            *_lacking(lacks, t),
            html.Div(id=ids.SIGNED_OUT, className="signed-out", role="alert", hidden=True),
            html.Main(
                [
                    worklist_column(settings, t),
                    list_notices(),
                    viewer(t),
                    html.Aside(
                        panel.model_panel(chosen.spec, t) if chosen else panel.no_model(catalog.broken(), t),
                        id=ids.PANEL,
                        className="panel",
                        tabIndex="-1",
                        **{"aria-label": t("What the model says")},
                    ),
                ],
                className="columns",
            ),
            _footer(chosen, user, t),
            agreement(t),
            report_text_panel(t),
            card_window(t),
            html.Div(t("Let go to open the films"), className="drop-veil", **{"aria-hidden": "true"}),
        ],
        className="page page-lacking" if lacks else "page",
    )


def _lacking(lacks: list[NotReadyError], t: Translator) -> list[Component]:
    """What this server should have and has not, above everything that it may change."""
    if not lacks:
        return []
    lines = [html.P([html.Strong(t.say(lack.words)), " ", t.say(lack.remedy_words)]) for lack in lacks]
    return [html.Div(lines, className="lacking", role="alert")]


def _stores(
    settings: Settings, chosen: Bundle | None, user: PageUser | None, t: Translator
) -> list[Component]:
    return [
        dcc.Store(id=ids.SETTINGS, data=facts.page_settings(settings, t, user.tag if user else "")),
        dcc.Store(id=ids.FACTS, data=facts.model_facts(chosen, t) if chosen else None),
        dcc.Store(id=ids.FILMS, data=[]),
        dcc.Store(id=ids.QUESTION),
        dcc.Store(id=ids.ANSWER),
        dcc.Store(id=ids.THRESHOLDS, data={}),
        dcc.Location(id=ids.ADDRESS, refresh=False),
        dcc.Store(id=ids.CARD_ASKED),
        dcc.Store(id=ids.CARD_CUT_MOVED),
        dcc.Store(id=ids.CARD_SHOWN),
        dcc.Store(id=ids.CARD_COUNTED),
    ]


def _header(bundles: list[Bundle], chosen: Bundle | None, t: Translator) -> Component:
    warning = bundle_words.warning_line(chosen.spec, t) if chosen else ""
    return html.Header(
        [
            html.Button(
                [
                    html.Span(t("Films"), className="fold-words"),
                    html.Span(id=ids.LIST_COUNT, className="list-count"),
                ],
                id=ids.LIST_FOLD,
                className="quiet-button list-fold",
                type="button",
                title=t("The list of films: wide or folded (V)"),
                **{"aria-expanded": "false", "aria-controls": ids.LIST},
            ),
            html.Span("cxr-dash", className="brand"),
            html.Label(t("Model"), htmlFor=ids.MODEL, className="hidden-label"),
            dbc.Select(
                id=ids.MODEL,
                options=[
                    {"label": bundle_words.short_title(bundle.spec, t), "value": bundle.id}
                    for bundle in bundles
                ],
                value=chosen.id if chosen else None,
                disabled=not bundles,
                className="model-select",
            ),
            html.A(
                [
                    t("Model card"),
                    html.Span(
                        card.audit_badge(chosen.spec, t) if chosen else "",
                        id=ids.AUDITS,
                        className="audit-badge",
                    ),
                ],
                id=ids.CARD_OPEN,
                className="button",
                **_leads_to_the_card(bundles),
            ),
            html.Span(
                bundle_words.population_line(chosen.spec, t) if chosen else "",
                id=ids.POPULATION,
                className="population",
            ),
            html.A(
                warning, id=ids.WARNING, className="warning", title=warning, **_leads_to_the_card(bundles)
            ),
            read_first_switch(t),
            html.Button(
                t("? keys"),
                id=ids.KEYS_BUTTON,
                className="quiet-button",
                type="button",
                **{"aria-expanded": "false", "aria-controls": ids.KEYS_HELP},
            ),
            # can be focused, so that the keyboard can scroll a list longer than the screen
            html.Div(id=ids.KEYS_HELP, className="keys-help", hidden=True, tabIndex="0"),
            _languages(t),
        ],
        className="top",
    )


def _leads_to_the_card(bundles: list[Bundle]) -> dict[str, str]:
    """A link to the model page; none where there is no model."""
    return {"href": address(FIRST)} if bundles else {"aria-disabled": "true", "role": "link"}


def _languages(t: Translator) -> Component:
    return html.Div(
        [
            html.Button(
                code.upper(),
                className="quiet-button language",
                type="button",
                title=name,
                lang=code,
                **{
                    "data-language": code,
                    "aria-label": name,
                    "aria-pressed": str(code == t.language).lower(),
                },
            )
            for code, name in languages().items()
        ],
        id=ids.LANGUAGES,
        className="languages",
        role="group",
        **{"aria-label": t("Language")},
    )


def _footer(chosen: Bundle | None, user: PageUser | None, t: Translator) -> Component:
    return html.Footer(
        [
            html.Span(t(DECISION_SUPPORT), className="decision-support"),
            html.Span(
                [
                    html.Span(bundle_words.footer_model(chosen) if chosen else "", id=ids.FOOTER_MODEL),
                    html.Span(id=ids.FOOTER_TIME),
                ],
                className="footer-model",
            ),
            *([_signed_in(user, t)] if user else []),
        ],
        className="bottom",
    )


def _signed_in(user: PageUser, t: Translator) -> Component:
    """Who is signed in, and the way out: an ordinary form, which works without a script."""
    parts: list[Component] = [html.Span(user.name, className="user-name", title=user.name)]
    if user.sign_out:
        parts.append(html.Button(t("Sign out"), type="submit", className="link"))
    return html.Form(parts, action=user.sign_out, method="POST", className="signed-in")
