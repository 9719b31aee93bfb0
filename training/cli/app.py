"""``python -m training``: TensorFlow is imported by the commands that need it, never for ``--help``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from cxr_dash.inference.schema import SplitMetrics
from training.cli.films import app as data_app

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
    help="Train, measure and export the models that the app serves.",
)
app.add_typer(data_app)

DataOption = Annotated[
    Path, typer.Option("--data", help="Folder that the recipe's manifest paths start from.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change an entry of the recipe: section.name=value. Repeatable."),
]


@app.callback()
def _main(quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings only.")] = False) -> None:
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        format="%(asctime)s %(name)s %(message)s",
        force=True,
    )


def _overrides(entries: list[str] | None) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in entries or []]
    wrong = [key for key, sign, _ in pairs if not sign]
    if wrong:
        raise typer.BadParameter(f"`--set` must be section.name=value; received {wrong[0]!r}.")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _fail(error: CxrError) -> typer.Exit:
    typer.echo(f"error: {error}", err=True)
    return typer.Exit(2)


@app.command("fit")
def fit_command(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a .toml file.")],
    data: DataOption,
    *,
    run_folder: Annotated[
        Path | None, typer.Option(help="Where the run is kept; runs/<recipe> if not given.")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="Backbone weights: a path, or `imagenet`.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    overrides: SetOption = None,
) -> None:
    """Train a recipe: frozen backbone first, then fine-tuning; keep the best epoch on val."""
    from training.fitting.fit import fit
    from training.recipe import load_recipe

    try:
        loaded = load_recipe(recipe, _overrides(overrides))
        record = fit(loaded, data, run_folder or Path("runs") / loaded.id, weights=weights, resume=resume)
    except CxrError as error:
        raise _fail(error) from error
    typer.echo(f"val macro AUROC {record.val_macro_auroc:.4f}, best epoch {record.best_epoch}")


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


@app.command("export")
def export_command(
    run_folder: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option(help="Folder of bundles.")] = Path("models"),
    data: Annotated[
        Path | None, typer.Option("--data", help="Where the films are now, if they moved.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bundle of the same id.")] = False,
) -> None:
    """Calibrate, measure and write a bundle; read it back and compare."""
    from training.export.bundle import export_bundle

    try:
        bundle = export_bundle(run_folder, out, data_root=data, overwrite=overwrite)
    except CxrError as error:
        raise _fail(error) from error
    typer.echo(str(bundle.path))
    _echo_metrics(bundle.spec.metrics)


@app.command("evaluate")
def evaluate_command(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    manifest: Annotated[Path, typer.Option(help="manifest.csv of labelled films.")],
    split: Annotated[str, typer.Option(help="Which split to measure.")] = "test",
    out: Annotated[Path | None, typer.Option(help="Also write the figures as JSON.")] = None,
) -> None:
    """Measure a bundle on one split of a manifest, with 95 % intervals."""
    from training.evaluation.bundles import evaluate_bundle
    from training.writing import write_json

    try:
        metrics = evaluate_bundle(bundle, manifest, split)
    except CxrError as error:
        raise _fail(error) from error
    if out:
        write_json(metrics.model_dump(mode="json"), out)
    _echo_metrics([metrics])


@app.command("compare")
def compare_command(
    bundles: Annotated[list[Path], typer.Argument(help="Folders of two or more bundles.")],
    manifest: Annotated[Path, typer.Option(help="manifest.csv of labelled films.")],
    split: Annotated[str, typer.Option(help="Which split to measure.")] = "test",
) -> None:
    """Measure several bundles on the same films, label by label, side by side."""
    from training.evaluation.bundles import compare_bundles

    try:
        lines = compare_bundles(bundles, manifest, split)
    except CxrError as error:
        raise _fail(error) from error
    for line in lines:
        typer.echo(line)


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
    weights: Annotated[str | None, typer.Option(help="Backbone weights: a path, or `imagenet`.")] = None,
) -> None:
    """Train every combination of a few recipe entries and rank them by val; test is never looked at."""
    from training.fitting.search import search

    try:
        ranked = search(recipe, data, _overrides(grid), run_folder, weights)
    except CxrError as error:
        raise _fail(error) from error
    for score, folder, values in ranked:
        typer.echo(f"{score:.4f}  {folder.name}  {values}")


@app.command("predict")
def predict_command(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    films: Annotated[list[Path], typer.Argument(help="Film files.")],
    out: Annotated[Path | None, typer.Option(help="CSV file; standard output if not given.")] = None,
) -> None:
    """Write logit and calibrated probability of every label for some films; no input gate."""
    from training.evaluation.bundles import predict_csv

    try:
        text = predict_csv(bundle, films)
    except CxrError as error:
        raise _fail(error) from error
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)


@app.command("report")
def report_command(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    write: Annotated[bool, typer.Option("--write", help="Replace CARD.md instead of printing.")] = False,
) -> None:
    """Make the Model Facts page again from bundle.json."""
    from cxr_dash.inference.bundle import CARD_FILE, load_bundle
    from training.export.card import render_card

    try:
        text = render_card(load_bundle(bundle).spec)
    except CxrError as error:
        raise _fail(error) from error
    if write:
        (bundle / CARD_FILE).write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)


def _echo_metrics(splits: Sequence[SplitMetrics]) -> None:
    from training.export.card import figure

    for split in splits:
        typer.echo(f"{split.split}: {split.films} films")
        for name, value in split.macro.items():
            typer.echo(f"  {name:24} {figure(value, digits=4)}")
        for key, row in split.labels.items():
            typer.echo(f"  {key:24} AUROC {figure(row.auroc, digits=4)}  positives {row.positives}")
