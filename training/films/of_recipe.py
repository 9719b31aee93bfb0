"""The films of a recipe: of its manifests together, and the labels that enough of them have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
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
    films = _of_manifest(data, manifest)
    measured = {(film.source, film.patient) for film in films if film.split != "train"}
    for further in data.further:
        more = _further_films(further, beside(data.manifest, manifest, further.manifest), data)
        # one hospital under one name: its patients that measure here do not train there
        films += more if further.source is None else _of_others(more, measured)
    if data.further:
        check_disjoint(films, "the recipe's manifests")
    return _without_others(films, data)


def read_alike(data: DataRecipe, manifest: Path) -> list[Film]:
    """The films of any one manifest, read as a recipe reads its own first one.

    Parameters
    ----------
    data : DataRecipe
        Its labels, and whom and what it leaves out; not its further manifests.
    manifest : Path

    Raises
    ------
    TrainingError
        As :func:`read_manifest`.
    """
    return _without_others(_of_manifest(data, manifest), data)


def _of_manifest(data: DataRecipe, manifest: Path) -> list[Film]:
    return read_manifest(
        manifest,
        negative_label=data.negative_label,
        leave_out=columns_to_leave_out(data.leave_out),
        torn=data.torn_patients,
        own_labels=own_labels(data),
    )


def _without_others(films: list[Film], data: DataRecipe) -> list[Film]:
    """The films without those that ``other_films`` leaves out."""
    if data.other_films == "keep":
        return films
    labels = set(data.labels)
    # a film without any label is a negative one: read_manifest took its `negative_label` off
    return [film for film in films if not film.labels or film.labels & labels]


def columns_to_leave_out(entries: Iterable[str]) -> dict[str, set[str]]:
    """``column=value`` entries of a recipe as :func:`read_manifest` takes them."""
    table: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        column, _, value = entry.partition("=")
        table[column].add(value)
    return dict(table)


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
    own = None if further.only_labels is not None else own_labels(data)
    read = read_manifest(
        manifest,
        leave_out=further.leave_out,
        leave_out_rows=further.leave_out_rows,
        own_labels=None if own is None else own | further.rename.keys(),
    )
    for film in read:
        here, labels = further.here.get(film.split), {further.rename.get(key, key) for key in film.labels}
        if here is None or (further.only_labels is not None and not labels & set(further.only_labels)):
            continue
        films.append(
            replace(
                film,
                labels=frozenset(labels - {data.negative_label}),
                answers=answers,
                split=here,
                weight=further.weight,
                source=further.source or film.source,
            )
        )
    return films if further.most is None else _thinned(films, further.most, further.only_labels)


def _thinned(films: list[Film], most: int, labels: Collection[str] | None) -> list[Film]:
    """At most so many films of each label and split, evenly spread over the manifest."""
    kinds: dict[tuple[str, frozenset[str]], list[int]] = defaultdict(list)
    for row, film in enumerate(films):
        kinds[film.split, film.labels if labels is None else film.labels & set(labels)].append(row)
    kept: set[int] = set()
    for rows in kinds.values():
        share = min(most, len(rows))
        kept |= {rows[index * len(rows) // share] for index in range(share)}
    return [film for row, film in enumerate(films) if row in kept]


def _of_others(films: list[Film], measured: Collection[tuple[str, str]]) -> list[Film]:
    """The films of patients who measure nothing."""
    return [film for film in films if not film.patient or (film.source, film.patient) not in measured]


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
