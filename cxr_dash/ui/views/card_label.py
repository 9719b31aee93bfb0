"""One label on the model page: its graphs on every held-out split, each with what it says in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from dash import dcc, html
from dash.development.base_component import Component

from cxr_dash.inference.schema import BundleSpec
from cxr_dash.language import Translator
from cxr_dash.ui import ids
from cxr_dash.ui.figures.curves import roc_curve
from cxr_dash.ui.figures.frame import Drawn
from cxr_dash.ui.figures.of_a_label import LabelView, precision_figure, reliability_figure, roc_figure
from cxr_dash.ui.figures.subgroups import subgroup_figure
from cxr_dash.ui.figures.training import loss_figure, share_figure
from cxr_dash.ui.views import bundle_words
from cxr_dash.ui.views import card_tables as tables
from cxr_dash.ui.views import card_words as words
from cxr_dash.ui.views.card_parts import note, section

_GRAPH_CONFIG = {
    "displayModeBar": False,
    "displaylogo": False,
    "responsive": True,
    "plotlyServerURL": "",
    "showEditInChartStudio": False,
}


def graph(title: str, drawn: Drawn, kind: str, identity: str | None = None) -> Component:
    """A graph with its caption; one picture with that sentence for who cannot see it.

    ``identity`` is the id of a graph that is changed later.
    """
    named = {"id": identity} if identity else {}
    return html.Figure(
        [
            html.Div(
                dcc.Graph(figure=drawn.figure, config=_GRAPH_CONFIG, className="card-graph", **named),
                role="img",
                **{"aria-label": f"{title}. {drawn.sentence}"},
            ),
            html.Figcaption([html.Strong(title), html.P(drawn.sentence)]),
        ],
        className=f"card-figure of-{kind}",
        **{"data-graph": kind},
    )


def label_part(spec: BundleSpec, label_key: str, cuts: Mapping[str, float], t: Translator) -> Component:
    """The curves of one label on every held-out split.

    Parameters
    ----------
    spec : BundleSpec
    label_key : str
    cuts : mapping of str to float
        The reader's own thresholds by label; the default ones where there is none.
    t : Translator
    """
    cut = cut_of(spec, label_key, cuts)
    curves = [
        part
        for held in tables.held_out_in_order(spec)
        for part in _split_part(LabelView(spec, held, label_key, cut), t)
    ]
    return section("curves", t, [html.Div(curves, className="card-label", **{"data-label": label_key})])


def cut_of(spec: BundleSpec, label_key: str, cuts: Mapping[str, float]) -> float:
    """The reader's threshold of a label, 0-1, or the default one."""
    return cuts.get(label_key, spec.operating_point().thresholds[label_key])


def moved_marks(spec: BundleSpec, label_key: str, cut: float) -> dict[str, tuple[float | None, float | None]]:
    """Where the threshold lies on the curves that are drawn: by a graph's id, x and y, 0-1 or undefined.

    Nothing for a split that has no curve. The mark is the last trace of its figure.
    """
    views = (LabelView(spec, held, label_key, cut) for held in spec.held_out)
    found = {}
    for view in views:
        if roc_curve(view.held, label_key) is None:
            continue
        for kind, (x, y) in {"roc": view.on_roc(cut), "precision": view.on_precision(cut)}.items():
            found[ids.card_graph(kind, view.held.split)] = (x, y)
    return found


def _split_part(view: LabelView, t: Translator) -> list[Component]:
    spec, held, label_key = view.spec, view.held, view.key
    head = [
        html.H4(t("{name} · {split}", name=view.name(t), split=words.split_name(held.split, t))),
        note(bundle_words.description(held, t)),
    ]
    roc, precision, stated = roc_figure(view, t), precision_figure(view, t), reliability_figure(view, t)
    if roc is None or precision is None or stated is None:
        return [*head, _no_curve(t)]
    split = next((found for found in spec.metrics if found.split == held.split), None)
    points = tables.point_table(spec, split, label_key, t) if split else None
    graphs = [
        graph(t("ROC"), roc, "roc", ids.card_graph("roc", held.split)),
        graph(t("Precision and recall"), precision, "precision", ids.card_graph("precision", held.split)),
        graph(t("Reliability"), stated, "reliability"),
    ]
    return [
        *head,
        html.Div(graphs, className="card-graphs", **{"data-split": held.split}),
        note(t("Dots are the operating points, the open diamond is your threshold.")),
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
    return note(t("No curve can be drawn: there must be films with it and films without it on this split."))


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
