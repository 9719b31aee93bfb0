"""Asking about hospitals left out: the command ``leave-out``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cxr_dash.errors import CxrError, TrainingError
from training.cli.common import SetOption, fail, overrides_of

if TYPE_CHECKING:
    from training.audits.left_out import LeftOut

app = typer.Typer()

Given = TypeVar("Given")


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
