"""Pieces of a report as HTML text, and the whole page around them; nothing in it is loaded from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from cxr_dash.inference.schema import Interval
from training.metrics import figure
from training.report.style import CSS

# A browser that keeps to this loads nothing but what stands in the file itself.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"
_CHART = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter of a report: ``key`` names it in links, ``body`` is HTML."""

    key: str
    title: str
    body: str


def chart(figure: go.Figure, name: str, caption: str = "") -> str:
    """A chart that a reader can read off; ``name`` must be unique on the page."""
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=f"chart-{name}",
        config=_CHART,
        default_height=f"{figure.layout.height:.0f}px",
    )
    return f'<figure class="chart">{drawn}{_caption(caption)}</figure>'


def picture(data: bytes, kind: str, alternative: str, caption: str = "") -> str:
    """A picture inside the page; ``kind`` is ``"jpeg"`` or ``"png"``."""
    encoded = base64.b64encode(data).decode("ascii")
    return (
        f'<figure><img src="data:image/{kind};base64,{encoded}" alt="{escape(alternative)}">'
        f"{_caption(caption)}</figure>"
    )


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str = "",
    kind: str = "",
    marked: Iterable[tuple[int, str]] = (),
) -> str:
    """A table; cells are HTML already.

    Parameters
    ----------
    header : sequence of str
        Plain text.
    rows : iterable of sequence of str
    caption : str
        Plain text.
    kind : str
        Class of the table: ``"text"`` for words instead of numbers.
    marked : iterable of (int, str)
        Row and its class: ``"mean"`` or ``"first"`` (of a group).
    """
    classes = dict(marked)
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr class="{classes.get(row, "")}">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for row, cells in enumerate(rows)
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table class="{kind}">{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def interval_cell(interval: Interval | None, *, digits: int = 3) -> str:
    """A figure with its interval on a line below; a dash where there is none."""
    return figure(interval, digits=digits, layout="{value}<small>{low}–{high}</small>")


def paragraph(text: str, kind: str = "") -> str:
    """Plain text as a paragraph."""
    return f'<p class="{kind}">{escape(text)}</p>'


def bullets(lines: Iterable[str]) -> str:
    """Plain texts as a list."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def page(title: str, head: str, sections: Sequence[Section]) -> str:
    """The whole file: plotly.js of the installed package once, then the sections with links to each.

    Parameters
    ----------
    title : str
        Plain text.
    head : str
        HTML before the first section.
    sections : sequence of Section
    """
    from plotly.offline import get_plotlyjs

    links = "".join(f'<a href="#{s.key}">{escape(s.title)}</a>' for s in sections)
    body = "".join(f'<section id="{s.key}"><h2>{escape(s.title)}</h2>{s.body}</section>' for s in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{CSS}</style>"
        f"<script>{get_plotlyjs()}</script></head>\n"
        f'<body><nav aria-label="Sections"><b>{escape(title)}</b>{links}</nav>'
        f"<main>{head}{body}</main></body></html>\n"
    )


def _caption(text: str) -> str:
    return f"<figcaption>{escape(text)}</figcaption>" if text else ""
