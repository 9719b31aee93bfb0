"""The backend comparison as one HTML page: films per second by batch size."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from training.bench.figures import Bench, Row
from training.report.charts import line_of, styled
from training.report.html import Section, bullets, chart, page, table, title

_WORDS = {"train": "training step", "predict": "inference"}
_CAPTION = (
    "Median films per second; bars from the slowest to the fastest round. Compiling is not counted, "
    "and is in bench.csv."
)


def write_bench(bench: Bench, path: Path) -> None:
    """Write the page; it holds its scripts itself and opens without a network.

    Parameters
    ----------
    bench : Bench
    path : Path
    """
    failed = [
        f"{row.case.network}, batch {row.case.batch_size}, {row.what}, {row.backend}: {row.problem}"
        for row in bench.rows
        if row.problem
    ]
    facts = [[str(name), str(value)] for name, value in bench.machine.items()]
    sections = [Section("rates", "Films per second", chart(bench_figure(bench), "rates", _CAPTION))]
    if failed:
        sections.append(Section("failed", "Not measured", bullets(failed)))
    sections.append(Section("machine", "Machine", table(["", ""], facts, kind="text")))
    path.write_text(page("Backends compared", title("Backends compared"), sections), encoding="utf-8")


def bench_figure(bench: Bench) -> go.Figure:
    """One panel for each network, training and inference side by side, one line for each backend.

    Parameters
    ----------
    bench : Bench
    """
    measured = [row for row in bench.rows if row.seconds]
    networks = list(dict.fromkeys(f"{row.case.network}, {row.case.size} px" for row in bench.rows))
    backends = list(dict.fromkeys(row.backend for row in bench.rows))
    titles = [f"{network}: {word}" for network in networks for word in _WORDS.values()]
    figure = make_subplots(rows=len(networks), cols=len(_WORDS), subplot_titles=titles)
    for number, network in enumerate(networks):
        for column, what in enumerate(_WORDS):
            for index, backend in enumerate(backends):
                rows = [
                    row
                    for row in measured
                    if f"{row.case.network}, {row.case.size} px" == network
                    and (row.what, row.backend) == (what, backend)
                ]
                first = number == column == 0
                trace = _line(rows, backend, index, shown=first)
                figure.add_trace(trace, row=number + 1, col=column + 1)
    styled(figure, x="films in a batch", y="films/s", height=340 * len(networks) + 40)
    figure.update_layout(margin={"t": 48})
    sizes = sorted({row.case.batch_size for row in bench.rows})
    figure.update_xaxes(type="log", tickvals=sizes, ticktext=[str(size) for size in sizes])
    figure.update_yaxes(rangemode="tozero")
    return figure


def _line(rows: list[Row], backend: str, index: int, *, shown: bool) -> go.Scatter:
    rates = [row.films_per_second for row in rows]
    fastest = [row.case.batch_size / min(row.seconds) - rate for row, rate in zip(rows, rates, strict=True)]
    slowest = [rate - row.case.batch_size / max(row.seconds) for row, rate in zip(rows, rates, strict=True)]
    return go.Scatter(
        x=[row.case.batch_size for row in rows],
        y=rates,
        error_y={"type": "data", "array": fastest, "arrayminus": slowest, "thickness": 1},
        name=backend,
        legendgroup=backend,
        showlegend=shown,
        mode="lines+markers",
        line=line_of(index),
        customdata=[row.compile_seconds for row in rows],
        hovertemplate="batch %{x}: %{y:.1f} films/s, compiled in %{customdata:.1f} s",
    )
