"""Views: pure functions from facts to Dash components.

Nodes that follow a film, a threshold or the heat are left empty here; ``assets/js`` fills them in the
browser.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec, OperatingPoint
from cxr_dash.ui import ids

# Probabilities are drawn on the angular scale, 2/pi * asin(sqrt(p)): small ones stay visible, 0, 50 and 100 %
# stay where they are. assets/js/20-statistics.js holds the same formula.
_AXIS_TICKS = ("1", "10", "30", "60", "90")


def population_line(spec: BundleSpec) -> str:
    """A few words for the header: how many labels, and on whom the model was trained."""
    noun = "finding" if spec.activation == "sigmoid" else "class"
    count = len(spec.labels)
    plural = noun if count == 1 else {"finding": "findings", "class": "classes"}[noun]
    return f"{count} {plural} · {spec.population_en}"


def short_title(spec: BundleSpec) -> str:
    """The title without what stands in brackets, for the model selector."""
    return spec.title_en.split(" (", maxsplit=1)[0]


def warning_line(spec: BundleSpec) -> str:
    """The bundle's first warning, for the header; empty when it has none."""
    return spec.warnings[0] if spec.warnings else ""


def footer_model(bundle: Bundle) -> str:
    """Model id, version and the head of its hash."""
    return f"{bundle.spec.id} {bundle.spec.version} · {bundle.serving_sha256[:12]}"


def model_panel(spec: BundleSpec) -> Component:
    """The right-hand column for one model: headline, findings, threshold panel, downloads."""
    return html.Div(
        [
            html.Div(
                [
                    html.H1(className="headline", id="headline"),
                    html.P(className="summary", id="summary"),
                    html.Div(className="quality", id="quality", hidden=True),
                ],
                className="verdict",
                role="status",
                **{"aria-live": "polite"},
            ),
            html.Div(
                [_findings(spec), _threshold_panel(spec), _downloads()], className="figures", id="figures"
            ),
        ],
        key=spec.id,
        className="panel-body",
        **{"data-model": spec.id},
    )


def _findings(spec: BundleSpec) -> Component:
    heading = "Findings" if spec.activation == "sigmoid" else "Classes"
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
                title="Calibrated probability, on the angular scale so that small ones can be told apart. "
                "The white mark is each finding's own cut.",
            ),
            html.Div(
                [_finding_row(label.key, label.name_en) for label in spec.labels],
                className="findings-list",
                id="findings",
                role="listbox",
                **{"aria-label": f"{heading}: choose one for the heatmap and the threshold panel"},
            ),
            html.Button(id="more", className="link more", type="button", hidden=True),
        ],
        className="findings",
    )


def _finding_row(key: str, name: str) -> Component:
    return html.Button(
        [
            html.Span(name, className="finding-name"),
            html.Span(
                [html.Span(className="finding-fill"), html.Span(className="finding-cut")], className="track"
            ),
            html.Span(className="finding-value"),
        ],
        className="finding",
        type="button",
        role="option",
        **{"data-label": key, "data-name": name},
    )


def _threshold_panel(spec: BundleSpec) -> Component:
    return html.Section(
        [
            html.Div(
                [
                    html.H2(id="cut-title", className="section-title"),
                    html.Span(id="cut-value", className="cut-value"),
                ],
                className="cut-head",
            ),
            html.Div(
                [_chip(point, spec.default_operating_point) for point in spec.operating_points],
                className="chips",
                role="group",
                **{"aria-label": "Operating points"},
            ),
            html.Div(id="cut-slider", className="cut-slider"),
            html.Dl([_figure(key, name) for key, name in _FIGURES], className="four"),
            html.Div(
                [
                    html.P(id="thousand", className="thousand"),
                    html.Div(id="dots", className="dots"),
                    html.Div(id="prevalence", className="prevalence"),
                ],
                className="consequences",
            ),
            html.Div(id="measured-on", className="measured-on"),
        ],
        className="cut-panel",
        **{"aria-label": "Where to cut"},
    )


_FIGURES = (("sensitivity", "sensitivity"), ("specificity", "specificity"), ("ppv", "PPV"), ("npv", "NPV"))


def _chip(point: OperatingPoint, default: str) -> Component:
    suffix = " This is the default." if point.key == default else ""
    return html.Button(
        point.name_en,
        className="chip",
        type="button",
        title=f"{point.explanation_en} Chosen on {point.chosen_on}.{suffix}",
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


def _downloads() -> Component:
    return html.Div(
        [
            html.A("Overlay PNG", id="download-overlay", className="button primary", role="button"),
            html.A("Heat PNG", id="download-heat", className="button", role="button"),
            html.P(id="download-note", className="download-note"),
        ],
        className="downloads",
    )


def no_model(broken: dict[str, str]) -> Component:
    """The right-hand column when the models folder holds nothing usable."""
    return html.Div(
        [
            html.H1("No model to ask.", className="headline"),
            html.P(
                "The models folder holds no usable bundle. Set CXR_MODELS_DIR to a folder of bundles and "
                "start the server again; cxr-dash doctor says what is wrong with each.",
                className="summary",
            ),
            html.Ul([html.Li(f"{name}: {reason}") for name, reason in sorted(broken.items())]),
        ],
        className="panel-body",
        id=ids.PANEL + "-none",
    )
