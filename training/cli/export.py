"""Shipping: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import echo_metrics, fail

app = typer.Typer()


@app.command("export")
def export_command(
    run_folder: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder of bundles.")] = Path("models"),
    data: Annotated[
        Path | None, typer.Option("--data", help="Where the films are now, if they moved.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bundle of the same id.")] = False,
    recipe: Annotated[
        str | None,
        typer.Option(help="Recipe whose card, sources, names of labels and lists count, as it is now."),
    ] = None,
    tools: Annotated[
        Path | None,
        typer.Option(help="Bundles to copy gate and lungs from, where --out has none; CXR_MODELS_DIR."),
    ] = None,
) -> None:
    """Calibrate, measure and write a bundle; read it back and compare."""
    from cxr_dash.inference.catalog import Catalog
    from cxr_dash.inference.trunks import missing_trunk
    from cxr_dash.settings import Settings
    from training.backend import use_backend
    from training.export.bundle import export_bundle
    from training.fitting.runs import is_segmenter_run
    from training.metrics import figure
    from training.recipe import load_recipe

    try:
        # whatever the run was trained with: the compiled graph is made by TensorFlow
        use_backend("tensorflow")
        if is_segmenter_run(run_folder):
            from training.segmentation.export import export_segmenter

            lungs = export_segmenter(run_folder, out, data_root=data, overwrite=overwrite)
            typer.echo(str(lungs.path))
            for metrics in lungs.spec.metrics:
                typer.echo(f"{metrics.split}: {metrics.films} films, Dice {figure(metrics.dice, digits=4)}")
            return
        before = {path.name for path in out.iterdir()} if out.is_dir() else set()
        bundle = export_bundle(
            run_folder,
            out,
            data_root=data,
            overwrite=overwrite,
            texts=load_recipe(recipe) if recipe else None,
            tools=tools or Settings().models_dir,
        )
    except CxrError as error:
        raise fail(error) from error
    for name in sorted({path.name for path in out.iterdir()} - before - {bundle.path.name}):
        typer.echo(f"{out / name}: copied, the app needs it beside your bundle")
    if (trunk := missing_trunk(Catalog(out))) is not None:
        typer.echo(
            f"{out}: the gate there reads the features of {trunk}, which is missing: a child's film without "
            f"an age is not told from an adult's. Copy the bundle {trunk} that the gate came with beside it.",
            err=True,
        )
    typer.echo(str(bundle.path))
    echo_metrics(bundle.spec.metrics)
