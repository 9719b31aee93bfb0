"""Graphs of the model page: ROC, precision and reliability of one label on one held-out split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from cxr_dash import palette
from cxr_dash.inference.schema import BundleSpec, HeldOut, Interval, LabelMetrics
from cxr_dash.language import Translator
from cxr_dash.ui.figures.curves import CutCounts, counts_at, precision_curve, reliability, roc_curve
from cxr_dash.ui.figures.frame import Drawn, axis, frame, line_of_a_coin
from cxr_dash.ui.views import bundle_words
from cxr_dash.ui.views.card_tables import interval_text

# across and up, 0-1
Place = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class LabelView:
    """One label on one held-out split, at the cut of the reader.

    Attributes
    ----------
    spec : BundleSpec
    held : HeldOut
    key : str
        Of the label.
    cut : float
        Probability from which a film is called, 0-1.
    """

    spec: BundleSpec
    held: HeldOut
    key: str
    cut: float

    def name(self, t: Translator) -> str:
        """The label's name."""
        return _names(self.spec, t)[self.key]

    @property
    def measured(self) -> LabelMetrics | None:
        """What the bundle says of the label on this split."""
        split = next((found for found in self.spec.metrics if found.split == self.held.split), None)
        return split.labels.get(self.key) if split else None

    def on_roc(self, cut: float) -> Place:
        """Where a cut lies on the ROC."""
        counts = counts_at(self.held, self.key, cut)
        return _false_alarms(counts), _sensitivity(counts)

    def on_precision(self, cut: float) -> Place:
        """Where a cut lies on the curve of precision; nowhere, where no film is called."""
        counts = counts_at(self.held, self.key, cut)
        return _sensitivity(counts), _precision(counts)


def roc_figure(view: LabelView, t: Translator) -> Drawn | None:
    """ROC of a label before those of the others; its operating points and the reader's cut are marked.

    Returns
    -------
    Drawn or None
        None where the split lacks films with the label or without it; the same for the other graphs.
    """
    curve = roc_curve(view.held, view.key)
    if curve is None:
        return None
    figure = frame(axis(t("1 − specificity"), t), axis(t("sensitivity"), t), t)
    line_of_a_coin(figure, [0, 1], [0, 1])
    names = _names(view.spec, t)
    for key in [*(k for k in names if k != view.key), view.key]:
        found, chosen = roc_curve(view.held, key), key == view.key
        if found is None:
            continue
        figure.add_scatter(
            x=found.false_positive_rate,
            y=found.sensitivity,
            mode="lines",
            line={"color": palette.ACCENT if chosen else palette.QUIET, "width": 2.5 if chosen else 1},
            name=names[key],
            hovertemplate=f"{names[key]}<br>{_rates('%{y:.0%}', '%{customdata:.0%}', t)}<extra></extra>",
            customdata=1 - found.false_positive_rate,
        )
    _mark(figure, view, t, view.on_roc)
    measured = view.measured
    return Drawn(
        figure,
        t(
            "{name}: AUROC {figure}. A coin has {coin}, the dotted line.",
            name=view.name(t),
            figure=_text(measured.auroc if measured else None, curve.area, t),
            coin=t.decimal(0.5, 1),
        ),
    )


def precision_figure(view: LabelView, t: Translator) -> Drawn | None:
    """Precision over recall of a label, over what a coin would have: the share of films with it."""
    curve = precision_curve(view.held, view.key)
    if curve is None:
        return None
    figure = frame(axis(t("sensitivity (recall)"), t), axis(t("PPV (precision)"), t), t)
    line_of_a_coin(figure, [0, 1], [curve.prevalence, curve.prevalence])
    figure.add_scatter(
        x=np.append(0.0, curve.recall),
        y=np.append(curve.precision[0], curve.precision),
        mode="lines",
        # the precision of a step belongs to the films found by it
        line={"color": palette.ACCENT, "width": 2, "shape": "vh"},
        name=view.name(t),
        hovertemplate=t(
            "{ppv} of those called have it, {sensitivity} found", ppv="%{y:.0%}", sensitivity="%{x:.0%}"
        )
        + "<extra></extra>",
    )
    _mark(figure, view, t, view.on_precision)
    measured = view.measured
    return Drawn(
        figure,
        t(
            "{name}: AUPRC {figure}. A coin has {coin}, the share of films with it: the dotted line.",
            name=view.name(t),
            figure=_text(measured.auprc if measured else None, curve.area, t),
            coin=t.decimal(curve.prevalence, 2),
        ),
    )


