"""Measuring: evaluate, compare, predict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import fail

app = typer.Typer()


DataOption = Annotated[
    Path | None, typer.Option("--data", help="Where a run's films are now, if they moved since training.")
]


@app.command("evaluate")
def evaluate_command(
    model: Annotated[Path, typer.Argument(help="Folder of a run or a bundle.")],
    manifest: Annotated[
        Path | None, typer.Option(help="manifest.csv of labelled films; a run's own if not given.")
    ] = None,
    split: Annotated[str, typer.Option(help="Which split to measure.")] = "test",
    out: Annotated[
        Path | None, typer.Option(help="JSON file, or folder, for the figures; the scores go beside it.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Measure a run or a bundle on one split, with 95 % intervals.

    Figures of a run on its own films are kept in its folder: evaluation-<split>.json, scores-<split>.npz.
    """
    from training.evaluation.saved import evaluate_folder
    from training.evaluation.text import evaluation_lines

    try:
        evaluation, _, written = evaluate_folder(model, manifest, split, data_root=data, out=out)
    except CxrError as error:
        raise fail(error) from error
    for line in evaluation_lines(evaluation):
        typer.echo(line)
    if written:
        typer.echo(f"written to {written}", err=True)


@app.command("perturb")
def perturb_command(
    models: Annotated[list[Path], typer.Argument(help="Folders of runs or bundles.")],
    manifest: Annotated[
        Path | None, typer.Option(help="manifest.csv of labelled films; a run's own if not given.")
    ] = None,
    split: Annotated[str, typer.Option(help="Which split to change; choose by val alone.")] = "val",
    data: DataOption = None,
    details: Annotated[
        bool, typer.Option("--details", help="Every change of its own, not the mean.")
    ] = False,
) -> None:
    """Measure models on films exposed, shrunk and cut differently, where plain `val` cannot choose."""
    from training.evaluation.perturbed import mean_figures, perturbed_figures
    from training.evaluation.saved import own_manifest
    from training.evaluation.subject import open_subject
    from training.films.manifest import of_split, read_manifest

    typer.echo(f"{'model':36} {'change':22} log loss    AUROC accuracy")
    try:
        for folder in models:
            subject = open_subject(folder, data)
            films = read_manifest(
                manifest or own_manifest(folder, data),
                negative_label=subject.negative_label,
                own_labels=subject.labels,
            )
            rows = perturbed_figures(subject, of_split(films, split))
            for row in [*rows, mean_figures(rows)] if details else [rows[0], mean_figures(rows)]:
                typer.echo(
                    f"{subject.id:36} {row.change:22} {row.log_loss:8.4f} {row.macro_auroc:8.4f} "
                    f"{row.accuracy:8.4f}"
                )
    except CxrError as error:
        raise fail(error) from error


@app.command("compare")
def compare_command(
    models: Annotated[list[Path], typer.Argument(help="Folders of runs or bundles, or of many of them.")],
    manifest: Annotated[
        Path | None, typer.Option(help="Measure all on this manifest.csv; needed to test bundles.")
    ] = None,
    split: Annotated[str, typer.Option(help="Which split to compare on.")] = "test",
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Measure runs on their own films in this folder, where not done yet."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the table: .csv, .md, or .html with a plot.")
    ] = None,
) -> None:
    """Put runs and bundles into one table, best first; on the same films, test each against the first."""
    from training.evaluation.compare import compare
    from training.evaluation.paired import paired_lines
    from training.evaluation.run_table import text_table
    from training.report.compare import check_ending, write_comparison

    try:
        if out:
            check_ending(out)
        found = compare(models, manifest=manifest, split=split, data_root=data)
        if out:
            write_comparison(found, out)
    except CxrError as error:
        raise fail(error) from error
    lines = text_table(found.rows)
    if found.paired:
        lines += ["", *paired_lines(found.paired)]
    if found.studies:
        lines += ["", *found.study_lines()]
    for line in lines:
        typer.echo(line)


@app.command("predict")
def predict_command(
    model: Annotated[Path, typer.Argument(help="Folder of a run or a bundle.")],
    films: Annotated[list[Path], typer.Argument(help="Film files, and folders of them.")],
    out: Annotated[Path | None, typer.Option(help="CSV file; standard output if not given.")] = None,
    data: DataOption = None,
) -> None:
    """Write logit and calibrated probability of every label for films and folders; no input gate.

    A file that cannot be read has a row with the reason.
    """
    from training.evaluation.predict import predict_csv

    try:
        text = predict_csv(model, films, data)
    except CxrError as error:
        raise fail(error) from error
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)
