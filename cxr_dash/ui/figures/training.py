"""Graphs of how a model was trained: what was logged along all epochs, phase after phase."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from cxr_dash import palette
from cxr_dash.domain import N_
from cxr_dash.inference.schema_epochs import TrainedPhase
from cxr_dash.language import Translator
from cxr_dash.ui.figures.frame import Drawn, axis, frame, tenths

_PHASES = {"head": N_("last layers"), "fine_tune": N_("fine-tuning")}
_LOSSES = {"loss": N_("train"), "val_loss": N_("val")}
_SHARES = {"val_macro_auroc": N_("AUROC"), "val_accuracy": N_("accuracy"), "val_recall": N_("recall")}
_COLOURS = (palette.ACCENT, palette.AMBER, palette.INK_SOFT)
_ANY_RANGE = {"range": None, "tickvals": None, "ticktext": None, "nticks": 8}
# above the plot: names of lines, and below them those of phases
_LEGEND_AT, _TOP_MARGIN = 1.22, 46
_MOST_MARKED = 40
"""Epochs from which single points would hide the line."""


def loss_figure(phases: Sequence[TrainedPhase], t: Translator) -> Drawn | None:
    """Loss on train and val; None where none was logged."""
    lines = _logged(phases, _LOSSES)
    if not lines:
        return None
    figure = _along(phases, lines, axis(t("loss"), t) | _ANY_RANGE | {"rangemode": "tozero"}, t)
    return Drawn(
        figure,
        t(
            "Phases: {phases}. The dashed line is the epoch whose weights were kept. Where val rises while "
            "train still falls, films are learned by heart.",
            phases=_phases(phases, t),
        ),
    )


def share_figure(phases: Sequence[TrainedPhase], t: Translator) -> Drawn | None:
    """What each epoch reached on val, 0-1; None where none was logged."""
    lines = _logged(phases, _SHARES)
    if not lines:
        return None
    known = [value for phase in phases for column in lines for value in _values(phase, column)]
    first = math.floor(10 * min([0.5, *known]))
    y = axis(t("on val"), t) | {"range": [first / 10, 1.01]} | tenths(first, t)
    return Drawn(_along(phases, lines, y, t), _at_the_kept_epoch(phases, lines, t))


def _at_the_kept_epoch(phases: Sequence[TrainedPhase], lines: Mapping[str, str], t: Translator) -> str:
    """What is served reached on val, which chose it and flatters it."""
    kept = next((phase for phase in reversed(phases) if phase.kept), None)
    if kept is None:
        return t("Phases: {phases}. No epoch was kept.", phases=_phases(phases, t))
    reached = [
        f"{t(name)} {t.decimal(value, 2)}"
        for column, name in lines.items()
        if (value := (kept.figures.get(column) or [None] * kept.epochs)[kept.kept - 1]) is not None
    ]
    return t(
        "Kept: {place} ({figures}). The epoch was chosen on val, so val flatters it; how well the model does "
        "stands above.",
        place=_place(kept, kept.kept, t),
        figures="; ".join(reached) or "–",
    )


def _phases(phases: Sequence[TrainedPhase], t: Translator) -> str:
    return "; ".join(
        t.plural("{phase}: {n} epoch", "{phase}: {n} epochs", one.epochs, phase=t(_PHASES[one.name]))
        for one in phases
    )


def _values(phase: TrainedPhase, column: str) -> list[float]:
    return [value for value in phase.figures.get(column, []) if value is not None]


def _logged(phases: Sequence[TrainedPhase], columns: Mapping[str, str]) -> dict[str, str]:
    return {column: name for column, name in columns.items() if any(column in p.figures for p in phases)}


def _along(
    phases: Sequence[TrainedPhase], lines: Mapping[str, str], y: dict[str, Any], t: Translator
) -> go.Figure:
    """Lines over the epochs of all phases, numbered through; phases and kept epochs are marked."""
    epochs = sum(phase.epochs for phase in phases)
    x = axis(t("epoch"), t) | _ANY_RANGE | {"range": [0.5, epochs + 0.5], "tickformat": "d"}
    figure = frame(x, y, t)
    mode = "lines+markers" if epochs < _MOST_MARKED else "lines"
    for (column, name), colour in zip(lines.items(), _COLOURS, strict=False):
        offset = 0
        for phase in phases:
            figure.add_scatter(
                x=[offset + epoch for epoch in range(1, phase.epochs + 1)],
                y=phase.figures.get(column, []),
                mode=mode,
                name=t(name),
                legendgroup=column,
                showlegend=not offset,
                line={"color": colour, "width": 2},
                marker={"size": 5},
                text=[_place(phase, epoch, t) for epoch in range(1, phase.epochs + 1)],
                hovertemplate="%{text}<br>%{fullData.name} %{y:.3f}<extra></extra>",
                meta=phase.name,
            )
            offset += phase.epochs
    _mark_phases(figure, phases, t)
    figure.update_layout(
        showlegend=len(lines) > 1,
        legend={"orientation": "h", "x": 0, "y": _LEGEND_AT, "font": {"color": palette.INK_SOFT, "size": 11}},
        margin={"t": _TOP_MARGIN},
    )
    return figure


def _mark_phases(figure: go.Figure, phases: Sequence[TrainedPhase], t: Translator) -> None:
    """A line where one phase ends and the next begins, names above, and a dashed line at what was kept."""
    offset = 0
    for phase in phases:
        if offset:
            figure.add_vline(x=offset + 0.5, line={"color": palette.LINE_STRONG, "width": 1})
        # at the outer ends: of a short phase the name would lie on the other's
        last = offset > 0
        figure.add_annotation(
            x=offset + 0.5 + (phase.epochs if last else 0),
            y=1,
            yref="paper",
            text=t(_PHASES[phase.name]),
            showarrow=False,
            xanchor="right" if last else "left",
            yanchor="bottom",
            font={"size": 11, "color": palette.DIM},
            name="phase",
        )
        if phase.kept:
            figure.add_vline(
                x=offset + phase.kept, line={"color": palette.ALERT, "dash": "dash", "width": 1}, name="kept"
            )
        offset += phase.epochs


def _place(phase: TrainedPhase, epoch: int, t: Translator) -> str:
    name = t(_PHASES[phase.name])
    return t("{phase}, epoch {epoch} of {epochs}", phase=name, epoch=epoch, epochs=phase.epochs)
