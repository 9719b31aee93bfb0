"""Beginning with own films: ``new`` and ``look``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from cxr_dash.errors import CxrError, TrainingError
from training.cli.common import fail

app = typer.Typer()


@app.command("new")
def new_command(
    name: Annotated[str, typer.Argument(help="Of the recipe, and of the bundle it makes.")],
    source: Annotated[Path, typer.Option("--from", help="Folder with a folder of films for each class.")],
    *,
    labels: Annotated[
        str | None,
        typer.Option(
            help="FOLDER, FOLDER:key, FOLDER:key=English/Spanish or FOLDER:key=English/es:Spanish/pl:Polish, "
            "joined by commas; all if not given."
        ),
    ] = None,
    data: Annotated[
        Path, typer.Option("--data", help="Folder of your collections, for their manifests.")
    ] = Path("collections"),
    weights: Annotated[str, typer.Option(help="What the backbone is to begin with.")] = (
        "models/findings/model.keras"
    ),
    out: Annotated[Path | None, typer.Option(help="Recipe to write; NAME.toml here if not given.")] = None,
) -> None:
    """Write a recipe for own films, every choice explained, and say what to do next."""
    from training.films.new_recipe import read_classes, recipe_text
    from training.recipe import load_recipe
    from training.writing import write_text

    target = out or Path(f"{name}.toml")
    try:
        classes = read_classes(labels, source)
        text = recipe_text(name, classes, source, data, weights)
        if target.exists():
            raise TrainingError(f"`out` must be a new file; {target} is there already.")
        if target.suffix != ".toml":
            raise TrainingError(f"`out` must be a .toml file; received {target}.")
        with TemporaryDirectory() as folder:  # a recipe that cannot be read is not left behind
            tried = Path(folder) / target.name
            tried.write_text(text, encoding="utf-8")
            load_recipe(str(tried))
        target.parent.mkdir(parents=True, exist_ok=True)
        write_text(text, target)
    except CxrError as error:
        raise fail(error) from error
    for one in classes:
        new = f"new: [labels.{one.key}]" if one.is_new else "known"
        names = " / ".join(text for _, text in one.name.texts)
        typer.echo(f"{one.folder:24} {one.key:24} {names} ({new})")
    typer.echo(f"{target}: read it. Then the commands at its head.")


@app.command("look")
def look_command(
    manifest: Annotated[Path, typer.Argument(help="manifest.csv of labelled films.")],
    *,
    out: Annotated[Path, typer.Option(help="HTML file.")],
    augment: Annotated[
        str | None,
        typer.Option(help="Recipe whose augmentation is shown on some films. Films are patients' data."),
    ] = None,
    films: Annotated[int, typer.Option(min=1, help="How many films, with --augment.")] = 6,
) -> None:
    """Show a collection on one page: classes, ages, projections, labels together, sources, files, borders."""
    from training.recipe import load_recipe
    from training.report.collection import collection_page

    try:
        recipe = load_recipe(augment) if augment else None
        text = collection_page(manifest, recipe, films)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except CxrError as error:
        raise fail(error) from error
    typer.echo(f"{out} ({out.stat().st_size / 1e6:.1f} MB)")
