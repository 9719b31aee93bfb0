"""The worklist's frame; ``assets/js/3-list`` fills it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.language import Translator
from cxr_dash.settings import Settings
from cxr_dash.ui import ids
from cxr_dash.ui.views.read_first import agreement_line


def worklist_column(settings: Settings, t: Translator) -> Component:
    """The left-hand column: where films are dropped, and a row for each."""
    megabytes = settings.max_upload_bytes / 2**20
    return html.Aside(
        [
            html.Button(
                [
                    html.Span(t("Drop films or a folder here"), className="drop-words"),
                    html.Small(t("DICOM, PNG, JPEG, WebP or ZIP, up to {most:g} MB a film", most=megabytes)),
                ],
                id=ids.DROP,
                className="drop",
                type="button",
            ),
            html.Button(
                t("Choose a folder"), id=ids.CHOOSE_FOLDER, className="link choose-folder", type="button"
            ),
            html.Div(id=ids.PICKER, hidden=True),
            html.Div(id=ids.LIST_CONTROLS, className="list-controls", hidden=True),
            html.Ol(id=ids.WORKLIST, className="rows", **{"aria-label": t("Films")}),
            agreement_line(t),
            html.Div(id=ids.WORKLIST_NOTE, className="worklist-note", hidden=True),
            html.Div(id=ids.LIST_STATUS, className="hidden-label", role="status"),
        ],
        id=ids.LIST,
        className="worklist",
        **{"aria-label": t("Worklist")},
    )


def list_notices() -> Component:
    """What list and server have to say, above the film: a folded list has no room for it."""
    return html.Div(
        [
            html.Div(id=ids.BANNER, className="banner", role="alert", hidden=True),
            html.Div(id=ids.DELETION_NOTE, className="banner", role="alert", hidden=True),
            html.Div(id=ids.INTAKE_NOTE, className="intake-note", role="status", hidden=True),
        ],
        id=ids.LIST_NOTICES,
        className="list-notices",
    )
