"""The input gate: make its collection of pictures, and count what passes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import fail

app = typer.Typer()

DataOption = Annotated[
    Path, typer.Option("--data", help="Folder of the collections findings, covid, lungs and gate.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Same seed, same pictures.")]


@app.command("gate-films")
def gate_films_command(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for the pictures and manifest.csv.")],
    seed: SeedOption = 0,
    *,
    leave_out: Annotated[
        list[str] | None,
        typer.Option("--leave-out", help="A kind of non-film that neither trains nor decides. Repeatable."),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Of the manifest; several may share the pictures.")
    ] = "manifest.csv",
) -> None:
    """Make the gate's pictures: films as they are and changed, other pictures, drawings; split by patient."""
    from training.films.gate.write import write_collection

    try:
        films = write_collection(data, out, seed=seed, leave_out=leave_out or (), name=name)
    except CxrError as error:
        raise fail(error) from error
    splits = ("train", "val", "test", "external")
    counts = {split: sum(film.split == split for film in films) for split in splits}
    typer.echo(f"{out / name}: " + ", ".join(f"{split} {n}" for split, n in counts.items()))


@app.command("gate")
def gate_command(
    models: Annotated[Path, typer.Argument(help="Folder of bundles, as the app serves them.")],
    data: DataOption,
    *,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Bundle to ask; all if not given. Repeatable.")
    ] = None,
    films: Annotated[
        Path | None, typer.Option(help="Where `gate-films` wrote its pictures; made anew if not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file for the counts.")] = None,
    seed: SeedOption = 0,
    write: Annotated[
        bool, typer.Option("--write", help="Put the figures on the card of the bundle `gate`.")
    ] = False,
) -> None:
    """Count which frontal films pass and which other pictures do not, through `cxr-dash score` itself.

    The pictures are of splits and kinds used neither in training nor in choosing.
    """
    from cxr_dash.inference.catalog import Catalog
    from training.evaluation.gate_served import gate_lines, gate_table, measure_served_gate
    from training.export.gate_card import write_on_card
    from training.writing import write_json

    try:
        counts = measure_served_gate(models, data, model or Catalog(models).ids(), films, seed=seed)
        if out:
            write_json(gate_table(counts), out)
        if write:
            write_on_card(models, counts)
    except CxrError as error:
        raise fail(error) from error
    for model_id, rows in counts.items():
        for line in (f"{model_id}:", *gate_lines(rows), ""):
            typer.echo(line)


@app.command("age-group")
def age_group_command(
    models: Annotated[Path, typer.Argument(help="Folder of bundles, with the trunk and the gate.")],
    data: DataOption,
    *,
    trunk: Annotated[str, typer.Option(help="Bundle whose features the head reads.")] = "findings",
    prepared: Annotated[
        Path, typer.Option(help="Folder for the features, so that a second training takes seconds.")
    ] = Path("runs/prepared"),
    write: Annotated[
        bool, typer.Option("--write", help="Put the head, its limits and figures into the bundle `gate`.")
    ] = False,
) -> None:
    """Train the gate's answer `a child or an adult` on a trunk's features, and measure it.

    Do it again whenever the trunk was made anew: a head fits no other.
    """
    from training.evaluation.text import age_lines
    from training.export.age_group import train_age_group, write_age_group

    try:
        head, group = train_age_group(models, data, prepared, trunk)
        if write:
            write_age_group(models, head, group)
    except CxrError as error:
        raise fail(error) from error
    for line in age_lines(group):
        typer.echo(line)
