"""The model page: what speaks against the model first, then its figures, then how it was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from cxr_dash.domain import N_
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import Audit, BundleSpec
from cxr_dash.language import SOURCE_LANGUAGE, Translator
from cxr_dash.ui import ids
from cxr_dash.ui.views import bundle_words
from cxr_dash.ui.views import card_tables as tables
from cxr_dash.ui.views import card_words as words
from cxr_dash.ui.views.card_examples import places_part

# Sections in their order: the node's id ends with the key.
SECTIONS = {
    "audits": N_("Audits"),
    "figures": N_("Figures"),
    "curves": N_("Curves of one label"),
    "cut": N_("At your threshold"),
    "subgroups": N_("Subgroups"),
    "places": N_("Where heatmaps point"),
    "use": N_("Use"),
    "films": N_("Films and making"),
    "training": N_("Training"),
    "text": N_("The whole card as text"),
}


@dataclass(frozen=True, slots=True, eq=False)
class CardParts:
    """What opening the page fills in; graphs come when their section is in view.

    Attributes
    ----------
    title : str
    options : list of dict
        Labels, for the selector.
    label : str
        Key of the label to begin with.
    nav, top, cut, rest, text : list of Component
        The list of sections; those before the graphs; the splits to count on; those after; the text.
    untold : bool
        Whether the model came without a log of its training, which then has no section.
    """

    title: str
    options: list[dict[str, str]]
    label: str
    nav: list[Component]
    top: list[Component]
    cut: list[Component]
    rest: list[Component]
    text: list[Component]
    untold: bool


def card_title(spec: BundleSpec, t: Translator) -> str:
    """Title of the model page."""
    return f"{bundle_words.title(spec, t)} · {spec.id} {spec.version}"


def audit_badge(spec: BundleSpec, t: Translator) -> str:
    """For the header's button: how many audits the model failed; empty when none."""
    bad = sum(audit.verdict == "bad" for audit in spec.audits)
    return t.plural("{n} bad audit", "{n} bad audits", bad) if bad else ""


def card_parts(bundle: Bundle, label_key: str, t: Translator) -> CardParts:
    """Warnings and verdicts in plain view, then figures, then how it was made.

    Parameters
    ----------
    bundle : Bundle
    label_key : str
        The label in view; the first one where the model has no such label.
    t : Translator
    """
    spec = bundle.spec
    top = [
        _verdicts(spec.audits, t),
        _warnings(spec.warnings, t),
        section("audits", t, [_audit(audit, t) for audit in spec.audits], t("What else it may be reading")),
        section("figures", t, _figures(spec, t), t("How well it does")),
    ]
    rest = [
        section("places", t, places_part(spec, t)),
        section("use", t, _use(spec, t)),
        section("films", t, _making(spec, t)),
    ]
    text = [section("text", t, _text(bundle, t))]
    shown = {node.id for node in (*top, *rest, *text) if getattr(node, "id", None) and not node.hidden}
    groups = any(split.subgroups for split in tables.splits_in_order(spec, judged_only=True))
    late = ["curves", "cut", *(["subgroups"] if groups else []), *(["training"] if spec.training_log else [])]
    shown |= {ids.card_section(key) for key in late}
    return CardParts(
        title=card_title(spec, t),
        options=[{"label": bundle_words.label_name(one, t), "value": one.key} for one in spec.labels],
        label=label_key if label_key in spec.label_keys else spec.label_keys[0],
        nav=_nav([key for key in SECTIONS if ids.card_section(key) in shown], t),
        top=top,
        cut=[_counted_split(spec, held.split, t) for held in tables.held_out_in_order(spec)],
        rest=rest,
        text=text,
        untold=spec.training_log is None,
    )


def section(
    key: str, t: Translator, parts: Iterable[Component], title: str | None = None, **attributes: Any
) -> Component:
    """A section of the page with a link to itself; hidden when there is nothing in it."""
    found = list(parts)
    name = title or t(SECTIONS[key])
    return html.Section(
        [html.H3([name, " ", _link_to(key, name, t)], id=ids.card_section_title(key)), *found],
        id=ids.card_section(key),
        className="card-section",
        hidden=not found,
        **{"aria-labelledby": ids.card_section_title(key), **attributes},
    )


def note(text: str | Component) -> Component:
    """A line of small print."""
    return html.P(text, className="card-note")


def _link_to(key: str, name: str, t: Translator) -> Component:
    return html.A(
        "#",
        href=f"#{ids.card_section(key)}",
        className="card-link",
        **{"aria-label": t("Link to this section: {name}", name=name)},
    )


def _nav(keys: Sequence[str], t: Translator) -> list[Component]:
    return [html.Ol([html.Li(html.A(t(SECTIONS[key]), href=f"#{ids.card_section(key)}")) for key in keys])]


def _counted_split(spec: BundleSpec, split: str, t: Translator) -> Component:
    """Where scripts count the films of one split at the reader's cut."""
    return html.Div(
        [
            html.H4(words.split_name(split, t)),
            html.Div(className="confusion", **{"data-split": split, "data-model": spec.id}),
        ],
        className="counted-split",
    )


def _verdicts(audits: Sequence[Audit], t: Translator) -> Component:
    """One line above all that names what it failed."""
    bad = [t(audit.name) for audit in audits if audit.verdict == "bad"]
    failed = t.plural("Bad in {bad} of {n} audit:", "Bad in {bad} of {n} audits:", len(audits), bad=len(bad))
    return html.Div(
        [html.Strong(failed), " ", "; ".join(bad)] if bad else [],
        className="card-bad",
        role="alert",
        hidden=not bad,
    )


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


def _figures(spec: BundleSpec, t: Translator) -> list[Component]:
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


def _use(spec: BundleSpec, t: Translator) -> list[Component]:
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


def _making(spec: BundleSpec, t: Translator) -> list[Component]:
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


def _text(bundle: Bundle, t: Translator) -> list[Component]:
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


def _warnings(warnings: Sequence[str], t: Translator) -> Component:
    return html.Div(
        [
            html.H3(t("Before you rely on it")),
            html.Ul([html.Li(words.said(warning, t)) for warning in warnings]),
        ]
        if warnings
        else [],
        className="card-warnings",
        hidden=not warnings,
    )
