"""What all graphs of the model page share: dark, quiet, no title of their own, nothing to drag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from cxr_dash import palette, typeface
from cxr_dash.language import Translator

_MOST_TICKS = 6
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A graph, and what it says in a sentence: its caption, and all of it for who cannot see it."""

    figure: go.Figure
    sentence: str


def axis(title: str, t: Translator, top: float = 1.0) -> dict[str, Any]:
    """An axis of shares from 0 to ``top``, marked in per cent."""
    step = next((step for step in _STEPS if top / step <= _MOST_TICKS), _STEPS[-1])
    ticks = [step * number for number in range(int(top / step + 1e-9) + 1)]
    return {
        "title": {"text": title, "font": {"size": 12, "color": palette.DIM}, "standoff": 8},
        "range": [0, top],
        "tickvals": ticks,
        "ticktext": [t.percent(value) for value in ticks],
        "gridcolor": palette.GRID,
        "linecolor": palette.LINE,
        "zeroline": False,
        "tickfont": {"color": palette.DIM, "size": 11},
        "tickangle": 0,
        "fixedrange": True,
    }


def tenths(first: int, t: Translator) -> dict[str, Any]:
    """Marks of an axis at each tenth from ``first`` to 1, as decimals."""
    marked = [tenth / 10 for tenth in range(first, 11)]
    return {"tickvals": marked, "ticktext": [t.decimal(value, 1) for value in marked]}


def frame(x: dict[str, Any], y: dict[str, Any], t: Translator) -> go.Figure:
    """An empty graph with these axes; what it writes by itself has the language's decimal sign."""
    return go.Figure(
        layout={
            "template": None,
            "separators": f"{t.decimal_sign}\u00a0",
            "showlegend": False,
            "dragmode": False,
            "height": 270,
            "margin": {"l": 56, "r": 24, "t": 12, "b": 46},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": typeface.STACK, "color": palette.INK, "size": 12},
            "xaxis": x,
            "yaxis": y,
            "hoverlabel": {
                "bgcolor": palette.RAISED_MORE,
                "bordercolor": palette.LINE,
                "font": {"color": palette.INK},
            },
        }
    )


def line_of_a_coin(figure: go.Figure, x: Sequence[float], y: Sequence[float] | Sequence[str]) -> None:
    """What no knowledge at all would give, dotted."""
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": palette.DIM, "dash": "dot", "width": 1}, hoverinfo="skip"
    )
