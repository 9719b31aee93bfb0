"""The commands that look after films before anything is trained: ``import``, ``split`` and ``check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import fail

app = typer.Typer()

ValOption = Annotated[float, typer.Option("--val", help="Share of val, 0-1.")]
TestOption = Annotated[float, typer.Option("--test", help="Share of test, 0-1.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Same seed, same split.")]
TemporalOption = Annotated[
    bool, typer.Option("--temporal", help="The newest films are test (study_date or followup).")
]


@app.command("import")
def import_command(
    layout: Annotated[str, typer.Argument(help="folders, nih, medmnist or luna16.")],
    source: Annotated[Path, typer.Argument(help="The collection's folder or file.")],
    out: Annotated[
        Path, typer.Option(help="New folder for manifest.csv, and for films that are no files yet.")
    ],
    *,
    val: ValOption = 0.1,
    test: TestOption = 0.2,
    seed: SeedOption = 0,
    temporal: TemporalOption = False,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="NAME=key: what a class of theirs is called here. Repeatable."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the collection, for the column `source`.")] = "",
    patient_pattern: Annotated[
        str, typer.Option(help="Regular expression; its group finds the patient in a file name (folders).")
    ] = "",
    source_pattern: Annotated[
        str, typer.Option(help="Regular expression; its group finds the source in a film's path (folders).")
    ] = "",
    facts: Annotated[
        Path | None,
        typer.Option(
            help="CSV of what is known: file, patient_id, source, hospital, sex, age, ... (folders)."
        ),
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Take the films that are there (nih).")
    ] = False,
) -> None:
    """Make a manifest of a collection as it is published; keep its official split, or make one by patient."""
    from training.films.layouts import import_layout
    from training.films.layouts.base import ReadOptions
    from training.films.layouts.registry import FILMS
    from training.films.splits import SplitPlan
    from training.labels import LABELS

    pairs = [entry.rpartition("=") for entry in label or []]
    if wrong := [entry for entry, pair in zip(label or [], pairs, strict=True) if not pair[1]]:
        raise typer.BadParameter(f"`--label` must be NAME=key; received {wrong[0]!r}.")
    options = ReadOptions(
        films=out / FILMS,
        labels={theirs: ours for theirs, _, ours in pairs},
        source=name,
        patient_pattern=patient_pattern,
        allow_missing=allow_missing,
        source_pattern=source_pattern,
        facts=facts,
    )
    try:
        films = import_layout(layout, source, out, SplitPlan(val, test, seed, temporal), options)
    except CxrError as error:
        raise fail(error) from error
    counts = {split: sum(film.split == split for film in films) for split in ("train", "val", "test")}
    typer.echo(f"{out / 'manifest.csv'}: " + ", ".join(f"{split} {n}" for split, n in counts.items()))
    if new := sorted({key for film in films for key in film.labels} - LABELS.keys()):
        typer.echo(f"new labels, for a recipe to name ([labels.{new[0]}]): {', '.join(new)}")


@app.command("check")
def check_command(
    manifest: Annotated[Path, typer.Argument(help="manifest.csv of labelled films.")],
    max_association: Annotated[
        float, typer.Option(help="Largest Cramér's V between source and class that passes.", min=0, max=1)
    ] = 0.3,
    clean: Annotated[
        Path | None, typer.Option(help="Write the manifest again without bad films and second copies.")
    ] = None,
    drop_borders: Annotated[
        bool, typer.Option("--drop-borders", help="With --clean: black-bordered films go too.")
    ] = False,
) -> None:
    """Look for unreadable, blank and double films, and for sources that give the class away; exit 1 if so."""
    from training.films.checks import check_manifest
    from training.films.manifest_writer import copy_manifest

    try:
        report = check_manifest(manifest, max_association)
        for line in report.lines():
            typer.echo(line)
        if clean:
            left = report.rows_left(drop_borders=drop_borders)
            copy_manifest(manifest, clean, left)
            typer.echo(f"{clean}: {len(left)} of {len(report.films)} films left")
            for line in report.shift(left):
                typer.echo(line)
    except CxrError as error:
        raise fail(error) from error
    problems = report.problems()
    for problem in problems:
        typer.echo(f"FAILED: {problem}.", err=True)
    if problems:
        raise typer.Exit(1)


@app.command("split")
def split_command(
    manifest: Annotated[Path, typer.Argument(help="manifest.csv; a split column in it is not looked at.")],
    out: Annotated[Path, typer.Option(help="CSV to write; not the manifest itself.")],
    val: ValOption = 0.1,
    test: TestOption = 0.2,
    seed: SeedOption = 0,
    *,
    temporal: TemporalOption = False,
    balanced: Annotated[
        bool, typer.Option("--balanced", help="Keep the same number of films per class in each split.")
    ] = False,
) -> None:
    """Divide films into train, val and test by patient, stratified, or by time; write them down."""
    from training.films.manifest import read_manifest
    from training.films.manifest_writer import copy_manifest
    from training.films.sampling import balanced_subset
    from training.films.splits import SplitPlan, complete_splits

    try:
        films = read_manifest(manifest, unsplit=True, own_labels=None)
        made = complete_splits(films, SplitPlan(val, test, seed, temporal))
        if balanced:
            made = balanced_subset(made, seed)
        row_of = {film.where: row for row, film in enumerate(films)}
        copy_manifest(manifest, out, {row_of[film.where]: film.split for film in made})
        read_manifest(out, own_labels=None)
    except CxrError as error:
        raise fail(error) from error
    typer.echo(f"{out}: {len(made)} of {len(films)} films")


@app.command("pool")
def pool_command(
    manifests: Annotated[
        list[Path], typer.Argument(help="The first is taken whole, of the others the sources named.")
    ],
    out: Annotated[Path, typer.Option(help="CSV to write.")],
    *,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Of the further manifests. Repeatable.")
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option("--as", help="Read a label as another: normal=no_finding. Repeatable.")
    ] = None,
) -> None:
    """Put the train and val films of several manifests into one, for pre-training; test patients stay out."""
    from training.films.manifest_writer import write_manifest
    from training.films.pool import pool_films

    try:
        pairs = [pair.partition("=") for pair in rename or ()]
        names = {before: after for before, _, after in pairs}
        films = write_manifest(pool_films(manifests, sources=source or (), rename=names), out)
    except CxrError as error:
        raise fail(error) from error
    counts = {split: sum(film.split == split for film in films) for split in ("train", "val")}
    typer.echo(f"{out}: " + ", ".join(f"{split} {n}" for split, n in counts.items()))
