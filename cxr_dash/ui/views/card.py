"""The model card: what speaks against the model first, then its figures, then how it was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dash import dcc, html
from dash.development.base_component import Component
from plotly.graph_objects import Figure

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import Audit, BundleSpec, HeldOut
from cxr_dash.language import Translator
from cxr_dash.ui.figures import reliability_figure, roc_figure
from cxr_dash.ui.views import bundle_words
from cxr_dash.ui.views import card_tables as tables

_GRAPH_CONFIG = {
    "displayModeBar": False,
    "displaylogo": False,
    "responsive": True,
    "plotlyServerURL": "",
    "showEditInChartStudio": False,
}
_VERDICTS = {"bad": "Bad", "caution": "Caution", "ok": "OK"}
_SECTIONS = (
    ("audits", "Audits"),
    ("figures", "Figures"),
    ("curves", "Curves and points"),
    ("subgroups", "Subgroups"),
    ("use", "Use"),
    ("films", "Films and making"),
)


def card_title(spec: BundleSpec, t: Translator) -> str:
    """Title of the model-card window."""
    return f"{bundle_words.title(spec, t)} · {spec.id} {spec.version}"


def audit_badge(spec: BundleSpec, t: Translator) -> str:
    """For the header's button: how many audits the model failed; empty when none."""
    bad = sum(audit.verdict == "bad" for audit in spec.audits)
    return t.plural("{n} bad audit", "{n} bad audits", bad) if bad else ""


def card_body(bundle: Bundle, label_key: str, t: Translator) -> Component:
    """Warnings and verdicts in plain view, then figures, the curves of one label, and how it was made."""
    spec = bundle.spec
    label = next((item for item in spec.labels if item.key == label_key), spec.labels[0])
    name = bundle_words.label_name(label, t)
    return html.Div(
        [
            _verdicts(spec.audits),
            _warnings(spec.warnings),
            html.Nav(
                [html.A(name, href=f"#card-{key}", className="chip") for key, name in _SECTIONS],
                className="card-nav",
                **{"aria-label": "Sections of the card"},
            ),
            _section("audits", "What else it may be reading", [_audit(audit) for audit in spec.audits]),
            _figures(spec),
            _section(
                "curves",
                t("{name}: curves and operating points", name=name),
                [part for held in spec.held_out for part in _curves(spec, held, label.key, name)],
            ),
            _section("subgroups", "Subgroups", _subgroups(spec)),
            _use(spec),
            _making(spec),
            html.Details(
                [
                    html.Summary("The whole card as text"),
                    dcc.Markdown(bundle.card or "This bundle came without a card.", className="card-text"),
                ]
            ),
        ],
        className="card-content",
    )


def _section(key: str, title: str, parts: Iterable[Component]) -> Component:
    found = list(parts)
    return html.Section(
        [html.H3(title), *found], id=f"card-{key}", className="card-section", hidden=not found
    )


def _note(text: str) -> Component:
    return html.P(text, className="card-note")


def _verdicts(audits: Sequence[Audit]) -> Component:
    """One line above all that names what it failed."""
    bad = [audit.name for audit in audits if audit.verdict == "bad"]
    return html.Div(
        [html.Strong(f"Bad in {len(bad)} of {len(audits)} audits: "), "; ".join(bad)] if bad else [],
        className="card-bad",
        role="alert",
        hidden=not bad,
    )


def _audit(audit: Audit) -> Component:
    rows = [[entry.name, entry.split, tables.interval_text(entry.value)] for entry in audit.figures]
    return html.Details(
        [
            html.Summary(
                [
                    html.Span(_VERDICTS[audit.verdict], className=f"verdict-mark {audit.verdict}"),
                    html.Span(audit.name, className="audit-name"),
                    html.Span(audit.headline, className="audit-headline"),
                ]
            ),
            _note(f"Limit: {audit.limit}."),
            *(_note(detail) for detail in audit.details),
            *([tables.table(["Figure (95 % interval)", "Films", "Value"], rows)] if rows else []),
        ],
        className=f"audit {audit.verdict}",
    )


def _figures(spec: BundleSpec) -> Component:
    judged = tables.splits_in_order(spec, judged_only=True)
    point = spec.operating_point()
    parts: list[Component] = []
    if spec.metrics:
        parts = [
            tables.summary_table(spec),
            _note(
                "Intervals are of resampled patients: the chance of the draw, not the difference between "
                "hospitals. An AUROC of 0.5 is a coin."
            ),
        ]
    for split in judged:
        parts += [
            html.H4(tables.split_name(split.split)),
            _note(f"{split.description_en} Sensitivity and specificity at “{point.name_en}”."),
            tables.label_table(spec, split),
        ]
    return _section("figures", "How well it does", parts)


def _curves(spec: BundleSpec, held: HeldOut, label_key: str, name: str) -> list[Component]:
    split = next((found for found in spec.metrics if found.split == held.split), None)
    points = tables.point_table(spec, split, label_key) if split else None
    return [
        html.H4(f"{name} on films of split “{held.split}”"),
        _note(held.description_en),
        html.Div(
            [_graph(roc_figure(spec, held, label_key)), _graph(reliability_figure(spec, held, label_key))],
            className="card-graphs",
        ),
        *([points] if points is not None else []),
    ]


def _subgroups(spec: BundleSpec) -> list[Component]:
    parts: list[Component] = []
    for split in tables.splits_in_order(spec, judged_only=True):
        if split.subgroups:
            parts += [html.H4(tables.split_name(split.split)), tables.subgroup_table(split)]
    return parts


def _use(spec: BundleSpec) -> Component:
    localisation = tables.localisation_table(spec)
    gate = spec.out_of_distribution
    return _section(
        "use",
        "Use",
        [
            html.H4("What it is for"),
            html.Ul([html.Li(text) for text in spec.intended_use]),
            html.H4("What it is not for"),
            html.Ul([html.Li(text) for text in spec.not_for]),
            *([html.H4("Where its heatmaps point"), localisation] if localisation is not None else []),
            *([html.H4("Films it should not be asked about"), _note(gate.measured)] if gate else []),
        ],
    )


def _making(spec: BundleSpec) -> Component:
    made = spec.training
    calibration = spec.calibration
    return _section(
        "films",
        "Films and making",
        [
            *([tables.source_table(spec)] if spec.sources else []),
            _note(f"Calibrated on {calibration.fitted_on}: {calibration.chosen or calibration.kind}"),
            _note(
                f"Trained {made.date} in {made.minutes:g} minutes, seed {made.seed}, commit {made.commit}; "
                + ", ".join(f"{name} {version}" for name, version in made.versions.items())
            ),
            *(_note(f"sha256 of {name}: {digest}") for name, digest in spec.files.items()),
        ],
    )


def _graph(figure: Figure) -> Component:
    return dcc.Graph(figure=figure, config=_GRAPH_CONFIG, className="card-graph")


def _warnings(warnings: Sequence[str]) -> Component:
    return html.Div(
        [html.H3("Before you rely on it"), html.Ul([html.Li(warning) for warning in warnings])]
        if warnings
        else [],
        className="card-warnings",
        hidden=not warnings,
    )
