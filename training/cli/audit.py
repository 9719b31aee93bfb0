"""Answering for a bundle: audit, measure, card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cxr_dash.errors import CxrError, TrainingError
from training.cli.common import SetOption, echo_metrics, fail, overrides_of

if TYPE_CHECKING:
    from cxr_dash.inference.bundle import SegmenterBundle
    from training.audits.left_out import LeftOut

app = typer.Typer()

Given = TypeVar("Given")

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


@app.command("leave-out")
def leave_out_command(
    subject: Annotated[
        str, typer.Argument(help="Folder of a bundle, or a recipe that trains a head on a frozen backbone.")
    ],
    sources: Annotated[
        list[str],
        typer.Option(
            "--sources", help="Sources to leave out together, A,B (A;B where names hold commas). Repeatable."
        ),
    ],
    *,
    manifest: Annotated[
        Path | None, typer.Option(help="Of a bundle: manifest.csv of films with one class each.")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Of a recipe: folder of its manifests.")] = None,
    weights: Annotated[str | None, typer.Option(help="Of a recipe: model.keras of its backbone.")] = None,
    overrides: SetOption = None,
    prepared: Annotated[Path, typer.Option(help="Folder for prepared films and features.")] = Path(
        "runs/prepared"
    ),
) -> None:
    """Train a linear head without some hospitals, and ask it about them.

    Chooses between backbones (a bundle's features, on a manifest's films) or between recipes (the features
    that `fit` keeps, films of all their manifests) without looking at other hospitals' test films: train and
    val alone are read.
    """
    from cxr_dash.inference.bundle import load_bundle
    from training.audits.left_out import classed_films, leave_sources_out
    from training.audits.left_out_recipe import leave_out_of_recipe
    from training.evaluation.embeddings import film_embeddings
    from training.recipe import load_recipe

    sets = [[name for name in pair.split(";" if ";" in pair else ",") if name] for pair in sources]
    try:
        if Path(subject).is_dir():
            films, classes = classed_films(_given(manifest, "--manifest", "a bundle"))
            embeddings = film_embeddings(load_bundle(Path(subject)), [film.path for film in films], prepared)
            rows = leave_sources_out(embeddings, classes, [film.source for film in films], sets)
        else:
            recipe = load_recipe(subject, overrides_of(overrides))
            data = _given(data, "--data", "a recipe")
            rows = leave_out_of_recipe(recipe, data, prepared, _given(weights, "--weights", "a recipe"), sets)
    except CxrError as error:
        raise fail(error) from error
    _echo_left_out(rows)


def _given(value: Given | None, option: str, subject: str) -> Given:
    """An option that this kind of subject needs."""
    if value is None:
        raise TrainingError(
            f"`leave-out` must be told {option} when it is asked about {subject}; it was not."
        )
    return value


def _echo_left_out(rows: list[LeftOut]) -> None:
    for row in rows:
        parts = ", ".join(f"{name} {value:.3f}" for name, value in row.auroc.items())
        pairs = ", ".join(f"{first} or {second} {value:.3f}" for (first, second), value in row.pairs.items())
        recall = ", ".join(f"{name} {value:.2f}" for name, value in row.recall.items())
        typer.echo(f"{' + '.join(row.sources)}: {row.films} films, AUROC {parts}, mean {row.mean:.3f}")
        typer.echo(f"  pairs {pairs}; recall {recall}, balanced {row.balanced_recall:.3f}")
    means = {
        "AUROC": [row.mean for row in rows],
        "balanced recall": [row.balanced_recall for row in rows],
        **{
            f"{first} or {second}": [row.pairs[first, second] for row in rows if (first, second) in row.pairs]
            for first, second in sorted({pair for row in rows for pair in row.pairs})
        },
    }
    told = ", ".join(f"{name} {sum(values) / len(values):.3f}" for name, values in means.items())
    typer.echo(f"mean of {len(rows)}: {told}")


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
