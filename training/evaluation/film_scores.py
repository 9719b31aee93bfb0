"""Scores of films, each kept under the film's own path, so that no order can be mistaken for another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.errors import TrainingError


@dataclass(frozen=True, slots=True, eq=False)
class FilmScores:
    """What a model says about the films of one split, and what is true of them; rows in the order of paths.

    Attributes
    ----------
    paths : tuple of str
        Relative to the manifest, sorted, each once: the key of a row.
    groups, sources : tuple of str
        Patient (or split group) and source of each film.
    labels : tuple of str
        Keys of the columns.
    logits, probabilities, targets : ndarray of float64, shape (n, C)
        Raw; calibrated, 0-1; 0 or 1.
    """

    paths: tuple[str, ...]
    groups: tuple[str, ...]
    sources: tuple[str, ...]
    labels: tuple[str, ...]
    logits: Float64Array
    probabilities: Float64Array
    targets: Float64Array

    def __post_init__(self) -> None:
        if list(self.paths) != sorted(set(self.paths)):
            raise TrainingError("`paths` must be sorted and name every film once.")
        shape = len(self.paths), len(self.labels)
        for name in ("logits", "probabilities", "targets"):
            found = getattr(self, name).shape
            if found != shape:
                raise TrainingError(f"`{name}` must have the shape {shape}; received {found}.")

    def write(self, path: Path) -> None:
        """Write an ``.npz`` file; nothing in it is pickled."""
        np.savez_compressed(
            path,
            paths=np.array(self.paths, dtype=np.str_),
            groups=np.array(self.groups, dtype=np.str_),
            sources=np.array(self.sources, dtype=np.str_),
            labels=np.array(self.labels, dtype=np.str_),
            logits=self.logits,
            probabilities=self.probabilities,
            targets=self.targets,
        )

    @classmethod
    def read(cls, path: Path) -> FilmScores:
        """Read what :meth:`write` wrote.

        Raises
        ------
        TrainingError
            When there is no such file.
        """
        if not path.is_file():
            raise TrainingError(
                f"Scores must be an .npz file; there is none at {path}.",
                remedy="Make it with `python -m training evaluate`.",
            )
        with np.load(path, allow_pickle=False) as found:
            return cls(
                paths=tuple(str(value) for value in found["paths"]),
                groups=tuple(str(value) for value in found["groups"]),
                sources=tuple(str(value) for value in found["sources"]),
                labels=tuple(str(value) for value in found["labels"]),
                logits=found["logits"],
                probabilities=found["probabilities"],
                targets=found["targets"],
            )


def assert_aligned(scored: Sequence[str], truths: Sequence[str]) -> None:
    """Refuse to compare scores with truths of other films, or of the same films in another order.

    A generator that shuffles films under their labels makes every figure chance; here it ends the run.

    Parameters
    ----------
    scored, truths : sequence of str
        The path of each film that was scored, and of each row of truths.

    Raises
    ------
    TrainingError
        Naming the first row that differs.
    """
    if list(scored) == list(truths):
        return
    if len(scored) != len(truths):
        raise TrainingError(
            f"Every film must be scored once; received {len(scored)} scores for {len(truths)} films."
        )
    row = next(i for i, pair in enumerate(zip(scored, truths, strict=True)) if pair[0] != pair[1])
    raise TrainingError(
        f"Scores and truths must be of the same films in the same order; row {row} is a score of "
        f"{scored[row]!r} and a truth of {truths[row]!r}.",
        remedy="Score films without shuffling, or join scores to truths by path.",
    )
