"""Fewer films, or repeated ones: as many of one class as of another, or some at random."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from cxr_dash.errors import TrainingError
from training.films.manifest import Film

NEGATIVE = "no_finding"
POSITIVE = "finding"


def class_names(films: Sequence[Film]) -> list[str]:
    """The class of every film, for counting and balancing.

    Returns
    -------
    list of str
        The film's label where every film has exactly one; otherwise ``finding`` or ``no_finding``.
    """
    if all(len(film.labels) == 1 for film in films):
        return [next(iter(film.labels)) for film in films]
    return [POSITIVE if film.labels - {NEGATIVE} else NEGATIVE for film in films]


def undersample(films: Sequence[Film], seed: int, names: Sequence[str] | None = None) -> list[Film]:
    """As many films of each class (``names``, or :func:`class_names`) as the smallest has, in old order."""
    rows = _rows_by_class(films, names)
    smallest = min(len(found) for found in rows.values())
    generator = np.random.default_rng(seed)
    kept = sorted(int(row) for found in rows.values() for row in generator.permutation(found)[:smallest])
    return [films[row] for row in kept]


def oversample(films: Sequence[Film], seed: int) -> list[Film]:
    """Every film once, then films of the smaller classes again until all have as many as the largest.

    No film is repeated a second time before every other of its class was repeated once.
    """
    rows = _rows_by_class(films)
    largest = max(len(found) for found in rows.values())
    generator = np.random.default_rng(seed)
    again: list[int] = []
    for found in rows.values():
        missing = largest - len(found)
        rounds = [generator.permutation(found) for _ in range(-(-missing // len(found)))]
        again += [int(row) for row in np.concatenate([*rounds, np.empty(0, dtype=int)])[:missing]]
    return [*films, *(films[row] for row in again)]


def balanced_subset(films: Sequence[Film], seed: int) -> list[Film]:
    """The same number of films of every class inside each split, in their old order; ``external`` stays."""
    rows: dict[str, list[int]] = defaultdict(list)
    names = class_names(films)
    for row, film in enumerate(films):
        rows[film.split].append(row)
    kept: list[Film] = []
    for split, found in sorted(rows.items()):
        if split == "external":
            kept += [films[row] for row in found]
            continue
        absent = set(names) - {names[row] for row in found}
        if absent:
            raise TrainingError(
                f"Every split must have films of every class to be balanced; {split!r} has none of "
                f"{', '.join(sorted(absent))}.",
                remedy="Balance fewer classes, or make the split larger.",
            )
        kept += undersample([films[row] for row in found], seed, [names[row] for row in found])
    order = {(film.path, film.where): row for row, film in enumerate(films)}
    return sorted(kept, key=lambda film: order[film.path, film.where])


def _rows_by_class(films: Sequence[Film], names: Sequence[str] | None = None) -> dict[str, list[int]]:
    if not films:
        raise TrainingError("Balancing must be given at least one film; received none.")
    rows: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(names or class_names(films)):
        rows[name].append(row)
    return dict(sorted(rows.items()))


def some_films(films: Sequence[Film], most: int, seed: int) -> list[Film]:
    """Up to ``most`` films at random, the same ones for the same seed, in their own order."""
    chosen = np.random.default_rng(seed).permutation(len(films))[:most]
    return [films[int(index)] for index in np.sort(chosen)]
