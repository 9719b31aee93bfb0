"""Answering for a bundle: audit, measure, card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxr_dash.errors import CxrError, TrainingError
from training.cli.common import echo_metrics, fail

if TYPE_CHECKING:
    from cxr_dash.inference.bundle import SegmenterBundle

app = typer.Typer()


BundleArgument = Annotated[Path, typer.Argument(help="Folder of a bundle.")]
FilmsOption = Annotated[
    Path, typer.Option("--data", help="Folder that the manifest path in the bundle's recipe starts from.")
]
ModelsOption = Annotated[
    Path | None,
    typer.Option("--models", help="Folder with the segmenter's bundle; the bundle's own if not given."),
]

RobustOption = Annotated[
    int,
    typer.Option(
        "--films", min=0, help="Test films to write in other ways that must not matter; 0 leaves that out."
    ),
]


@app.command("audit")
def audit_command(
    bundle: BundleArgument,
    data: FilmsOption,
    out: Annotated[Path | None, typer.Option(help="JSON file for the answers.")] = None,
    models: ModelsOption = None,
    *,
    robust_films: RobustOption = 60,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Key of an audit to make alone, such as `robustness`. Repeatable."),
    ] = None,
) -> None:
    """Ask a bundle what a sceptic would: lungs covered, border alone, source, projection, sex, age, tone.

    Whether frame, tilt, aspect, resolution and JPEG matter is asked with tone, of a few test films.
    Ends with 1 when an answer is bad.
    """
    from cxr_dash.inference.bundle import load_bundle
    from training.audits.lungs import lung_finder
    from training.audits.run import run_audits
    from training.audits.words import audit_lines
    from training.evaluation.subject import runtime_of
    from training.export.measure import films_of_bundle, material_of
    from training.writing import write_json

    try:
        found = load_bundle(bundle)
        films = films_of_bundle(found.spec, data)
        finder = lung_finder(models or bundle.parent)
        material = material_of(found.spec, runtime_of(found), films, finder, robust_films=robust_films)
        audits = run_audits(material, only)
        if out:
            write_json([audit.model_dump(mode="json") for audit in audits], out)
    except CxrError as error:
        raise fail(error) from error
    for line in audit_lines(audits):
        typer.echo(line)
    if any(audit.verdict == "bad" for audit in audits):
        raise typer.Exit(1)


@app.command("measure")
def measure_command(
    bundle: BundleArgument,
    data: FilmsOption,
    write: Annotated[
        bool, typer.Option("--write", help="Replace the figures in bundle.json, and CARD.md.")
    ] = False,
    models: ModelsOption = None,
    preparation: Annotated[
        int | None,
        typer.Option(help="Move the bundle to this version of the preparation, if it answers no worse."),
    ] = None,
    *,
    robust_films: RobustOption = 60,
    straighten: Annotated[
        bool | None,
        typer.Option(help="Turn films upright that lean, from now on, if the bundle answers no worse."),
    ] = None,
) -> None:
    """Measure everything on a bundle's card again: figures, operating points, calibration error, audits.

    Calibration and thresholds stay as they were chosen. Without --write nothing is changed; with it heatmaps
    are measured too, where the bundle's own films have boxes.
    """
    from cxr_dash.inference.bundle import SegmenterBundle, load_any
    from training.audits.lungs import lung_finder
    from training.audits.words import audit_lines
    from training.export.card import write_bundle_texts
    from training.export.measure import measure_bundle
    from training.export.prepare_anew import prepare_anew
    from training.localisation.onto_card import localise_for_card

    try:
        found = load_any(bundle)
        if isinstance(found, SegmenterBundle):
            if straighten:
                raise TrainingError(
                    "`--straighten` is for what reads films; a segmenter finds how they lean."
                )
            _measure_segmenter(found, data, preparation, write=write)
            return
        finder = lung_finder(models or bundle.parent)
        if preparation is None and straighten is None:
            spec = measure_bundle(found, data, finder, robust_films)
        else:
            version = preparation if preparation is not None else found.spec.preparation.version
            moved = prepare_anew(found, version, data, finder, straighten=straighten)
            typer.echo(f"test, macro AUROC: {moved.before:.4f} before, {moved.after:.4f} after")
            spec = moved.spec
        if write:
            write_bundle_texts(spec, bundle)
            localise_for_card(bundle, data)
    except CxrError as error:
        raise fail(error) from error
    echo_metrics(spec.metrics)
    for line in audit_lines(spec.audits):
        typer.echo(line)


def _measure_segmenter(found: SegmenterBundle, data: Path, preparation: int | None, *, write: bool) -> None:
    from training.export.prepare_anew import prepare_segmenter_anew
    from training.metrics import figure
    from training.segmentation.export import write_segmenter_texts

    version = preparation if preparation is not None else found.spec.preparation.version
    moved = prepare_segmenter_anew(found, version, data)
    typer.echo(f"test, Dice: {moved.before:.4f} before, {moved.after:.4f} after")
    for metrics in moved.spec.metrics:
        typer.echo(f"{metrics.split}: {metrics.films} films, Dice {figure(metrics.dice, digits=4)}")
    if write:
        write_segmenter_texts(moved.spec, found.path)


@app.command("sides")
def sides_command(
    bundle: BundleArgument,
    data: FilmsOption,
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Put rule and figures into bundle.json, and make CARD.md again.")
    ] = False,
) -> None:
    """Fit again how a segmenter tells a mirrored film, and count it; what it draws stays as it is."""
    from cxr_dash.inference.bundle import SegmenterBundle, load_any
    from training.metrics import figure
    from training.segmentation.export import with_side, write_segmenter_texts

    try:
        found = load_any(bundle)
        if not isinstance(found, SegmenterBundle):
            raise TrainingError(f"`bundle` must be a segmenter; {found.id} is none.")
        spec = with_side(found, data)
        if spec.side is None:
            raise TrainingError(
                "`bundle` must draw the heart and have a recipe whose `sides` name films in --data; "
                f"{found.id} has nothing to learn from."
            )
        if write:
            write_segmenter_texts(spec, found.path)
    except CxrError as error:
        raise fail(error) from error
    for row in spec.sides:
        typer.echo(
            f"{row.collection} {row.split}, {row.films}: flipped {figure(row.flipped, digits=3)}, "
            f"as they are {figure(row.others, digits=3)}"
        )


@app.command("card")
def card_command(
    bundle: BundleArgument,
    write: Annotated[bool, typer.Option("--write", help="Replace CARD.md instead of printing it.")] = False,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Recipe whose `population` and `not_looked_for` go into bundle.json first, with --write."
        ),
    ] = None,
) -> None:
    """Make a bundle's Model Facts page again from its bundle.json; nothing is measured."""
    from cxr_dash.inference.bundle import CARD_FILE, SegmenterBundle, load_any
    from training.export.card import render_card, with_recipe_card
    from training.segmentation import card as segmenter

    try:
        found = load_any(bundle)
        if isinstance(found, SegmenterBundle):
            text = segmenter.render_card(found.spec)
        elif recipe is not None:
            text = render_card(with_recipe_card(found, recipe, write=write))
        else:
            text = render_card(found.spec)
    except CxrError as error:
        raise fail(error) from error
    if write:
        (bundle / CARD_FILE).write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)


