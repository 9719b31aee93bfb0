"""What audits look at: a model, films scored by it, and figures that every audit shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from cxr_dash.domain import Float64Array, LungField, Radiograph
from cxr_dash.inference.runtime import Runtime
from cxr_dash.inference.schema import BundleSpec, Interval
from training import metrics as m
from training.evaluation.scoring import Scores
from training.evaluation.split_figures import BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED
from training.evaluation.strata import MIN_OF_EACH_KIND
from training.films.manifest import Film
from training.films.split_names import NATURAL

FindLungs = Callable[[Radiograph], LungField | None]

ROBUST_FILMS = 60
JUDGED_SPLITS = ("test", "external", NATURAL)
# a model this close to chance has nothing to lose, and a share of it means nothing
_LEAST_GAIN = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class ScoredSplit:
    """One split: its films, what is true of them, and what the model says.

    Attributes
    ----------
    name : str
    films : list of Film
    targets, probabilities : ndarray of float64, shape (n, C)
        Truths 0 or 1; calibrated probabilities.
    scores : Scores
    """

    name: str
    films: list[Film]
    targets: Float64Array
    probabilities: Float64Array
    scores: Scores


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A model and the films it is audited on.

    Attributes
    ----------
    spec : BundleSpec
        Calibrated; what is measured may still be missing.
    runtime : Runtime
        The graph that serves it.
    splits : dict of str to ScoredSplit
        Those of ``training.films.split_names``, as far as they are there.
    train : list of Film
        What the model learned from.
    any_label : str or None
        Label that is true of a film with any finding.
    find_lungs : callable or None
        The segmenter; None where none is installed.
    robust_films : int
        How many test films are written otherwise to see what changes; 0 leaves that out.
    """

    spec: BundleSpec
    runtime: Runtime
    splits: dict[str, ScoredSplit]
    train: list[Film] = field(default_factory=list)
    any_label: str | None = None
    find_lungs: FindLungs | None = None
    robust_films: int = ROBUST_FILMS

    @property
    def judged(self) -> list[ScoredSplit]:
        """Test, external and natural, as far as they are there; the first decides the verdict."""
        return [self.splits[name] for name in JUDGED_SPLITS if name in self.splits]

    @property
    def softmax(self) -> bool:
        """Whether exactly one label is true of a film."""
        return self.spec.activation == "softmax"


def resampling_of(films: Sequence[Film]) -> Float64Array:
    """Patients drawn with replacement, the same draws for every figure of these films."""
    return m.bootstrap_weights([film.group for film in films], BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED)


def usable(targets: Float64Array) -> list[int]:
    """Columns of labels with at least 5 films of each kind."""
    positives = targets.sum(axis=0)
    enough = np.minimum(positives, len(targets) - positives) >= MIN_OF_EACH_KIND
    return [int(k) for k in np.flatnonzero(enough)]


def macro_auroc(scores: Float64Array, targets: Float64Array, films: Sequence[Film]) -> Interval:
    """Mean AUROC over labels, with its interval."""
    return m.macro(m.auroc, scores, targets, resampling_of(films))


def kept_share(
    part: tuple[m.Metric, Float64Array], targets: Float64Array, whole: Float64Array, films: Sequence[Film]
) -> Interval | None:
    """How much of what a model's mean AUROC has above chance is left in another one.

    Parameters
    ----------
    part : tuple of callable and ndarray
        Metric and scores, shape (n, C), of what is left.
    targets : ndarray, shape (n, C)
    whole : ndarray, shape (n, C)
        The model's own scores.
    films : sequence of Film

    Returns
    -------
    Interval or None
        0 nothing, 1 all of it; None where the model itself is at chance.
    """
    resampling, once = resampling_of(films), np.ones((1, len(films)))
    metric, scores = part

    def share(weights: Float64Array) -> Float64Array:
        full = m.label_mean(m.auroc, whole, targets, weights) - 0.5
        left = m.label_mean(metric, scores, targets, weights) - 0.5
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(full > _LEAST_GAIN, left / full, np.nan)

    value = share(once)
    return m.interval(value, share(resampling)) if np.isfinite(value[0]) else None


def balanced_recall(scores: Float64Array, targets: Float64Array, films: Sequence[Film]) -> Interval:
    """Recall of the guessed class, averaged over the classes that occur, with its interval."""
    right = (scores.argmax(axis=1) == targets.argmax(axis=1)).astype(np.float64)

    def recall(hits: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(weights @ (truths * hits) / (weights @ truths))

    repeated = np.repeat(right[:, None], targets.shape[1], axis=1)
    return m.macro(recall, repeated, targets, resampling_of(films))
