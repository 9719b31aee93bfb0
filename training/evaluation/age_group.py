"""A child or an adult: the head that tells, the limits of its answer, and what both do to films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.inference.calibration import activate
from cxr_dash.inference.head import Head
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_age import AgeFigures
from training import metrics as m
from training.evaluation.calibration_choice import patient_folds
from training.evaluation.rates import sensitivity
from training.evaluation.split_figures import BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED

ADULTS_REFUSED = 0.01
CHILDREN_REFUSED = 0.01
# more would cost children that val has too few of to show
ADULTS_FOUND = 0.95
STRENGTHS = (1e-4, 1e-3, 1e-2)
FOLDS = 4
# a collection with fewer films of an age group says nothing about its hundredth part
FEWEST = 50
# the smallest weights among those that do as well: others hold their own films too sure
_ALIKE = 0.005
_SEED = 12


@dataclass(frozen=True, slots=True, eq=False)
class AgeTable:
    """Films of known age group, as a trunk sees them.

    Attributes
    ----------
    embeddings : ndarray of float32, shape (n, D)
    children : ndarray of bool, shape (n,)
    collections, groups : sequence of str, length n
        Where each film is from, and whose it is.
    """

    embeddings: Float32Array
    children: NDArray[np.bool_]
    collections: Sequence[str]
    groups: Sequence[str]

    def films(self, rows: NDArray[np.bool_]) -> AgeTable:
        """Some of the films."""
        chosen = np.flatnonzero(rows).tolist()
        return AgeTable(
            self.embeddings[chosen],
            self.children[chosen],
            [self.collections[row] for row in chosen],
            [self.groups[row] for row in chosen],
        )


@dataclass(frozen=True, slots=True)
class AgeLimits:
    """Probabilities of a child: an adult below the first, a child from the second on."""

    adult_below: float
    child_above: float


def fit_age_head(films: AgeTable) -> tuple[Head, str]:
    """A linear head whose logistic function is the probability of a child.

    Each age group counts alike, and within it every collection: a hospital with many films of one age group
    says no more than one with few of both. How much the head is held small is chosen by the AUROC within
    collections of patients left out, so that telling hospitals apart is worth nothing.

    Parameters
    ----------
    films : AgeTable

    Returns
    -------
    head : Head
        On embeddings as they are: their scale is part of it.
    chosen : str
        The choice, in words.
    """
    folds = patient_folds(list(films.groups), FOLDS, _SEED)
    truths = films.children.astype(np.float64)
    found: dict[float, float] = {}
    for strength in STRENGTHS:
        scores = np.zeros(len(truths))
        for fold in range(int(folds.max()) + 1):
            out = folds == fold
            head = _fitted(films.films(~out), strength)
            scores[out] = head_logits(head, films.embeddings[out])
        # between folds the scale may differ: pairs are compared within fold and collection
        strata = [f"{name} {fold}" for name, fold in zip(films.collections, folds, strict=True)]
        found[strength] = float(m.within_source_auroc(scores, truths, strata)[0])
    best = min(one for one in STRENGTHS if found[one] >= max(found.values()) - _ALIKE)
    return _fitted(films, best), (
        f"AUROC within collections {found[best]:.3f} on patients left out ({FOLDS} folds, C = {best:g})"
    )


def head_logits(head: Head, embeddings: Float32Array) -> Float64Array:
    """Logit of a child, shape (n,)."""
    return np.asarray(embeddings @ head.kernel[:, 0] + head.bias[0], dtype=np.float64)


def child_probabilities(head: Head, embeddings: Float32Array) -> Float64Array:
    """Probability of a child, shape (n,), as the app computes it."""
    return activate(head_logits(head, embeddings)[:, None], "sigmoid")[:, 0]


def balanced_weights(films: AgeTable) -> Float64Array:
    """Weights whose mean is 1: age groups count alike, and collections within each; shape (n,)."""
    weights = np.zeros(len(films.children))
    names = np.asarray(films.collections, dtype=str)
    for child in (True, False):
        inside = films.children == child
        present = np.unique(names[inside])
        for name in present:
            rows = inside & (names == name)
            weights[rows] = 1 / (len(present) * rows.sum())
    return np.asarray(weights / weights.mean(), dtype=np.float64)


def _fitted(films: AgeTable, strength: float) -> Head:
    from sklearn.linear_model import LogisticRegression

    middle = films.embeddings.mean(axis=0)
    spread = np.maximum(films.embeddings.std(axis=0), 1e-6)
    weights = balanced_weights(films)
    # C counts films: the penalty stays the same however many there are
    model = LogisticRegression(C=strength * 1e4 / len(weights), max_iter=300, tol=1e-3)
    model.fit((films.embeddings - middle) / spread, films.children, sample_weight=weights)
    kernel = model.coef_[0] / spread
    bias = float(model.intercept_[0] - kernel @ middle)
    return Head(kernel[:, None].astype(np.float32), np.array([bias], np.float32))


def choose_limits(films: AgeTable, probabilities: Float64Array) -> AgeLimits:
    """Limits at which at most one adult in a hundred is refused by adults' models, in every collection.

    Children's models refuse at most one child in a hundred, and no more than it takes to refuse 95 % of the
    adults of each collection: the few children of val say little about others. Only collections with at least
    :data:`FEWEST` films of an age group take part.

    Parameters
    ----------
    films : AgeTable
        Used for nothing else.
    probabilities : ndarray, shape (n,)
        Of a child.
    """
    adults = [np.sort(one)[::-1] for one in _parts(films, probabilities, child=False)]
    children = [np.sort(one) for one in _parts(films, probabilities, child=True)]
    above = max((one[int(ADULTS_REFUSED * len(one))] for one in adults), default=1.0)
    enough = max((one[int((1 - ADULTS_FOUND) * len(one))] for one in adults), default=0.0)
    below = min([enough, *(one[int(CHILDREN_REFUSED * len(one))] for one in children)])
    child_above = min(1.0, float(np.ceil(above * 1e6 + 1e-6) / 1e6))
    return AgeLimits(min(float(np.floor(below * 1e6) / 1e6), child_above), child_above)


def _parts(films: AgeTable, probabilities: Float64Array, *, child: bool) -> list[Float64Array]:
    names = np.asarray(films.collections, dtype=str)
    inside = films.children == child
    found = [probabilities[inside & (names == name)] for name in np.unique(names)]
    enough = [one for one in found if len(one) >= FEWEST]
    return enough or [probabilities[inside]] if inside.any() else []


def age_figures(films: AgeTable, probabilities: Float64Array, limits: AgeLimits) -> list[AgeFigures]:
    """Children and adults found and taken for each other, by collection.

    Intervals are the wider of the bootstrap's over patients and Wilson's.

    Parameters
    ----------
    films : AgeTable
        Of nobody trained on.
    probabilities : ndarray, shape (n,)
    limits : AgeLimits
    """
    names = np.asarray(films.collections, dtype=str)
    seems_child = probabilities >= limits.child_above
    seems_adult = probabilities < limits.adult_below
    found = []
    for name in dict.fromkeys(films.collections):
        rows = names == name
        kids, adults = rows & films.children, rows & ~films.children
        found.append(
            AgeFigures(
                collection=name,
                children=int(kids.sum()),
                children_found=_share(seems_child, kids, films.groups),
                children_taken_for_adults=_share(seems_adult, kids, films.groups),
                adults=int(adults.sum()),
                adults_found=_share(seems_adult, adults, films.groups),
                adults_taken_for_children=_share(seems_child, adults, films.groups),
            )
        )
    return found


def _share(hits: NDArray[np.bool_], rows: NDArray[np.bool_], groups: Sequence[str]) -> Interval | None:
    if not rows.any():
        return None
    inside = np.flatnonzero(rows).tolist()
    resampling = m.bootstrap_weights([groups[row] for row in inside], BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED)
    called = hits[inside].astype(np.float64)
    return m.measure_share(sensitivity, called, np.ones(len(inside)), resampling, len(inside))
