"""What a model's embedding gives away: a linear probe, tested on patients it did not see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from training.evaluation.calibration_choice import patient_folds
from training.evaluation.split_figures import MIN_SUBGROUP

FOLDS = 5
SEED = 2024
_COMPONENTS = 64


def frequent(names: Sequence[str]) -> NDArray[np.bool_]:
    """Which films have a name (a source, a sex) that at least 20 films have.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    values, counts = np.unique(np.asarray(names, dtype=str), return_counts=True)
    enough = {str(v) for v, count in zip(values, counts, strict=True) if v and count >= MIN_SUBGROUP}
    return np.array([name in enough for name in names], dtype=bool)


def probe(embeddings: Float32Array, names: Sequence[str], groups: Sequence[str]) -> Float64Array:
    """Balanced logistic regression on 64 principal components, on patients left out of its fit.

    Parameters
    ----------
    embeddings : ndarray of float32, shape (n, D)
    names : sequence of str, length n
        What is to be told; at least two values.
    groups : sequence of str, length n
        Patients.

    Returns
    -------
    ndarray of float64, shape (n, K)
        Probability of each name, sorted.
    """
    values, truths = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    folds = patient_folds(groups, FOLDS, SEED)
    found = np.zeros((len(truths), len(values)))
    for fold in range(int(folds.max()) + 1):
        out = folds == fold
        if len(np.unique(truths[~out])) < 2:  # nothing to tell apart among the others
            found[out] = 1 / len(values)
            continue
        model = _fitted(embeddings[~out], truths[~out])
        # a rare name may be missing among the others' patients
        found[np.ix_(out, model.classes_)] = model.predict_proba(embeddings[out])
    return found


def linear_probe(learned: Float32Array, names: Sequence[str], tested: Float32Array) -> Float64Array:
    """The same regression, fitted on some films and asked about others.

    Parameters
    ----------
    learned : ndarray of float32, shape (n, D)
    names : sequence of str, length n
        What is to be told; at least two values.
    tested : ndarray of float32, shape (m, D)
        Of other patients.

    Returns
    -------
    ndarray of float64, shape (m, K)
        Probability of each name, sorted.
    """
    _, truths = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    return np.asarray(_fitted(learned, truths).predict_proba(tested), dtype=np.float64)


def _fitted(embeddings: Float32Array, truths: NDArray[np.int64]) -> Any:
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    components = min(_COMPONENTS, embeddings.shape[1], len(embeddings) - 1)
    model = make_pipeline(
        StandardScaler(),
        PCA(components, whiten=True, random_state=SEED),
        LogisticRegression(class_weight="balanced", max_iter=1000),
    )
    return model.fit(embeddings, truths)


def one_hot(names: Sequence[str]) -> Float64Array:
    """A column for each name, sorted; shape (n, K)."""
    values, truths = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    return np.eye(len(values))[truths]


def share_by_name(names: Sequence[str], targets: Float64Array, groups: Sequence[str]) -> Float64Array:
    """How common each label is among films of the same name, counted on other patients.

    Parameters
    ----------
    names : sequence of str, length n
    targets : ndarray, shape (n, C)
    groups : sequence of str, length n

    Returns
    -------
    ndarray of float64, shape (n, C), 0-1
    """
    known = np.asarray(names, dtype=str)
    folds = patient_folds(groups, FOLDS, SEED)
    found = np.zeros(targets.shape)
    for fold in range(int(folds.max()) + 1):
        out = folds == fold
        for name in np.unique(known[out]):
            seen = ~out & (known == name)
            found[out & (known == name)] = targets[seen if seen.any() else ~out].mean(axis=0)
    return found
