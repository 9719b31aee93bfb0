"""Training: list, fit, search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import DataOption, SetOption, WeightsOption, fail, overrides_of

app = typer.Typer()


@app.command("list")
def list_command() -> None:
    """Name the recipes and the networks."""
    from training.networks import NETWORKS
    from training.recipe import load_recipe, recipe_names

    for name in recipe_names():
        recipe = load_recipe(name)
        typer.echo(f"recipe   {name:24} {recipe.network.name:14} {recipe.card.title_en}")
    for network in NETWORKS.values():
        typer.echo(
            f"network  {network.name:24} {network.size:3} px {network.parameters / 1e6:7.2f} M weights  "
            f"{network.description}{', from ImageNet' if network.pretrained else ', from scratch'}"
        )
        if network.cuts:
            typer.echo(f"{'':33} unfreeze_from: {', '.join(map(str, network.cuts))}")


@app.command("fit")
def fit_command(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a .toml file.")],
    data: DataOption,
    *,
    run_folder: Annotated[
        Path | None, typer.Option(help="Where the run is kept; runs/<recipe> if not given.")
    ] = None,
    weights: WeightsOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    overrides: SetOption = None,
) -> None:
    """Train a recipe: frozen backbone first, then fine-tuning; keep the best epoch on val."""
    from training.fitting.fit import fit
    from training.recipe import load_recipe

    try:
        loaded = load_recipe(recipe, overrides_of(overrides))
        record = fit(loaded, data, run_folder or Path("runs") / loaded.id, weights=weights, resume=resume)
    except CxrError as error:
        raise fail(error) from error
    typer.echo(f"val macro AUROC {record.val_macro_auroc:.4f}, best epoch {record.best_epoch}")


@app.command("search")
def search_command(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a .toml file.")],
    data: DataOption,
    grid: Annotated[
        list[str], typer.Option("--grid", help="section.name=first,second: values to try. Repeatable.")
    ],
    run_folder: Annotated[Path, typer.Option(help="One run per combination is kept here.")] = Path(
        "runs/search"
    ),
    weights: WeightsOption = None,
) -> None:
    """Train every combination of a few recipe entries and rank them by val; test is never looked at."""
    from training.fitting.search import search

    try:
        ranked = search(recipe, data, overrides_of(grid), run_folder, weights)
    except CxrError as error:
        raise fail(error) from error
    for score, folder, values in ranked:
        typer.echo(f"{score:.4f}  {folder.name}  {values}")
