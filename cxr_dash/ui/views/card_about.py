"""The words of the model page, a section each: audits, figures, use, making, and the card as text."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import Audit, BundleSpec
from cxr_dash.language import SOURCE_LANGUAGE, Translator
from cxr_dash.ui.views import bundle_words
from cxr_dash.ui.views import card_tables as tables
from cxr_dash.ui.views import card_words as words
from cxr_dash.ui.views.card_parts import SECTIONS, note, section


def audits_part(spec: BundleSpec, t: Translator) -> list[Component]:
    """What is to be known before the model is relied on, and what else it may be reading."""
    found = [_audit(audit, t) for audit in spec.audits]
    return [
        *_warnings(spec.warnings, t),
        *([section("audits", t, found, t("What else it may be reading"))] if found else []),
    ]


def _audit(audit: Audit, t: Translator) -> Component:
    rows = [
        [t(entry.name), words.short_splits(entry.split, t), tables.interval_text(entry.value, t)]
        for entry in audit.figures
    ]
    header = [t("Figure (95 % interval)"), t("Films"), t("Value")]
    return html.Details(
        [
            html.Summary(
                [
                    html.Span(t(words.VERDICTS[audit.verdict]), className=f"verdict-mark {audit.verdict}"),
                    html.Span(words.said(audit.name, t), className="audit-name"),
                    html.Span(words.said(audit.headline, t), className="audit-headline"),
                ]
            ),
            note(t("Limit: {limit}.", limit=t(audit.limit))),
            *(note(words.said(detail, t)) for detail in audit.details),
            *([tables.table(header, rows, t(audit.name))] if rows else []),
        ],
        className=f"audit {audit.verdict}",
    )


def figures_part(spec: BundleSpec, t: Translator) -> list[Component]:
    """Averages, then every label, on every split that nothing was chosen on."""
    point = bundle_words.point_name(spec.operating_point(), t)
    parts: list[Component] = []
    if spec.metrics:
        parts = [
            tables.summary_table(spec, t),
            note(
                t(
                    "Intervals are of resampled patients: the chance of the draw, not the difference between "
                    "hospitals. An AUROC of {coin} is a coin.",
                    coin=t.decimal(0.5, 1),
                )
            ),
        ]
    for split in tables.splits_in_order(spec, judged_only=True):
        films = words.split_description(spec, split, t)
        parts += [
            html.H4(words.split_name(split.split, t)),
            note(words.said(films, t)),
            note(t("Sensitivity and specificity are those at “{point}”.", point=point)),
            tables.label_table(spec, split, t),
        ]
    return parts


def use_part(spec: BundleSpec, t: Translator) -> list[Component]:
    """What the model is for, and what it is not for."""
    gate = spec.out_of_distribution
    unsought = [html.Li(bundle_words.label_name(one, t)) for one in spec.not_looked_for]
    return [
        *([html.H4(t("What it does not look for")), html.Ul(unsought)] if unsought else []),
        html.H4(t("What it is for")),
        html.Ul([html.Li(words.said(text, t)) for text in spec.intended_use]),
        html.H4(t("What it is not for")),
        html.Ul([html.Li(words.said(text, t)) for text in spec.not_for]),
        *(
            [html.H4(t("Films it should not be asked about")), note(words.said(gate.measured, t))]
            if gate
            else []
        ),
    ]


def making_part(spec: BundleSpec, t: Translator) -> list[Component]:
    """The films it was made of, how it was made, and the digests of its files."""
    made, calibration = spec.training, spec.calibration
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    minutes = int(t.decimal(made.minutes, 0))
    return [
        *([tables.source_table(spec, t)] if spec.sources else []),
        note(
            t(
                "Calibrated on {films}: {how}",
                films=t(calibration.fitted_on),
                how=t(calibration.chosen or calibration.kind),
            )
        ),
        note(
            t.plural(
                "Trained {date} in {n} minute, seed {seed}, commit {commit}; {versions}",
                "Trained {date} in {n} minutes, seed {seed}, commit {commit}; {versions}",
                minutes,
                date=made.date,
                seed=made.seed,
                commit=made.commit,
                versions=versions,
            )
        ),
        *(
            note(t("sha256 of {file}: {digest}", file=name, digest=digest))
            for name, digest in spec.files.items()
        ),
    ]


def text_part(bundle: Bundle, t: Translator) -> list[Component]:
    """``CARD.md`` is written in English, and says so to who reads the page in another language."""
    english = t.language == SOURCE_LANGUAGE
    text = (
        html.Div(
            dcc.Markdown(bundle.card, className="card-text"),
            className="card-text-frame",
            lang=SOURCE_LANGUAGE,
            # its tables may be wider than a phone: the frame must be reached by keyboard to scroll it
            tabIndex="0",
            role="group",
            **{"aria-label": t(SECTIONS["text"])},
        )
        if bundle.card
        else note(t("This bundle came without a card."))
    )
    return [
        *([] if english else [note(t("This text is in English only; all figures above are the same."))]),
        html.Details([html.Summary(t("Show the text")), text], className="card-more"),
    ]


def _warnings(warnings: Sequence[str], t: Translator) -> list[Component]:
    if not warnings:
        return []
    said = html.Ul([html.Li(words.said(warning, t)) for warning in warnings])
    return [html.Div([html.H3(t("Before you rely on it")), said], className="card-warnings")]
