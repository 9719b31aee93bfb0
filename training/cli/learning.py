"""Learning curve: whether more films of the same kind would help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import DataOption, SetOption, WeightsOption, fail, overrides_of

app = typer.Typer()


@app.command("learning-curve")
def learning_curve_command(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a .toml file.")],
    data: DataOption,
    *,
    run_folder: Annotated[
        Path | None, typer.Option(help="The run whose export is to show it; runs/<recipe> if not given.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle to put it into as well: bundle.json and CARD.md.")
    ] = None,
    weights: WeightsOption = None,
    overrides: SetOption = None,
) -> None:
    """Train a linear head on frozen features of 1/8, 1/4, 1/2 and all train patients; measure each on test.

    The backbone's weights must not come from these films: ImageNet's, or an earlier run's on others.
    """
    from cxr_dash.inference.bundle import load_bundle
    from training.audits.learning_curve import learning_curve
    from training.export.card import write_bundle_texts
    from training.fitting.runs import RunFolder
    from training.metrics import figure
    from training.recipe import load_recipe
    from training.writing import write_json

    try:
        loaded = load_recipe(recipe, overrides_of(overrides))
        run = RunFolder(run_folder or Path("runs") / loaded.id)
        curve = learning_curve(loaded, data, run.prepared, weights)
        run.path.mkdir(parents=True, exist_ok=True)
        write_json(curve.model_dump(mode="json"), run.learning_curve)
        if bundle is not None:
            spec = load_bundle(bundle).spec.model_copy(update={"learning_curve": curve})
            write_bundle_texts(spec, bundle)
    except CxrError as error:
        raise fail(error) from error
    for point in curve.points:
        typer.echo(
            f"{point.patients:6} patients {point.films:6} films  AUROC {figure(point.auroc, digits=3)}"
        )
