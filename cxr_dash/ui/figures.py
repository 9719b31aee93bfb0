"""Figures of the model card: ROC and reliability of one label on one held-out split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from cxr_dash.domain import Float64Array
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import BundleSpec, HeldOut

_INK, _DIM, _LINE = "#d9e0e5", "#93a1ab", "#2a343c"
_ACCENT, _QUIET, _MARK = "#5cc2bb", "#3d4a54", "#ec8a6b"
_RELIABILITY_BINS = 8


@dataclass(frozen=True, slots=True, eq=False)
class RocCurve:
    """An empirical ROC curve.

    Attributes
    ----------
    false_positive_rate, sensitivity : ndarray of float64, shape (n,)
        From (0, 0) to (1, 1), one point for each distinct probability.
    """

    false_positive_rate: Float64Array
    sensitivity: Float64Array


def roc_curve(held: HeldOut, label_key: str) -> RocCurve | None:
    """The label's ROC on a split, or ``None`` when the split lacks films with it or without it."""
    probabilities, truths = _known(held, label_key)
    positives, negatives = int(truths.sum()), int((1 - truths).sum())
    if not positives or not negatives:
        return None
    order = np.argsort(-probabilities, kind="stable")
    ordered = truths[order]
    # equal probabilities are one step: the curve may not depend on the order of ties
    last_of_tie = np.append(np.flatnonzero(np.diff(probabilities[order])), len(order) - 1)
    found = np.cumsum(ordered)[last_of_tie] / positives
    alarms = np.cumsum(1 - ordered)[last_of_tie] / negatives
    return RocCurve(np.append(0.0, alarms), np.append(0.0, found))


def roc_figure(spec: BundleSpec, held: HeldOut, label_key: str) -> go.Figure:
    """ROC of ``label_key`` before those of the other labels, with its operating points marked."""
    figure = _figure("1 − specificity", "sensitivity")
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": _LINE, "dash": "dot"}, hoverinfo="skip"
    )
    names = {label.key: label.name_en for label in spec.labels}
    for key in [*(k for k in names if k != label_key), label_key]:
        curve = roc_curve(held, key)
        if curve is None:
            continue
        chosen = key == label_key
        figure.add_scatter(
            x=curve.false_positive_rate,
            y=curve.sensitivity,
            mode="lines",
            line={"color": _ACCENT if chosen else _QUIET, "width": 2.5 if chosen else 1, "shape": "linear"},
            name=names[key],
            hovertemplate=names[key]
            + "<br>sensitivity %{y:.0%}, specificity %{customdata:.0%}<extra></extra>",
            customdata=1 - curve.false_positive_rate,
        )
    _add_operating_points(figure, spec, held, label_key)
    figure.update_layout(title_text=_roc_title(spec, held, label_key))
    return figure


def reliability_figure(spec: BundleSpec, held: HeldOut, label_key: str) -> go.Figure:
    """Stated against observed frequency in bins of equal numbers of films, with 95 % Wilson intervals."""
    probabilities, truths = _known(held, label_key)
    figure = _figure("stated probability", "observed share")
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": _LINE, "dash": "dot"}, hoverinfo="skip"
    )
    order = np.argsort(probabilities, kind="stable")
    bins = [chunk for chunk in np.array_split(order, _RELIABILITY_BINS) if len(chunk)]
    stated = np.array([probabilities[chunk].mean() for chunk in bins])
    observed = np.array([truths[chunk].mean() for chunk in bins])
    bounds = [wilson_interval([truths[chunk].sum()], len(chunk)) for chunk in bins]
    low = np.array([bound[0][0] for bound in bounds])
    high = np.array([bound[1][0] for bound in bounds])
    figure.add_scatter(
        x=stated,
        y=observed,
        mode="lines+markers",
        line={"color": _ACCENT, "width": 1.5},
        marker={"color": _ACCENT, "size": 7},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": np.maximum(high - observed, 0.0),
            "arrayminus": np.maximum(observed - low, 0.0),
            "color": _DIM,
            "thickness": 1,
            "width": 3,
        },
        customdata=[len(chunk) for chunk in bins],
        hovertemplate="stated %{x:.1%}, observed %{y:.1%}<br>%{customdata} films<extra></extra>",
    )
    top = float(min(1.0, max(0.05, 1.08 * max([*high, *stated], default=1.0))))
    figure.update_xaxes(range=[0, top])
    figure.update_yaxes(range=[0, top])
    name = next(label.name_en for label in spec.labels if label.key == label_key)
    figure.update_layout(title_text=f"Reliability · {name}, {len(probabilities)} films")
    return figure


def _known(held: HeldOut, label_key: str) -> tuple[Float64Array, Float64Array]:
    probabilities = np.asarray(held.probabilities[label_key], dtype=np.float64)
    truths = np.asarray(held.truths[label_key], dtype=np.float64)
    known = truths >= 0
    return probabilities[known], truths[known]


def _add_operating_points(figure: go.Figure, spec: BundleSpec, held: HeldOut, label_key: str) -> None:
    probabilities, truths = _known(held, label_key)
    if not truths.any() or truths.all():
        return
    x, y, names = [], [], []
    for point in spec.operating_points:
        if not 0.0 < point.thresholds[label_key] < 1.0:
            continue  # the films could not give this operating point
        called = probabilities >= point.thresholds[label_key]
        y.append(float(called[truths == 1].mean()))
        x.append(float(called[truths == 0].mean()))
        names.append(point.name_en)
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        cliponaxis=False,
        marker={"color": _MARK, "size": 9, "line": {"color": "#0d1216", "width": 1.5}},
        text=names,
        hovertemplate="%{text}<br>sensitivity %{y:.0%}<extra></extra>",
    )


def _roc_title(spec: BundleSpec, held: HeldOut, label_key: str) -> str:
    name = next(label.name_en for label in spec.labels if label.key == label_key)
    metrics = next((m for m in spec.metrics if m.split == held.split), None)
    auroc = metrics.labels[label_key].auroc if metrics and label_key in metrics.labels else None
    if auroc is None:
        return f"ROC · {name}"
    interval = (
        f" ({auroc.low:.2f}–{auroc.high:.2f})" if auroc.low is not None and auroc.high is not None else ""
    )
    return f"ROC · {name}, AUROC {auroc.value:.2f}{interval}"


def _figure(x_title: str, y_title: str) -> go.Figure:
    axis = {
        "range": [0, 1],
        "tickformat": ".0%",
        "gridcolor": "#1c242a",
        "linecolor": _LINE,
        "zeroline": False,
        "tickfont": {"color": _DIM, "size": 11},
    }
    return go.Figure(
        layout={
            "template": None,
            "showlegend": False,
            "margin": {"l": 56, "r": 12, "t": 36, "b": 48},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "system-ui, sans-serif", "color": _INK, "size": 12},
            "title": {"font": {"size": 13}, "x": 0.02, "xanchor": "left"},
            "xaxis": axis | {"title": {"text": x_title, "font": {"size": 12}}},
            "yaxis": axis | {"title": {"text": y_title, "font": {"size": 12}}},
            "hoverlabel": {"bgcolor": "#182026", "bordercolor": _LINE, "font": {"color": _INK}},
        }
    )
