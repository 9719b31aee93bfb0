"""What the commands share: options, and an expected error in one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from cxr_dash.inference.schema import SplitMetrics

DataOption = Annotated[
    Path, typer.Option("--data", help="Folder that the recipe's manifest paths start from.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change an entry of the recipe: section.name=value. Repeatable."),
]
WeightsOption = Annotated[
    str | None,
    typer.Option("--weights", help="Of the backbone: a path, a run's model.keras, `imagenet`, or `none`."),
]

BackendOption = Annotated[
    str | None,
    typer.Option("--backend", help="tensorflow, jax or torch; KERAS_BACKEND, or tensorflow, if not given."),
]

DeviceOption = Annotated[
    str | None,
    typer.Option(
        "--device", help="cpu or gpu; whatever there is, if not given. gpu ends where none is found."
    ),
]


def overrides_of(entries: list[str] | None) -> dict[str, str]:
    """``section.name=value`` entries as a mapping."""
    pairs = [entry.partition("=") for entry in entries or []]
    wrong = [key for key, sign, _ in pairs if not sign]
    if wrong:
        raise typer.BadParameter(f"`--set` must be section.name=value; received {wrong[0]!r}.")
    return {key.strip(): value.strip() for key, _, value in pairs}


def fail(error: CxrError) -> typer.Exit:
    """Say what was wrong; the command ends with 2."""
    typer.echo(f"error: {error}", err=True)
    return typer.Exit(2)


def echo_metrics(splits: Sequence[SplitMetrics]) -> None:
    """Print figures with their intervals."""
    from training.metrics import figure

    for split in splits:
        typer.echo(f"{split.split}: {split.films} films")
        for name, value in split.macro.items():
            typer.echo(f"  {name:24} {figure(value, digits=4)}")
        for key, row in split.labels.items():
            typer.echo(f"  {key:24} AUROC {figure(row.auroc, digits=4)}  positives {row.positives}")
