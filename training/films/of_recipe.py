"""The films of a recipe: of its manifests together, and the labels that enough of them have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cxr_dash.errors import TrainingError
from training.films.manifest import Film, check_disjoint, of_split, read_manifest
from training.films.sampling import undersample
from training.recipe import DataRecipe
from training.recipe.further import FurtherFilms


def read_films(data: DataRecipe, manifest: Path) -> list[Film]:
    """The films of a recipe: those of its manifests, without what ``other_films`` leaves out.

    Parameters
    ----------
    data : DataRecipe
    manifest : Path
        ``data.manifest`` where it lies; those of ``data.further`` lie beside it in the same way.

    Raises
    ------
    TrainingError
        As :func:`read_manifest`; also when a patient would be in two splits.
    """
    own = own_labels(data)
    films = read_manifest(manifest, negative_label=data.negative_label, own_labels=own)
    for further in data.further:
        films += _further_films(further, beside(data.manifest, manifest, further.manifest), data)
    if data.further:
        check_disjoint(films, "the recipe's manifests")
    if data.other_films == "keep":
        return films
    labels = set(data.labels)
    # a film without any label is a negative one: read_manifest took its `negative_label` off
    return [film for film in films if not film.labels or film.labels & labels]


def own_labels(data: DataRecipe) -> set[str] | None:
    """The labels a manifest may have beside the known ones; None: any, where other films are left out."""
    if data.other_films == "leave_out":
        return None
    return {*data.labels, *data.auxiliary, *(key for key in (data.any_label, data.negative_label) if key)}


def beside(first: str, lies_at: Path, other: str) -> Path:
    """Where a manifest lies, from where another of the same data folder does."""
    return lies_at.parents[len(Path(first).parts) - 1] / other


def _further_films(further: FurtherFilms, manifest: Path, data: DataRecipe) -> list[Film]:
    """The films of one more manifest, with what they leave open."""
    answers = None if further.answers is None else frozenset(further.answers)
    films = []
    own = own_labels(data)
    own = None if own is None else own | further.rename.keys()
    for film in read_manifest(manifest, leave_out=further.leave_out, own_labels=own):
        if here := further.here.get(film.split):
            labels = frozenset({further.rename.get(key, key) for key in film.labels} - {data.negative_label})
            films.append(replace(film, labels=labels, answers=answers, split=here, weight=further.weight))
    return films


def choose_labels(films: Sequence[Film], data: DataRecipe) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """Apply the recipe's rule of how many films a label needs.

    Returns
    -------
    kept : list of str
        Label keys in the order of the logits.
    left_out : dict
        By key: positive films in train and in val (natural ones included), too few of them.
    """
    # a film without any label shows the negative one, where that is a class of its own
    nothing = frozenset({data.negative_label or ""})
    train = Counter(key for film in films if film.split == "train" for key in film.labels or nothing)
    # natural_val takes calibration and thresholds over from val: its films count as well
    of_val = [film for film in films if film.split in ("val", "natural_val")]
    val = Counter(key for film in of_val for key in film.labels or nothing)
    kept = [k for k in data.labels if train[k] >= data.min_train_films and val[k] >= data.min_val_films]
    left_out = {key: (train[key], val[key]) for key in data.labels if key not in kept}
    if not kept and not data.any_label:
        raise TrainingError(
            f"At least one label must have {data.min_train_films} train and {data.min_val_films} val films; "
            f"received {left_out}."
        )
    return [*kept, *([data.any_label] if data.any_label else [])], left_out


def training_films(films: Sequence[Film], data: DataRecipe, seed: int) -> list[Film]:
    """The train films a recipe uses: without the excluded sources, no source above its cap, undersampled."""
    train = [film for film in of_split(films, "train") if film.source not in data.exclude_train_sources]
    limit = data.max_train_films_per_source
    if limit is not None:
        generator = np.random.default_rng(seed)
        kept: set[int] = set()
        for source in sorted({film.source for film in train}):
            rows = [index for index, film in enumerate(train) if film.source == source]
            kept |= {int(row) for row in generator.permutation(rows)[:limit]}
        train = [film for index, film in enumerate(train) if index in kept]
    return undersample(train, seed) if data.sampling == "undersample" else train
