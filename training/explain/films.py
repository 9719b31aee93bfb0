"""Films as explanations need them: the film itself, what was done to it, and what the model saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from cxr_dash.domain import Float32Array, Preparation, PreparationSpec, Radiograph
from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.imaging import apply_preparation, decode
from training.evaluation.film_scores import FilmScores
from training.evaluation.result import Evaluation
from training.films.lungs import plan_film

Kind = Literal["true positive", "false positive", "true negative", "false negative"]
KINDS: tuple[Kind, ...] = ("true positive", "false positive", "false negative", "true negative")


@dataclass(frozen=True, slots=True, eq=False)
class ReadFilm:
    """A film file, read and prepared as the app does it.

    Attributes
    ----------
    path : Path
    radiograph : Radiograph
    preparation : Preparation
    model_input : ndarray of float32, shape (H, W, 1), 0-255
    """

    path: Path
    radiograph: Radiograph
    preparation: Preparation
    model_input: Float32Array


@dataclass(frozen=True, slots=True)
class Choice:
    """A film worth looking at: what it is for one label, and how sure the model is (0-1)."""

    label: str
    kind: Kind
    film: str
    probability: float


def read_film(path: Path, spec: PreparationSpec) -> ReadFilm:
    """Read one film.

    Raises
    ------
    TrainingError
        Naming the file that is not there or cannot be read.
    """
    try:
        radiograph = decode(path.read_bytes())
    except (FilmError, OSError) as error:
        raise TrainingError(f"`films` must be film files that can be read; {path}: {error}.") from error
    preparation = plan_film(radiograph, spec)
    return ReadFilm(path, radiograph, preparation, apply_preparation(radiograph, preparation))


def choose_films(
    evaluation: Evaluation, scores: FilmScores, each: int, labels: Sequence[str] = ()
) -> list[Choice]:
    """The surest true and false positives and negatives of each label, ``each`` of every kind.

    The surest positive is the one with the highest probability, the surest negative that with the lowest.

    Parameters
    ----------
    evaluation : Evaluation
        Says what calls a film positive.
    scores : FilmScores
    each : int
        Fewer where there are not so many.
    labels : sequence of str
        All that have films of both kinds if empty.

    Raises
    ------
    TrainingError
        For an unknown label.
    """
    unknown = [key for key in labels if key not in evaluation.label_keys]
    if unknown:
        raise TrainingError(
            f"`label` must be one of {', '.join(evaluation.label_keys)}; received {unknown[0]!r}."
        )
    chosen = []
    for key in labels or list(evaluation.labels):
        column = scores.labels.index(key)
        probability, truth = scores.probabilities[:, column], scores.targets[:, column] > 0.5
        cut = evaluation.labels[key].threshold if key in evaluation.labels else None
        called = scores.probabilities.argmax(axis=1) == column if cut is None else probability >= cut
        for kind in KINDS:
            positive = kind.endswith("positive")
            right = truth if positive == kind.startswith("true") else ~truth
            rows = np.flatnonzero((called == positive) & right)
            order = rows[np.argsort(-probability[rows] if positive else probability[rows], kind="stable")]
            chosen += [Choice(key, kind, scores.paths[row], float(probability[row])) for row in order[:each]]
    return chosen
