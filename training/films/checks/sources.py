"""How well the source of a film gives its class away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from cxr_dash.domain import Float64Array
from training.films.manifest import Film
from training.films.sampling import NEGATIVE, class_names

MIN_LABEL_FILMS = 20


@dataclass(frozen=True, slots=True, eq=False)
class SourceTable:
    """Films by source and class.

    Attributes
    ----------
    sources, classes : tuple of str
    counts : ndarray, shape (sources, classes)
    association : float
        Cramér's V of the table, 0 (source says nothing) to 1 (source is the class).
    guess : float
        Balanced accuracy, 0-1, of naming each source's most typical class; chance is 1 / classes.
    worst_label : str
        Of films with several labels: the label that goes together with source most; otherwise empty.
    worst_association : float
        Cramér's V of that label with source; ``association`` where there is no such label.
    """

    sources: tuple[str, ...]
    classes: tuple[str, ...]
    counts: Float64Array
    association: float
    guess: float
    worst_label: str
    worst_association: float


def source_table(
    films: Sequence[Film], origins: Sequence[str] | None = None, asked: Collection[str] | None = None
) -> SourceTable:
    """Count the films of every source and class, and measure how far the one gives the other away.

    Parameters
    ----------
    films : sequence of Film
    origins : sequence of str, optional
        What stands for the source of each film; ``film.source`` when left out.
    asked : collection of str, optional
        The labels that are asked about one by one; all when left out.
    """
    names = class_names(films)
    of_film = list(origins) if origins is not None else [film.source for film in films]
    sources, classes, counts = _cross(of_film, names)
    association = cramers_v(counts)
    label, worst = "", association
    labels = {key for film in films for key in film.labels} - {NEGATIVE}
    labels = labels if asked is None else labels & set(asked)
    for key in sorted(labels) if any(len(film.labels) > 1 for film in films) else ():
        has = [key in film.labels for film in films]
        if sum(has) >= MIN_LABEL_FILMS:
            value = cramers_v(_cross(of_film, [str(known) for known in has])[2])
            if value > worst:
                label, worst = key, value
    return SourceTable(sources, classes, counts, association, guess_accuracy(counts), label, worst)


def cramers_v(counts: Float64Array) -> float:
    """Cramér's V with the bias correction of Bergsma (2013), so that many small sources do not raise it.

    Parameters
    ----------
    counts : ndarray, shape (r, k)

    Returns
    -------
    float
        0 to 1; 0 where there is only one row or column.
    """
    rows, columns = counts.shape
    total = counts.sum()
    if min(rows, columns) < 2 or total < 2:
        return 0.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / total
    phi = float(((counts - expected) ** 2 / expected).sum() / total)
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (total - 1))
    fewer = min(rows - (rows - 1) ** 2 / (total - 1), columns - (columns - 1) ** 2 / (total - 1))
    return float(min(1.0, np.sqrt(phi / (fewer - 1)))) if fewer > 1 else 0.0


def guess_accuracy(counts: Float64Array) -> float:
    """Balanced accuracy of guessing, from the source alone, the class most typical of it."""
    shares = counts / counts.sum(axis=0, keepdims=True)
    return float(shares.max(axis=1).sum() / counts.shape[1])


def _cross(
    rows: Sequence[str], columns: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], Float64Array]:
    first, at_row = np.unique(np.asarray(rows, dtype=str), return_inverse=True)
    second, at_column = np.unique(np.asarray(columns, dtype=str), return_inverse=True)
    counts = np.zeros((len(first), len(second)), dtype=np.float64)
    np.add.at(counts, (at_row, at_column), 1.0)
    return tuple(first.tolist()), tuple(second.tolist()), counts
