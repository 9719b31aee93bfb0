"""How every chart of a report looks: quiet, transparent, in colours that the colour-blind can tell apart."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

# Seven colours of one ramp would lie too close: these are those of Okabe and Ito, which the colour-blind can
# tell apart, without black, so that they show on a dark page too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C7AE6")
# A label beyond the seventh repeats the colours with another dash.
DASHES = ("solid", "dash", "dot")
SCALE = "Cividis"
# Neither black nor white: readable on both kinds of page, and printed grey.
INK = "#7a8794"
GRID = "rgba(122,135,148,0.22)"


def styled(
    figure: go.Figure, *, x: str, y: str, height: int = 380, unit_square: bool = False, legend: bool = True
) -> go.Figure:
    """Give a figure the common look; it is changed in place and returned.

    Parameters
    ----------
    figure : go.Figure
    x, y : str
        Titles of the axes, with units.
    height : int
        Pixels; the width follows the page.
    unit_square : bool
        Both axes run from 0 to 1.
    legend : bool
    """
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 56, "r": 12, "t": 16, "b": 48},
        font={"family": "system-ui, sans-serif", "size": 12, "color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"font": {"family": "system-ui, sans-serif"}},
        # below: beside a chart it would take half its width
        legend={
            "font": {"size": 11},
            "bgcolor": "rgba(0,0,0,0)",
            "orientation": "h",
            "y": -0.18,
            "yanchor": "top",
        },
        showlegend=legend,
    )
    axis: dict[str, Any] = {"gridcolor": GRID, "zeroline": False, "linecolor": GRID, "automargin": True}
    if unit_square:
        axis["range"] = [-0.01, 1.01]
    figure.update_xaxes(title={"text": x, "standoff": 8}, **axis)
    figure.update_yaxes(title={"text": y, "standoff": 8}, **axis)
    return figure


def line_of(index: int, *, width: float = 2.0) -> dict[str, Any]:
    """Colour and dash of the n-th line of a chart, no two alike among 21."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "dash": DASHES[index // len(COLOURS) % len(DASHES)],
        "width": width,
    }
