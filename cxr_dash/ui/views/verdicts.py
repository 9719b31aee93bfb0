"""What the reader makes of the findings: switches in their rows, how far it has come, and the report text.

``6-panel/61-verdicts-view.js`` and ``6-panel/64-report-text.js`` bring them to life.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.language import Translator
from cxr_dash.services.exports import can_be_judged
from cxr_dash.services.exports.wording import lower
from cxr_dash.ui import ids


def verdict_switches(key: str, name: str, t: Translator) -> Component:
    """Accept and reject, for one row; the room for them where a label is no finding by itself."""
    small = lower(name, t)
    switches = [
        _switch("accepted", t("Accept {name}", name=small)),
        _switch("rejected", t("Reject {name}", name=small)),
    ]
    return html.Span(switches if can_be_judged(key) else [], className="verdicts", role="gridcell")


def _switch(verdict: str, name: str) -> Component:
    return html.Button(
        html.Span(className="verdict-sign", **{"aria-hidden": "true"}),
        className="verdict-switch",
        type="button",
        disabled=True,
        tabIndex="-1",
        **{"data-verdict": verdict, "aria-label": name, "aria-pressed": "false"},
    )


def judged_line(t: Translator) -> Component:
    """Under the rows: how many were accepted and rejected, and the way to the report text."""
    return html.Div(
        [
            html.Span(id=ids.JUDGED, role="status"),
            html.Button(
                [html.Span(t("Report text")), html.Kbd(";", **{"aria-hidden": "true"})],
                id=ids.REPORT_TEXT_OPEN,
                className="link report-text-open",
                type="button",
                title=t("A text of what you accepted, to copy or print (;)"),
                **{"aria-expanded": "false", "aria-controls": ids.REPORT_TEXT},
            ),
        ],
        className="judged-line",
        hidden=True,
    )


def report_text_panel(t: Translator) -> Component:
    """The text of what was accepted, over the film until closed."""
    return html.Section(
        [
            html.Header(
                [
                    html.H2(t("Report text"), id=ids.REPORT_TEXT_TITLE),
                    html.Button(
                        "×",
                        id=ids.REPORT_TEXT_CLOSE,
                        className="quiet-close",
                        type="button",
                        title=t("Close"),
                    ),
                ]
            ),
            html.P(
                t(
                    "Made of what you accepted on this film. Change it before you take it away; this page "
                    "forgets what you type when it is closed."
                ),
                className="own-note",
            ),
            html.Div(id=ids.REPORT_TEXT_BODY, className="report-text-body"),
            html.P(id=ids.REPORT_TEXT_NOTE, className="report-text-note", role="status"),
            html.Div(
                [
                    html.Button(
                        t("Copy"), id=ids.REPORT_TEXT_COPY, className="button primary", type="button"
                    ),
                    html.Button(t("Print"), id=ids.REPORT_TEXT_PRINT, className="button", type="button"),
                    html.Button(t("Make it anew"), id=ids.REPORT_TEXT_ANEW, className="link", type="button"),
                ],
                className="report-text-acts",
            ),
        ],
        id=ids.REPORT_TEXT,
        className="report-text",
        role="dialog",
        hidden=True,
        **{"aria-labelledby": ids.REPORT_TEXT_TITLE},
    )
