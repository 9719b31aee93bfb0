"""The right-hand column: what a model says. Figures are left empty; ``assets/js/6-panel`` fills them."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.domain import HEART_LABELS, N_
from cxr_dash.inference.schema import BundleSpec, OperatingPoint
from cxr_dash.language import Translator
from cxr_dash.services.exports.wording import not_looked_for
from cxr_dash.ui import ids
from cxr_dash.ui.views import bundle_words
from cxr_dash.ui.views.read_first import own_reading
from cxr_dash.ui.views.similar import similar
from cxr_dash.ui.views.takeaway import takeaway
from cxr_dash.ui.views.verdicts import judged_line, verdict_switches

# Probabilities are drawn on the angular scale, 2/pi * asin(sqrt(p)): small ones stay visible, 0, 50 and 100 %
# stay where they are. assets/js/0-core/20-statistics.js holds the same formula.
_AXIS_TICKS = ("1", "10", "30", "60", "90")
_NAMED_AT_ONCE = 3  # of what is not looked for; the rest opens below
_FIGURES = (
    ("sensitivity", N_("sensitivity")),
    ("specificity", N_("specificity")),
    ("ppv", N_("PPV")),
    ("npv", N_("NPV")),
)


def model_panel(spec: BundleSpec, t: Translator) -> Component:
    """The right-hand column for one model: headline, findings, threshold panel, downloads."""
    return html.Div(
        [
            html.Div(id=ids.FIRST_OF_ALL, className="first-of-all", hidden=True, role="alert"),
            html.Div(
                [
                    html.H1(className="headline", id=ids.HEADLINE),
                    html.P(className="hidden-label", id=ids.TO_CHECK),  # seen, it is the rows
                    html.P(className="summary", id=ids.SUMMARY),
                    html.Div(className="quality", id=ids.QUALITY, hidden=True),
                ],
                className="verdict",
                role="status",
                **{"aria-live": "polite"},
            ),
            own_reading(t),
            html.Div(
                [_findings(spec, t), _threshold_panel(spec, t), similar(t)],
                className="figures",
                id=ids.FIGURES,
            ),
            takeaway(t),
        ],
        key=spec.id,
        className="panel-body",
        **{"data-model": spec.id},
    )


def _findings(spec: BundleSpec, t: Translator) -> Component:
    heading = t("Findings") if spec.activation == "sigmoid" else t("Classes")
    names = {label.key: bundle_words.label_name(label, t) for label in spec.labels}
    return html.Section(
        [
            html.Div(
                [
                    html.H2(heading, className="section-title"),
                    html.Div(
                        [html.Span(tick, **{"data-percent": tick}) for tick in _AXIS_TICKS],
                        className="axis",
                        **{"aria-hidden": "true"},
                    ),
                    html.Span("%", className="axis-unit", **{"aria-hidden": "true"}),
                ],
                className="findings-head",
                title=t(
                    "Probability, on the angular scale so that small ones can be told apart. "
                    "The notch under the bar is each finding's own threshold; ▲ says that it is reached, △ "
                    "that it is just reached. The soft band says "
                    "how sure the score is: how often held-out films with the nearest scores had the "
                    "finding, as a 95 % interval."
                ),
            ),
            html.Div(
                [_finding_row(key, name, t) for key, name in names.items()],
                className="findings-list",
                id=ids.FINDINGS,
                role="grid",
                **{
                    "aria-label": t(
                        "{heading}: choose one for the heatmap and the threshold panel", heading=heading
                    )
                },
            ),
            html.Button(id=ids.MORE, className="link more", type="button", hidden=True),
            judged_line(t),
            html.P(id=ids.HOW_SURE, className="how-sure"),
            *_not_looked_for(spec, t),
        ],
        className="findings",
        style={"--longest": str(max(map(len, names.values())))},
    )


def _not_looked_for(spec: BundleSpec, t: Translator) -> list[Component]:
    """One quiet line under the answer, which opens: about these the model's silence says nothing."""
    names = not_looked_for(spec, t)
    if not names:
        return []
    rest = len(names) - _NAMED_AT_ONCE
    shown = [*names[:_NAMED_AT_ONCE], t.plural("{n} more", "{n} more", rest)] if rest > 1 else names
    return [
        html.Details(
            [
                html.Summary(t("Not looked for: {names}.", names=t.listed(shown))),
                html.P(f"{t.listed(names)}."),
            ],
            className="not-looked-for",
        )
    ]


