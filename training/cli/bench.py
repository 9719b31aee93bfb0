"""Comparing backends: bench."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cxr_dash.errors import CxrError
from training.cli.common import fail

if TYPE_CHECKING:
    from training.recipe import Precision

app = typer.Typer()


@app.command("bench")
def bench_command(
    networks: Annotated[list[str], typer.Argument(help="Networks, as `list` names them.")],
    *,
    backends: Annotated[str, typer.Option(help="Comma-separated: tensorflow, jax, torch.")] = "tensorflow",
    precisions: Annotated[str, typer.Option(help="Comma-separated: float32, mixed_bfloat16.")] = "float32",
    batch_sizes: Annotated[str, typer.Option(help="Comma-separated.")] = "1,8,32",
    size: Annotated[int | None, typer.Option(help="Side of the films, pixels; the network's own.")] = None,
    rounds: Annotated[int, typer.Option(help="How often each is timed; the median counts.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="How long one timing takes at least, roughly.", min=0)] = 1.0,
    out: Annotated[Path, typer.Option(help="Folder for bench.csv, bench.json and bench.html.")] = Path(
        "runs/bench"
    ),
) -> None:
    """Time training steps and inference of networks on the backends of this machine."""
    from training.bench import BenchPlan, compare_backends
    from training.report.bench import write_bench

    try:
        sizes = tuple(int(word) for word in batch_sizes.split(","))
    except ValueError as error:
        raise typer.BadParameter(
            f"`--batch-sizes` must be whole numbers; received {batch_sizes!r}."
        ) from error
    plan = BenchPlan(
        tuple(dict.fromkeys(networks)),
        _words(backends),
        sizes,
        size,
        rounds,
        seconds,
        cast("tuple[Precision, ...]", _words(precisions)),
    )
    try:
        bench = compare_backends(plan)
    except CxrError as error:
        raise fail(error) from error
    bench.write(out)
    write_bench(bench, out / "bench.html")
    typer.echo(bench.markdown())
    for row in bench.rows:
        if row.problem:
            typer.echo(
                f"{row.case.network}, batch {row.case.batch_size}, {row.backend}: {row.problem}", err=True
            )
    typer.echo(f"{out}: bench.csv, bench.json, bench.html")


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
