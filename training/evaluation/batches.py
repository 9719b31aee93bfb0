"""Films scored in batches; paths travel with films, so that the order of scores is never assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float32Array, Float64Array, PreparationSpec
from training.films.prepared import prepare_film

BATCH_FILMS = 16

Forward = Callable[[Float32Array], Float64Array]
Batch = tuple[Sequence[Path], Float32Array]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Logits of film files.

    Attributes
    ----------
    paths : tuple of Path
        The file that each row is of, as the batches gave them.
    logits : ndarray of float64, shape (n, C)
    """

    paths: tuple[Path, ...]
    logits: Float64Array


def film_batches(paths: Sequence[Path], preparation: PreparationSpec) -> Iterator[Batch]:
    """Files with their films, (n, H, W, 1), 0-255, prepared as the app prepares them, in the order given.

    Raises
    ------
    TrainingError
        Naming the film that cannot be read.
    """
    for start in range(0, len(paths), BATCH_FILMS):
        part = paths[start : start + BATCH_FILMS]
        yield part, np.stack([prepare_film(path, preparation) for path in part])


def score_batches(forward: Forward, batches: Iterable[Batch], labels: int) -> Scored:
    """Run a model over batches, whatever order they come in.

    Parameters
    ----------
    forward : callable
        Films to logits (n, C).
    batches : iterable
        Of files and their films.
    labels : int
        C, for no batch at all.
    """
    paths: list[Path] = []
    rows = [np.zeros((0, labels))]
    for part, films in batches:
        paths += part
        rows.append(forward(films))
    return Scored(tuple(paths), np.concatenate(rows))
