"""How a model's features do in hospitals left out: what stands in for other hospitals while choosing.

``external`` may not choose. Sources of ``train`` and ``val`` can: some are left out, a linear head learns
from the features of all other films, and is asked about those left out. Only the head has not seen them; what
the backbone was trained on stays what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.errors import TrainingError
from training.films.manifest import Film, read_manifest
from training.fitting.data import class_weights
from training.metrics import auroc

COMPONENTS = 64
PENALTY = 1e-2  # of the squared weights, against the mean loss of a film
FEWEST = 5  # films of a class, for an AUROC


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One set of sources that the head did not see.

    Attributes
    ----------
    sources : tuple of str
    films : int
    auroc : dict of str to float
        By class: against all other films left out; classes with fewer than five films, or without others,
        are not in it.
    pairs : dict of tuple to float
        AUROC of the first class against the second, by the difference of their logits.
    recall : dict of str to float
        By class with films: the share of them whose most probable class it is, classes weighed alike.
    """

    sources: tuple[str, ...]
    films: int
    auroc: dict[str, float]
    pairs: dict[tuple[str, str], float]
    recall: dict[str, float]

    @property
    def mean(self) -> float:
        """Mean over the classes measured."""
        return float(np.mean(list(self.auroc.values())))

    @property
    def balanced_recall(self) -> float:
        """Mean recall of the classes that have films."""
        return float(np.mean(list(self.recall.values())))


def classed_films(manifest: Path) -> tuple[list[Film], list[str]]:
    """Train and val films of a manifest of films with one class each, and their classes."""
    films = [film for film in read_manifest(manifest, own_labels=None) if film.split in ("train", "val")]
    return films, ["|".join(sorted(film.labels)) for film in films]


def leave_sources_out(
    embeddings: Float32Array,
    classes: Sequence[str],
    sources: Sequence[str],
    left_out: Sequence[Sequence[str]],
    *,
    asked: NDArray[np.bool_] | None = None,
    learned: NDArray[np.bool_] | None = None,
    patients: Sequence[str] | None = None,
) -> list[LeftOut]:
    """Train a head without some sources and measure it on them, for each set of sources.

    Parameters
    ----------
    embeddings : ndarray of float32, shape (n, D)
        Of train and val films.
    classes, sources : sequence of str
        Of each film.
    left_out : sequence of sequence of str
        The sets of sources.
    asked, learned : ndarray of bool, shape (n,), optional
        Rows that may be measured on, and learned from, where not all may: a drawn copy of a film is no
        film to measure on.
    patients : sequence of str, optional
        Of each film, empty where unknown: who is asked about does not teach under another source either.

    Raises
    ------
    TrainingError
        When a source has no films, a class has none left, or no class can be measured.
    """
    names, origin = np.array(classes), np.array(sources)
    every = np.ones(len(names), dtype=bool)
    asked, learned = every if asked is None else asked, every if learned is None else learned
    who = np.array([""] * len(names) if patients is None else patients)
    found = []
    for held in left_out:
        missing = sorted(set(held) - set(origin))
        if missing:
            raise TrainingError(
                f"`leave out` must name sources of the films, {', '.join(sorted(set(origin)))}; received "
                f"{', '.join(missing)}."
            )
        held_out = np.isin(origin, list(held))
        out, rest = held_out & asked, ~held_out & learned
        rest &= (who == "") | ~np.isin(who, who[out])
        lost = sorted(set(names) - set(names[rest]))
        if lost:
            raise TrainingError(
                f"Every class must keep films to learn from; without {', '.join(held)} there are none of "
                f"{', '.join(lost)}.",
                remedy="Leave fewer sources out at a time.",
            )
        order, probabilities = _head(embeddings[rest], names[rest], origin[rest], embeddings[out])
        figures = _figures(names[out], order, probabilities)
        if not figures:
            raise TrainingError(f"{', '.join(held)} must hold films of two classes; received one.")
        pairs, recall = _pairs(names[out], order, probabilities), _recall(names[out], order, probabilities)
        found.append(LeftOut(tuple(held), int(out.sum()), figures, pairs, recall))
    return found


def _head(
    known: Float32Array, names: NDArray[np.str_], origin: NDArray[np.str_], asked: Float32Array
) -> tuple[list[str], Float64Array]:
    """Classes in order and their probabilities, shape (n, C), by a linear head in which all sources count."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        PCA(min(COMPONENTS, *known.shape), random_state=0),
        StandardScaler(),
        LogisticRegression(C=1.0 / (PENALTY * len(known)), max_iter=1000),
    )
    weights = class_weights(names, origin)
    model.fit(known, names, logisticregression__sample_weight=weights / weights.mean())
    return [str(name) for name in model.classes_], np.asarray(model.predict_proba(asked), dtype=np.float64)


def _figures(names: NDArray[np.str_], order: Sequence[str], probabilities: Float64Array) -> dict[str, float]:
    figures = {}
    for column, name in enumerate(order):
        truths = (names == name).astype(np.float64)
        if FEWEST <= truths.sum() < len(truths):
            figures[name] = float(auroc(probabilities[:, column], truths, np.ones((1, len(truths))))[0])
    return figures


def _pairs(
    names: NDArray[np.str_], order: Sequence[str], probabilities: Float64Array
) -> dict[tuple[str, str], float]:
    """AUROC of each two classes with at least five films, by what the head says of the two alone."""
    logits = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    found = {}
    for first, second in combinations(range(len(order)), 2):
        rows = np.isin(names, [order[first], order[second]])
        truths = (names[rows] == order[first]).astype(np.float64)
        if min(truths.sum(), len(truths) - truths.sum()) >= FEWEST:
            between = (logits[:, first] - logits[:, second])[rows]
            found[order[first], order[second]] = float(auroc(between, truths, np.ones((1, len(truths))))[0])
    return found


def _recall(names: NDArray[np.str_], order: Sequence[str], probabilities: Float64Array) -> dict[str, float]:
    said = np.array(order)[probabilities.argmax(axis=1)]
    return {name: float((said[names == name] == name).mean()) for name in order if (names == name).any()}
