"""The table of all runs on one page, with a plot of their figures and intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cxr_dash.errors import TrainingError
from cxr_dash.inference.schema import Interval
from training.evaluation.compare import Comparison
from training.evaluation.paired import paired_lines
from training.evaluation.run_table import RunRow, cells, csv_table, markdown_table
from training.report.charts import COLOURS, styled
from training.report.html import Section, chart, interval_cell, listing, page, paragraph, table, title

_CAPTION = "Bars are 95 % intervals from resampled patients. Hollow: the val score that chose the weights."


def check_ending(path: Path) -> None:
    """Refuse a file that :func:`write_comparison` cannot write, before anything is measured.

    Raises
    ------
    TrainingError
    """
    if path.suffix not in _WRITERS:
        raise TrainingError(f"`out` must end in {', '.join(_WRITERS)}; received {path.name!r}.")


def write_comparison(found: Comparison, path: Path) -> None:
    """Write the table as numbers (.csv), for a Markdown page (.md), or as a page with a plot (.html).

    Raises
    ------
    TrainingError
        For another ending.
    """
    check_ending(path)
    path.write_text(_WRITERS[path.suffix](found), encoding="utf-8")


def comparison_page(found: Comparison) -> str:
    """One self-contained HTML page: dot plot, table, and tests against the first model if there are any."""
    header, *lines = cells(found.rows)
    body = [
        [*line[:-2], interval_cell(row.accuracy), interval_cell(row.auroc)]
        for line, row in zip(lines, found.rows, strict=True)
    ]
    sections = [
        Section(
            "plot",
            "Figures",
            chart(
                comparison_figure(found.rows),
                "comparison",
                _CAPTION,
            ),
        ),
        Section("table", "All runs", table(header, body)),
    ]
    if found.paired:
        *tests, note = paired_lines(found.paired)
        body_of_tests = listing("\n".join(tests)) + paragraph(note, "soft")
        sections.append(Section("tests", "Differences from the first", body_of_tests))
    if found.studies:
        theirs = [[name, row.key, row.words()] for name, row in found.studies]
        sections.append(
            Section(
                "studies", "As the studies have it", table(["model", "study", "figures of theirs"], theirs)
            )
        )
    return page("Runs compared", title(f"{len(found.rows)} models on {found.split}"), sections)


def comparison_figure(rows: Sequence[RunRow]) -> go.Figure:
    """A horizontal dot plot, best run on top: macro AUROC and accuracy with their intervals.

    Parameters
    ----------
    rows : sequence of RunRow
        Sorted, at least one.
    """
    split = rows[0].split
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    names = [row.name for row in rows]
    kinds = (
        ("AUROC", [row.auroc for row in rows], [row.val_auroc for row in rows]),
        ("accuracy", [row.accuracy for row in rows], [row.val_accuracy for row in rows]),
    )
    for index, (_, figures, val) in enumerate(kinds):
        figure.add_trace(_val_dots(names, val, shown=not index), row=1, col=index + 1)
        figure.add_trace(_dots(names, figures, split, shown=not index), row=1, col=index + 1)
    styled(figure, x="", y="", height=110 + 26 * len(rows))
    for index, (name, _, _) in enumerate(kinds):
        figure.update_xaxes(title={"text": f"macro {name}" if not index else name}, col=index + 1)
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=True)
    figure.update_layout(legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"}, margin={"t": 36})
    return figure


def _dots(names: Sequence[str], figures: Sequence[Interval | None], split: str, *, shown: bool) -> go.Scatter:
    known = [(name, found) for name, found in zip(names, figures, strict=True) if found is not None]
    return go.Scatter(
        x=[found.value for _, found in known],
        y=[name for name, _ in known],
        error_x={
            "type": "data",
            "array": [0.0 if found.high is None else found.high - found.value for _, found in known],
            "arrayminus": [0.0 if found.low is None else found.value - found.low for _, found in known],
            "thickness": 1.5,
            "width": 4,
        },
        mode="markers",
        marker={"size": 9, "color": COLOURS[0]},
        name=split,
        legendgroup=split,
        showlegend=shown,
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )


def _val_dots(names: Sequence[str], figures: Sequence[float | None], *, shown: bool) -> go.Scatter:
    known = [(name, found) for name, found in zip(names, figures, strict=True) if found is not None]
    return go.Scatter(
        x=[found for _, found in known],
        y=[name for name, _ in known],
        mode="markers",
        marker={"size": 8, "symbol": "diamond-open", "color": COLOURS[1]},
        name="val score",
        legendgroup="val score",
        showlegend=shown,
        hovertemplate="%{y}: %{x:.3f} on val<extra></extra>",
    )


def _markdown(found: Comparison) -> str:
    """The table, and under it what the studies say of the same networks."""
    heading, *lines = found.study_lines() or [""]
    return markdown_table(found.rows) + "".join(
        [f"\n{heading}\n\n" * bool(lines), *(f"- {x}\n" for x in lines)]
    )


_WRITERS: dict[str, Callable[[Comparison], str]] = {
    ".csv": lambda found: csv_table(found.rows),
    ".md": _markdown,
    ".html": comparison_page,
}
