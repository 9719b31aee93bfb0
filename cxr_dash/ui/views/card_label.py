"""One label on the model page: its graphs on every held-out split, each with what it says in a sentence."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from cxr_dash.inference.schema import BundleSpec, HeldOut
from cxr_dash.language import Translator
from cxr_dash.ui.figures.frame import Drawn
from cxr_dash.ui.figures.of_a_label import LabelView, precision_figure, reliability_figure, roc_figure
from cxr_dash.ui.figures.subgroups import subgroup_figure
from cxr_dash.ui.figures.training import loss_figure, share_figure
from cxr_dash.ui.views import bundle_words
from cxr_dash.ui.views import card_tables as tables
from cxr_dash.ui.views import card_words as words

_GRAPH_CONFIG = {
    "displayModeBar": False,
    "displaylogo": False,
    "responsive": True,
    "plotlyServerURL": "",
    "showEditInChartStudio": False,
}


def graph(title: str, drawn: Drawn, kind: str) -> Component:
    """A graph with its caption; one picture with that sentence for who cannot see it."""
    return html.Figure(
        [
            html.Div(
                dcc.Graph(figure=drawn.figure, config=_GRAPH_CONFIG, className="card-graph"),
                role="img",
                **{"aria-label": f"{title}. {drawn.sentence}"},
            ),
            html.Figcaption([html.Strong(title), html.P(drawn.sentence)]),
        ],
        className=f"card-figure of-{kind}",
        **{"data-graph": kind},
    )


def label_part(spec: BundleSpec, label_key: str, cuts: dict[str, float], t: Translator) -> Component:
    """The curves of one label on every held-out split.

    Parameters
    ----------
    spec : BundleSpec
    label_key : str
    cuts : dict of str to float
        The reader's own thresholds by label; the default ones where there is none.
    t : Translator
    """
    cut = cuts.get(label_key, spec.operating_point().thresholds[label_key])
    held_out = tables.held_out_in_order(spec)
    return html.Div(
        [part for held in held_out for part in _split_part(spec, held, label_key, cut, t)],
        className="card-label",
        **{"data-label": label_key, "data-model": spec.id},
    )


def _split_part(
    spec: BundleSpec, held: HeldOut, label_key: str, cut: float, t: Translator
) -> list[Component]:
    label = next(one for one in spec.labels if one.key == label_key)
    name = bundle_words.label_name(label, t)
    head = [
        html.H4(t("{name} · {split}", name=name, split=words.split_name(held.split, t))),
        html.P(bundle_words.description(held, t), className="card-note"),
    ]
    view = LabelView(spec, held, label_key, cut)
    roc, precision, stated = roc_figure(view, t), precision_figure(view, t), reliability_figure(view, t)
    if roc is None or precision is None or stated is None:
        return [*head, _no_curve(t)]
    split = next((found for found in spec.metrics if found.split == held.split), None)
    points = tables.point_table(spec, split, label_key, t) if split else None
    graphs = [
        graph(t("ROC"), roc, "roc"),
        graph(t("Precision and recall"), precision, "precision"),
        graph(t("Reliability"), stated, "reliability"),
    ]
    return [
        *head,
        html.Div(graphs, className="card-graphs", **{"data-split": held.split}),
        html.P(
            t("Dots are the operating points, the open diamond is your threshold."),
            className="card-note",
        ),
        *([points] if points is not None else []),
        html.Details(
            [
                html.Summary(t("The points of the reliability graph, with their films")),
                tables.reliability_table(held, label_key, t),
            ],
            className="card-more",
        ),
    ]


def _no_curve(t: Translator) -> Component:
    return html.P(
        t("No curve can be drawn: there must be films with it and films without it on this split."),
        className="card-note",
    )


def subgroup_part(spec: BundleSpec, t: Translator) -> list[Component]:
    """Graph and table of the subgroups on every split that nothing was chosen on."""
    parts: list[Component] = []
    for split in tables.splits_in_order(spec, judged_only=True):
        drawn = subgroup_figure(split, t) if split.subgroups else None
        if not split.subgroups:
            continue
        parts.append(html.H4(words.split_name(split.split, t)))
        if drawn is not None:
            parts.append(graph(t("AUROC by subgroup"), drawn, "subgroups"))
        parts.append(
            html.Details(
                [html.Summary(t("The subgroups as a table")), tables.subgroup_table(split, t)],
                className="card-more",
            )
        )
    return parts


def training_part(spec: BundleSpec, t: Translator) -> list[Component]:
    """What the run logged epoch by epoch; empty where the bundle carries no log."""
    phases = spec.training_log.phases if spec.training_log else []
    drawn = [
        (t("Loss, epoch by epoch"), loss_figure(phases, t), "loss"),
        (t("On val, epoch by epoch"), share_figure(phases, t), "val"),
    ]
    graphs = [graph(title, figure, kind) for title, figure, kind in drawn if figure is not None]
    return [html.Div(graphs, className="card-graphs")] if graphs else []
