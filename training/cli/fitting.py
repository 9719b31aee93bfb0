"""Training: list, fit, search."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import (
    BackendOption,
    DataOption,
    DeviceOption,
    SetOption,
    WeightsOption,
    fail,
    overrides_of,
)

app = typer.Typer()


class Sampler(StrEnum):
    """How a search draws values."""

    tpe = "tpe"
    random = "random"
    grid = "grid"


class Pruner(StrEnum):
    """Whether a search gives up hopeless trials."""

    median = "median"
    none = "none"


@app.command("list")
def list_command() -> None:
    """Name the recipes and the networks."""
    from training.networks import NETWORKS
    from training.recipe import load_any, recipe_names

    for name in recipe_names():
        recipe = load_any(name)
        typer.echo(f"recipe   {name:24} {recipe.network.name:14} {recipe.card.title.en}")
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
    *,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder that the recipe's manifest paths start from.")
    ] = None,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="Try every step in seconds, on drawn films, without weights."),
    ] = False,
    run_folder: Annotated[
        Path | None, typer.Option(help="Where the run is kept; runs/<recipe> if not given.")
    ] = None,
    weights: WeightsOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard's logs into the run folder.")
    ] = False,
    overrides: SetOption = None,
    backend: BackendOption = None,
    device: DeviceOption = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Go on where `check` finds faults in the films; they are told.")
    ] = False,
) -> None:
    """Train a recipe: frozen backbone first, then fine-tuning; keep the best epoch on val."""
    from training.backend import use_machine
    from training.films.checks.before import check_before
    from training.fitting.fit import fit
    from training.fitting.runs import RunFolder
    from training.fitting.start import check_start, check_weights, start_weights
    from training.fitting.texts import check_asked_lists
    from training.recipe import SegmenterRecipe, load_any

    try:
        use_machine(backend, device)
        loaded = load_any(recipe, overrides_of(overrides))
        if smoke:
            from training.smoke import smoke as try_out

            typer.echo(str(try_out(loaded, run_folder or Path("runs") / "smoke" / loaded.id).bundle))
            return
        if data is None:
            raise typer.BadParameter("`--data` must be given; only --smoke does without.")
        folder = run_folder or Path("runs") / loaded.id
        check_weights(weights)
        if isinstance(loaded, SegmenterRecipe):
            from training.segmentation.fit import fit_segmenter

            masks = fit_segmenter(loaded, data, folder, weights=weights, resume=resume)
            typer.echo(f"val Dice {masks.val_dice:.4f}, best epoch {masks.best_epoch}")
            return
        # what costs nothing is asked first: the films take minutes
        begun = start_weights(loaded, weights)
        check_asked_lists(loaded, data)
        if loaded.ensemble:
            from training.ensembles.fit import check_new, fit_ensemble

            check_new(RunFolder(folder))
            check_before(loaded, data, accept=accept)
            record = fit_ensemble(loaded, data, folder)
        else:
            check_start(RunFolder(folder), loaded, begun, resume=resume)
            if not resume:
                check_before(loaded, data, accept=accept)
            record = fit(loaded, data, folder, weights=weights, resume=resume, tensorboard=tensorboard)
    except CxrError as error:
        raise fail(error) from error
    typer.echo(f"val macro AUROC {record.val_macro_auroc:.4f}, kept {record.kept}")


@app.command("search")
def search_command(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a .toml file.")],
    data: DataOption,
    *,
    grid: Annotated[
        list[str] | None,
        typer.Option("--grid", help="section.name=first,second: try every combination. Repeatable."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            help="section.name=choice:8|16, =int:1..8, =float:0..0.5 or =log:1e-4..1e-2. Repeatable.",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(help="How many are tried in all; 20, or the whole grid, if not given.", min=1),
    ] = None,
    sampler: Annotated[Sampler, typer.Option(help="How values are drawn, with --param.")] = Sampler.tpe,
    pruner: Annotated[
        Pruner | None,
        typer.Option(
            help="Whether a trial worse than the median is given up; median with --param, none with --grid."
        ),
    ] = None,
    storage: Annotated[
        Path | None,
        typer.Option(
            help="Journal; processes that name the same share the search. <run folder>/search.log; each grid "
            "has one of its own."
        ),
    ] = None,
    run_folder: Annotated[Path, typer.Option(help="One run per combination is kept here.")] = Path(
        "runs/search"
    ),
    weights: WeightsOption = None,
    overrides: SetOption = None,
    backend: BackendOption = None,
    device: DeviceOption = None,
) -> None:
    """Try many values of a few recipe entries and rank them by val; test is never looked at."""
    from training.backend import use_machine
    from training.fitting.search import SearchPlan, grid_space, read_space, run_study
    from training.fitting.search.training import fitted
    from training.fitting.start import check_weights, start_weights
    from training.recipe import load_recipe

    if bool(grid) == bool(param):
        raise typer.BadParameter("one of `--grid` and `--param` must be given, and not both.")
    try:
        use_machine(backend, device)
        fixed = overrides_of(overrides)
        check_weights(weights)
        # or every trial would fail of it, one after the other
        start_weights(load_recipe(recipe, fixed), weights)
        plan = SearchPlan(
            recipe=recipe,
            fixed=fixed,
            space=grid_space(overrides_of(grid)) if grid else read_space(param or []),
            trials=trials or (sys.maxsize if grid or sampler == Sampler.grid else 20),
            folder=run_folder,
            storage=storage or run_folder / "search.log",
            sampler="grid" if grid else sampler.value,
            pruner=(pruner or (Pruner.none if grid else Pruner.median)).value,
            weights=weights,
        )
        if grid and storage is None:
            plan = plan.named_by_content(run_folder)
        rows = run_study(plan, fitted(data, weights))
    except CxrError as error:
        raise fail(error) from error
    for row in rows:
        score_text = "      " if row.score is None else f"{row.score:.4f}"
        typer.echo(f"{score_text}  {row.state:8}  {row.folder.name}  {row.values}")
