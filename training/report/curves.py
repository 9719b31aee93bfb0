"""ROC, precision-recall and reliability curves, AUROC with its intervals, and learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_epochs import TrainedPhase
from training.evaluation.result import Curve, Evaluation
from training.report.charts import COLOURS, INK, line_of, styled

_PHASES = {"head": "head", "fine_tune": "fine-tuning"}


def roc_chart(evaluation: Evaluation) -> go.Figure:
    """Sensitivity against false alarms, a line per label; the diagonal is a coin."""
    figure = go.Figure(_diagonal("a coin"))
    for index, (key, curves) in enumerate(evaluation.curves.items()):
        row = evaluation.labels[key]
        name = f"{key} {row.auroc.value:.2f}" if row.auroc else key
        figure.add_trace(_line(curves.roc, index, name, ("1 - specificity", "sensitivity"), "hv"))
    return styled(figure, x="1 - specificity", y="sensitivity", height=560, unit_square=True)


def precision_recall_chart(evaluation: Evaluation) -> go.Figure:
    """Precision against recall, a line per label; what a coin reaches is the share of positive films."""
    figure = go.Figure()
    for index, (key, curves) in enumerate(evaluation.curves.items()):
        row = evaluation.labels[key]
        share = row.positives / (row.positives + row.negatives)
        average = f"{row.auprc.value:.2f}" if row.auprc else "–"
        name = f"{key} {average} / {share:.2f}"
        figure.add_trace(_line(curves.precision_recall, index, name, ("recall", "precision")))
    return styled(figure, x="recall (sensitivity)", y="precision", height=560, unit_square=True)


def reliability_chart(evaluation: Evaluation) -> go.Figure:
    """What was promised against what was seen, in ten bins; larger points stand for more films."""
    figure = go.Figure(_diagonal("perfect"))
    for index, (key, curves) in enumerate(evaluation.curves.items()):
        bins = curves.reliability
        style = line_of(index, width=1.4)
        sizes = [5 + 16 * (films / max(evaluation.films, 1)) ** 0.5 for films in bins.films]
        figure.add_scatter(
            x=bins.probability,
            y=bins.observed,
            customdata=bins.films,
            mode="lines+markers",
            name=key,
            line=style,
            marker={"color": style["color"], "size": sizes},
            hovertemplate="promised %{x:.2f}, seen %{y:.2f}<br>%{customdata} films",
        )
    return styled(figure, x="mean probability", y="share of positive films", height=560, unit_square=True)


def auroc_chart(rows: Mapping[str, tuple[Interval, str]]) -> go.Figure:
    """AUROC and its 95 % interval, one line each, the first on top; values are (figure, number of films)."""
    names = [f"{key} ({counts})" for key, (_, counts) in rows.items()]
    values = [interval for interval, _ in rows.values()]
    figure = go.Figure(
        go.Scatter(
            x=[v.value for v in values],
            y=names,
            mode="markers",
            marker={"color": COLOURS[0], "size": 9},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [(v.high if v.high is not None else v.value) - v.value for v in values],
                "arrayminus": [v.value - (v.low if v.low is not None else v.value) for v in values],
                "color": COLOURS[0],
                "thickness": 1.6,
                "width": 4,
            },
            customdata=[f"{v.low:.3f}–{v.high:.3f}" if v.low is not None else "–" for v in values],
            hovertemplate="%{y}: %{x:.3f} (%{customdata})<extra></extra>",
        )
    )
    figure.add_vline(x=0.5, line={"color": INK, "dash": "dot", "width": 1})
    styled(figure, x="AUROC, 95 % interval (0.5: a coin)", y="", height=90 + 30 * len(rows), legend=False)
    lowest = min([0.5, *(v.low if v.low is not None else v.value for v in values)])
    figure.update_xaxes(range=[max(lowest - 0.05, 0.0), 1.01])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def learning_chart(phases: Sequence[TrainedPhase], columns: Mapping[str, str], y: str) -> go.Figure:
    """Columns of the logs along all epochs, phase after phase; kept epochs are marked.

    Parameters
    ----------
    phases : sequence of TrainedPhase
    columns : mapping of str to str
        Column of the log to its name in the legend.
    y : str
        Title of the axis.
    """
    figure, offset = go.Figure(), 0
    titles = [_PHASES[phase.name] for phase in phases]
    for phase, title in zip(phases, titles, strict=True):
        for index, (column, name) in enumerate(columns.items()):
            series = enumerate(phase.figures.get(column, []), start=1)
            values = {epoch: value for epoch, value in series if value is not None}
            style = line_of(index)
            figure.add_scatter(
                x=[offset + epoch for epoch in values],
                y=list(values.values()),
                mode="lines+markers",
                name=name,
                legendgroup=column,
                showlegend=not any(trace.name == name for trace in figure.data),
                line=style,
                marker={"size": 5, "color": style["color"]},
                customdata=[f"{title}, epoch {epoch}" for epoch in values],
                hovertemplate="%{customdata}: %{y:.4g}",
            )
        if phase.kept:
            place = offset + phase.kept
            figure.add_vline(x=place, line={"color": INK, "dash": "dash", "width": 1})
            figure.add_annotation(
                x=place, y=1, yref="paper", text="kept", showarrow=False, yanchor="bottom", font={"size": 11}
            )
        offset += phase.epochs
        if phase is not phases[-1]:
            figure.add_vline(x=offset + 0.5, line={"color": INK, "width": 1})
    where = " | ".join(f"{title}: {p.epochs} epochs" for p, title in zip(phases, titles, strict=True))
    styled(figure, x=where, y=y, height=320, legend=len(columns) > 1)
    figure.update_xaxes(range=[0.5, offset + 0.5], tickformat="d")
    return figure


def _line(curve: Curve, index: int, name: str, axes: tuple[str, str], shape: str = "linear") -> go.Scatter:
    x, y = axes
    return go.Scatter(
        x=curve.x,
        y=curve.y,
        mode="lines",
        name=name,
        line=line_of(index) | {"shape": shape},
        customdata=["none" if cut is None else f"{cut:.3f}" for cut in curve.thresholds],
        hovertemplate=f"threshold %{{customdata}}<br>{x} %{{x:.3f}}<br>{y} %{{y:.3f}}",
    )


def _diagonal(name: str) -> go.Scatter:
    return go.Scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name=name,
        line={"color": INK, "dash": "dot", "width": 1},
        hoverinfo="skip",
    )