def _finding_row(key: str, name: str, t: Translator) -> Component:
    # what is measured on the film and belongs to a finding stands beside its name, never in its bar
    measure = [html.Span(className="finding-measure")] if key in HEART_LABELS else []
    finding = html.Button(
        [
            html.Span(className="finding-mark"),
            html.Span([name, *measure, html.Span(className="finding-place")], className="finding-name"),
            html.Span(
                [
                    html.Span(className="finding-fill"),
                    html.Span(className="finding-sure", hidden=True),
                    html.Span(className="finding-cut"),
                ],
                className="track",
            ),
            html.Span(className="finding-value"),
        ],
        className="finding",
        type="button",
        role="gridcell",
        **{"data-label": key, "data-name": name},
    )
    return html.Div([finding, verdict_switches(key, name, t)], className="finding-row", role="row")


def _threshold_panel(spec: BundleSpec, t: Translator) -> Component:
    return html.Section(
        [
            html.Div(
                [
                    html.H2(id=ids.CUT_TITLE, className="section-title"),
                    html.Span(id=ids.CUT_VALUE, className="cut-value"),
                ],
                className="cut-head",
            ),
            _chips(spec, t),
            html.Button(
                [
                    html.Span(t("Threshold panel")),
                    html.Kbd("T", **{"aria-hidden": "true"}),
                ],
                id=ids.CUT_OPEN,
                className="link cut-open",
                type="button",
                title=t("The slider, and what follows from this threshold (T)"),
                **{"aria-expanded": "false", "aria-controls": ids.CUT_DRAWER},
            ),
            html.Div(_consequences(t), id=ids.CUT_DRAWER, className="cut-drawer", hidden=True),
        ],
        className="cut-panel",
        **{"aria-label": t("Where to set the threshold")},
    )


def _consequences(t: Translator) -> list[Component]:
    """What the drawer holds: the slider and what follows from where it stands."""
    return [
        html.Div(id=ids.CUT_SLIDER, className="cut-slider"),
        html.Div(id=ids.OWN_CUT, className="own-cut"),
        html.Dl([_figure(key, t(name)) for key, name in _FIGURES], className="four"),
        html.Div(
            [
                html.P(id=ids.THOUSAND, className="thousand"),
                html.Div(id=ids.DOTS, className="dots"),
                html.Div(id=ids.PREVALENCE, className="prevalence"),
            ],
            className="consequences",
        ),
        html.Div(id=ids.MEASURED_ON, className="measured-on"),
        html.Button(
            t("ROC curve"),
            id=ids.ROC_TOGGLE,
            className="link roc-toggle",
            type="button",
            **{"aria-expanded": "false", "aria-controls": ids.ROC},
        ),
        html.Div(id=ids.ROC, className="roc", hidden=True),
    ]


def _chips(spec: BundleSpec, t: Translator) -> Component:
    """The presets: those chosen by what they do to whole films under a heading, further ones in a fold."""

    def chips(points: list[OperatingPoint]) -> list[Component]:
        return [_chip(point, spec.default_operating_point, t) for point in points]

    first = [point for point in spec.operating_points if not point.more]
    joint = [point for point in first if point.joint]
    further = [point for point in spec.operating_points if point.more]
    heading = [html.Span(t("Films without a finding flagged:"), className="chips-of")] if joint else []
    fold = (
        [html.Details([html.Summary(t("More presets")), html.Div(chips(further))], className="chips-more")]
        if further
        else []
    )
    return html.Div(
        [*heading, *chips(joint), *chips([point for point in first if not point.joint]), *fold],
        className="chips",
        role="group",
        **{"aria-label": t("Operating points")},
    )


def _chip(point: OperatingPoint, default: str, t: Translator) -> Component:
    parts = [bundle_words.explanation(point, t), t("Chosen on {split}.", split=t(point.chosen_on))]
    parts += [said] if (said := bundle_words.achieved(point, t)) else []
    parts += [t("It sets the thresholds of all findings.")] if point.joint else []
    if point.key == default:
        parts.append(t("This is the default."))
    return html.Button(
        bundle_words.point_chip(point, t),
        className="chip",
        type="button",
        title=" ".join(parts),
        **{"data-point": point.key, "aria-pressed": "false"},
    )


def _figure(key: str, name: str) -> Component:
    return html.Div(
        [
            html.Dt(name, className="four-name"),
            html.Dd(className="four-value"),
            html.Dd(className="four-interval"),
        ],
        className="four-cell",
        **{"data-figure": key},
    )


def no_model(broken: dict[str, str], t: Translator) -> Component:
    """The right-hand column when the models folder holds nothing usable."""
    return html.Div(
        [
            html.H1(t("No model to ask."), className="headline"),
            html.P(
                t(
                    "The models folder holds no usable bundle. Set CXR_MODELS_DIR to a folder of bundles and "
                    "start the server again; cxr-dash doctor says what is wrong with each."
                ),
                className="summary",
            ),
            html.Ul([html.Li(f"{name}: {reason}") for name, reason in sorted(broken.items())]),
        ],
        className="panel-body",
        id=ids.PANEL + "-none",
    )