def reliability_figure(view: LabelView, t: Translator) -> Drawn | None:
    """Stated against observed frequency in bins of equal numbers of films, with 95 % Wilson intervals."""
    bins = reliability(view.held, view.key)
    if not bins or roc_curve(view.held, view.key) is None:
        return None
    stated, observed = np.array([(one.stated, one.observed) for one in bins]).T
    low, high = np.array([(one.low, one.high) for one in bins]).T
    top = float(min(1.0, max(0.05, 1.08 * max(high.max(), stated.max()))))
    figure = frame(axis(t("stated probability"), t, top), axis(t("observed share"), t, top), t)
    line_of_a_coin(figure, [0, 1], [0, 1])
    figure.add_scatter(
        x=stated,
        y=observed,
        mode="lines+markers",
        line={"color": palette.ACCENT, "width": 1.5},
        marker={"color": palette.ACCENT, "size": 7},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": np.maximum(high - observed, 0.0),
            "arrayminus": np.maximum(observed - low, 0.0),
            "color": palette.DIM,
            "thickness": 1,
            "width": 3,
        },
        customdata=[t.plural("{n} film", "{n} films", one.films) for one in bins],
        hovertemplate=t(
            "stated {stated}, observed {observed}, {films}",
            stated="%{x:.1%}",
            observed="%{y:.1%}",
            films="%{customdata}",
        )
        + "<extra></extra>",
    )
    error = interval_text(view.measured.ece if view.measured else None, t, 3)
    counts, name = sorted({one.films for one in bins}), view.name(t)
    return Drawn(
        figure,
        t.plural(
            "{name}: calibration error {figure}. {bins} points of {films} film each; on the dotted line the "
            "stated probability is what happened.",
            "{name}: calibration error {figure}. {bins} points of {films} films each; on the dotted line the "
            "stated probability is what happened.",
            counts[-1],
            name=name,
            figure=error,
            bins=len(bins),
            films="–".join(str(count) for count in counts),
        ),
    )


def _mark(figure: go.Figure, view: LabelView, t: Translator, place: Callable[[float], Place]) -> None:
    """The operating points that the films could give, and last the reader's cut, which a callback moves."""
    points = [point for point in view.spec.operating_points if 0.0 < point.thresholds[view.key] < 1.0]
    places = [place(point.thresholds[view.key]) for point in points]
    figure.add_scatter(
        x=[x for x, _ in places],
        y=[y for _, y in places],
        mode="markers",
        cliponaxis=False,
        marker={"color": palette.ALERT, "size": 9, "line": {"color": palette.GROUND, "width": 1.5}},
        text=[bundle_words.point_name(point, t) for point in points],
        hovertemplate="%{text}<extra></extra>",
        meta="points",
    )
    x, y = place(view.cut)
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        cliponaxis=False,
        marker={"color": palette.WHITE, "size": 12, "symbol": "diamond-open", "line": {"width": 2}},
        hovertemplate=t("your threshold") + "<extra></extra>",
        meta="cut",
    )


def _sensitivity(counts: CutCounts) -> float | None:
    return counts.found / (counts.found + counts.missed)


def _false_alarms(counts: CutCounts) -> float | None:
    return counts.alarms / (counts.alarms + counts.cleared)


def _precision(counts: CutCounts) -> float | None:
    called = counts.found + counts.alarms
    return counts.found / called if called else None


def _rates(sensitivity: str, specificity: str, t: Translator) -> str:
    return t(
        "sensitivity {sensitivity}, specificity {specificity}",
        sensitivity=sensitivity,
        specificity=specificity,
    )


def _names(spec: BundleSpec, t: Translator) -> dict[str, str]:
    return {label.key: bundle_words.label_name(label, t) for label in spec.labels}


def _text(measured: Interval | None, counted: float, t: Translator) -> str:
    """The measured figure with its interval, or what was counted here where none came with the bundle."""
    return interval_text(measured or Interval(value=counted), t)
