"""What each film answers and leaves open, and how much each answer weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from training.films.manifest import Film
from training.fitting.data import positive_weights, targets_of
from training.metrics import within_source_auroc
from training.recipe import Recipe

# a label with fewer films of either answer in a source teaches the source there, and is left open
LEAST_FILMS = 5
LARGEST_WEIGHT = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Truths of films, label by label.

    Attributes
    ----------
    targets : ndarray of float32, shape (n, C), 0 or 1
        0 also where it is open.
    weights : ndarray of float32, shape (n, C), >= 0
        How much each answer counts; 0 where it is open.
    """

    targets: Float32Array
    weights: Float32Array

    def stacked(self) -> Float32Array:
        """Both side by side, as Keras hands them to the loss; shape (n, 2 C)."""
        return np.concatenate([self.targets, self.weights], axis=1)


def answers_of(films: Sequence[Film], labels: Sequence[str], recipe: Recipe, *, balanced: bool) -> Answers:
    """Truths and weights of films.

    Parameters
    ----------
    films : sequence of Film
    labels : sequence of str
        In the order of the logits, auxiliary ones too.
    recipe : Recipe
    balanced : bool
        For training: rare positive answers weigh more (``fit.max_positive_weight``), and with
        ``views.balance_sources`` a label is as frequent in each source as in all. Else every answer that is
        not open weighs 1.
    """
    targets = targets_of(films, labels, recipe.data.any_label)
    known = known_of(films, labels, recipe.data.auxiliary)
    weights = known.astype(np.float32)
    if balanced:
        views = recipe.views
        if views is not None and views.balance_sources:
            weights = balanced_by_source(targets, known, [film.source for film in films])
        rare = positive_weights(targets, recipe.fit.max_positive_weight, weights)
        weights = weights * np.where(targets > 0, rare, np.float32(1.0))
    return Answers(targets * known, weights)


def known_of(films: Sequence[Film], labels: Sequence[str], auxiliary: Sequence[str]) -> NDArray[np.bool_]:
    """Which labels each film's own labels speak of, shape (n, C)."""
    usual = np.array([label not in auxiliary for label in labels])
    rows: dict[frozenset[str] | None, NDArray[np.bool_]] = {None: usual}
    for answers in {film.answers for film in films} - {None}:
        rows[answers] = np.array([label in (answers or ()) for label in labels])
    return np.stack([rows[film.answers] for film in films])


def balanced_by_source(
    targets: Float32Array, known: NDArray[np.bool_], sources: Sequence[str]
) -> Float32Array:
    """Weights under which each label is as frequent in every source as in all films that answer it.

    Knowing the source then says nothing about the label. A source with (nearly) one answer only is left open
    for that label. No answer weighs more than :data:`LARGEST_WEIGHT` or less than its inverse.

    Returns
    -------
    ndarray of float32, shape (n, C)
    """
    names = np.asarray(sources)
    weights = known.astype(np.float32)
    for column in range(targets.shape[1]):
        answered = known[:, column]
        if not answered.any():
            continue
        overall = float(targets[answered, column].mean())
        for name in np.unique(names[answered]):
            rows = answered & (names == name)
            positives = float(targets[rows, column].sum())
            if min(positives, rows.sum() - positives) < LEAST_FILMS:
                # of one answer: only its commoner half, no finding, may be told by a whole source
                weights[rows, column] = 0.0 if positives else weights[rows, column]
                continue
            share = positives / rows.sum()
            true, false = overall / share, (1.0 - overall) / (1.0 - share)
            factor = np.where(targets[rows, column] > 0, true, false)
            weights[rows, column] = np.clip(factor, 1.0 / LARGEST_WEIGHT, LARGEST_WEIGHT)
    return weights


def macro_auroc(logits: Float64Array, answers: Answers, sources: Sequence[str]) -> float:
    """Mean over labels of the AUROC within sources; labels that no source answers both ways are left out.

    Parameters
    ----------
    logits : ndarray, shape (n, C)
    answers : Answers
    sources : sequence of str, length n
    """
    names, known = np.asarray(sources), answers.weights > 0
    values = [
        within_source_auroc(logits[rows, k], answers.targets[rows, k].astype(np.float64), names[rows])[0]
        for k, rows in enumerate(known.T)
    ]
    return float(np.nanmean(values))