@app.command("tone")
def tone_command(
    bundle: BundleArgument,
    data: FilmsOption,
    write: Annotated[
        bool, typer.Option("--write", help="Replace `tone` in bundle.json, and CARD.md.")
    ] = False,
    models: ModelsOption = None,
) -> None:
    """Measure in what tone a bundle's films are, so that the app can say when a film is in another.

    Reads train and val films alone. Do it again when the bundle's preparation changes.
    """
    from cxr_dash.inference.bundle import load_bundle
    from training.audits.lungs import lung_finder
    from training.export.card import write_bundle_texts
    from training.export.tone import with_tone

    try:
        spec = with_tone(load_bundle(bundle), data, lung_finder(models or bundle.parent))
    except CxrError as error:
        raise fail(error) from error
    if write:
        write_bundle_texts(spec, bundle)
    if spec.tone is not None:
        typer.echo(spec.tone.measured)


@app.command("robustness")
def robustness_command(
    bundles: Annotated[list[Path], typer.Argument(help="Folders of bundles that were audited.")],
    page: Annotated[
        Path | None, typer.Option("--write", help="Page to put the table into, between its marks.")
    ] = None,
) -> None:
    """Print how often a finding flips when films are written otherwise, as bundles' audits say."""
    from cxr_dash.inference.bundle import read_spec
    from training.audits.robustness_table import robustness_table, write_robustness

    try:
        text = robustness_table([read_spec(folder) for folder in bundles])
        if page is not None:
            write_robustness(text, page)
    except CxrError as error:
        raise fail(error) from error
    typer.echo(text)
