"""Pieces of a report, and the whole page around them; nothing in it is loaded from elsewhere.

The HTML stands in ``templates/``, which Jinja2 fills and escapes. What comes out is ``Markup``: a plain text
put beside it is escaped, so that no name of a film, a label or a run can become part of the page.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cxr_dash.inference.schema import Interval
from training.metrics import figure

_CHART = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter of a report: ``key`` names it in links."""

    key: str
    title: str
    body: Markup


def filled(template: str, **values: object) -> Markup:
    """A file of ``templates/``, filled; every value that is no ``Markup`` is escaped."""
    return Markup(_templates().get_template(template).render(**values))  # noqa: S704  # nosec B704 - escaped by Jinja2


def chart(figure: go.Figure, name: str, caption: str = "") -> Markup:
    """A chart that a reader can read off; ``name`` must be unique on the page."""
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=f"chart-{name}",
        config=_CHART,
        default_height=f"{figure.layout.height:.0f}px",
    )
    # Plotly writes its texts as JSON without <, > and /
    return _piece("chart", Markup(drawn), caption)  # noqa: S704  # nosec B704


def picture(data: bytes, kind: str, alternative: str, caption: str = "") -> Markup:
    """A picture inside the page; ``kind`` is ``"jpeg"`` or ``"png"``."""
    encoded = base64.b64encode(data).decode("ascii")
    return _piece("picture", f"data:image/{kind};base64,{encoded}", alternative, caption)


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str = "",
    kind: str = "",
    marked: Iterable[tuple[int, str]] = (),
) -> Markup:
    """A table.

    Parameters
    ----------
    header : sequence of str
    rows : iterable of sequence of str
        Texts, or ``Markup``.
    caption : str
    kind : str
        Class of the table: ``"text"`` for words instead of numbers.
    marked : iterable of (int, str)
        Row and its class: ``"mean"`` or ``"first"`` (of a group).
    """
    return _piece("table", header, rows, caption, kind, dict(marked))


def matrix(
    title: str, names: Sequence[str], rows: Iterable[tuple[str, int, Sequence[tuple[int, float]]]]
) -> Markup:
    """Counts by true class and answer; the deeper a cell, the larger its share of the row.

    Parameters
    ----------
    title : str
    names : sequence of str
        Of the columns.
    rows : iterable of (name, total, cells)
        Each cell a count and its share of the row, in [0, 1].
    """
    return _piece("matrix", title, names, rows)


def interval_cell(interval: Interval | None, *, digits: int = 3) -> Markup:
    """A figure with its interval on a line below; a dash where there is none."""
    value, _, span = figure(interval, digits=digits, layout="{value} {low}–{high}").partition(" ")
    return two_lines(value, span) if span else Markup.escape(value)


def two_lines(first: str, second: str) -> Markup:
    """A cell with a smaller line below."""
    return _piece("two_lines", first, second)


def paragraph(text: str, kind: str = "") -> Markup:
    """Text as a paragraph."""
    return _piece("paragraph", text, kind)


def title(text: str) -> Markup:
    """The title of a page."""
    return _piece("title", text)


def heading(text: str) -> Markup:
    """A heading within a section."""
    return _piece("heading", text)


def listing(text: str) -> Markup:
    """Lines as they are."""
    return _piece("listing", text)


def bullets(lines: Iterable[str]) -> Markup:
    """Texts as a list."""
    return _piece("bullets", lines)


def grid(charts: Iterable[tuple[str, Markup]]) -> Markup:
    """Charts side by side, each under its title."""
    return _piece("grid", charts)


def films(pictures: Iterable[Markup]) -> Markup:
    """Pictures of films side by side."""
    return _piece("films", pictures)


def matrices(tables: Iterable[Markup]) -> Markup:
    """Matrices side by side."""
    return _piece("matrices", tables)


def page(title: str, head: Markup, sections: Sequence[Section]) -> str:
    """The whole file: plotly.js of the installed package once, then the sections with links to each."""
    from plotly.offline import get_plotlyjs

    script = Markup(get_plotlyjs())  # noqa: S704  # nosec B704 - of the installed package
    return str(filled("page.html", title=title, head=head, sections=sections, plotly=script)) + "\n"


def _piece(name: str, *values: object) -> Markup:
    """A macro of ``pieces.html``, called."""
    made: Markup = getattr(_templates().get_template("pieces.html").module, name)(*values)
    return made


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("training.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
