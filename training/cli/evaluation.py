"""Measuring: evaluate, compare, predict, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import echo_metrics, fail

app = typer.Typer()


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
        raise fail(error) from error
    if out:
        write_json(metrics.model_dump(mode="json"), out)
    echo_metrics([metrics])


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
        raise fail(error) from error
    for line in lines:
        typer.echo(line)


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
        raise fail(error) from error
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
        raise fail(error) from error
    if write:
        (bundle / CARD_FILE).write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)
