"""How far from the training films a film may lie: the statistics, and the two thresholds.

Serving computes the distance in :mod:`cxr_dash.inference.distribution`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.inference.distribution import embedding_distance
from cxr_dash.inference.schema import OutOfDistribution
from training.films.manifest import Film

FILM_DIRECTIONS = 16
OTHER_DIRECTIONS = 16
SHRINKAGE = 1.0
REJECT_QUANTILE = 0.995
WARN_QUANTILE = 0.97
LEAST_LIMIT = 1e-3
REJECT_MARGIN = 1.02
OTHERS_REFUSED = 0.98
DIGITS = 5


@dataclass(frozen=True, slots=True, eq=False)
class GateFilms:
    """Films to choose thresholds on, or to measure them on.

    Attributes
    ----------
    chest : dict of str to ndarray, shape (n,)
        Distances of real frontal chest films by collection: these must pass.
    others : dict of str to ndarray, shape (n,)
        Distances of what is not a frontal chest film, by kind.
    """

    chest: dict[str, Float64Array]
    others: dict[str, Float64Array]


def fit_distribution(embeddings: Float32Array, others: Float32Array, fitted_on: str) -> OutOfDistribution:
    """Mahalanobis statistics in a subspace of two kinds of directions; thresholds are not set yet.

    Half of the directions are those in which chest films vary most; half are those in which what is not a
    chest film lies farthest away, in units of how chest films vary. The second half is what finds a hand or
    a CT slice: a network trained on chest films alone maps those close to them.

    Numbers are rounded to 5 significant digits, and every distance is computed with the rounded ones.

    Parameters
    ----------
    embeddings : ndarray, shape (n, D)
        Of real chest films.
    others : ndarray, shape (m, D)
        Of what is not a frontal chest film; may be empty.
    fitted_on : str
    """
    values = np.asarray(embeddings, dtype=np.float64)
    mean = values.mean(axis=0)
    centred = values - mean
    basis = _subspace(centred, np.asarray(others, dtype=np.float64) - mean)
    # turned inside the subspace until the films' covariance is diagonal there
    variances, turn = np.linalg.eigh(np.atleast_2d(np.cov((centred @ basis.T).T)))
    components = turn.T @ basis
    residual = np.mean((centred - centred @ components.T @ components) ** 2)
    return OutOfDistribution(
        mean=_rounded(mean),
        components=[_rounded(row) for row in components],
        variances=_rounded(np.maximum(variances, 1e-12)),
        residual_variance=_rounded(np.array([max(float(residual), 1e-12)]))[0],
        warn_above=1e9,
        reject_above=1e9,
        fitted_on=fitted_on,
        measured="",
    )


def _subspace(centred: Float64Array, others: Float64Array) -> Float64Array:
    """Orthonormal rows that span both kinds of directions, at most a tenth as many as there are films."""
    size = centred.shape[1]
    _, _, principal = np.linalg.svd(centred, full_matrices=False)
    rows = [principal[:FILM_DIRECTIONS]]
    if len(others):
        covariance = np.cov(centred.T)
        shrunk = covariance + SHRINKAGE * np.trace(covariance) / size * np.eye(size)
        whiten = np.linalg.inv(np.linalg.cholesky(shrunk))
        _, _, away = np.linalg.svd(others @ whiten.T, full_matrices=False)
        rows.append(away[:OTHER_DIRECTIONS] @ whiten)
    wanted = max(1, min(len(centred) // 10, size - 1))
    orthonormal, _ = np.linalg.qr(np.concatenate(rows)[:wanted].T)
    return np.asarray(orthonormal.T)


def choose_thresholds(
    fitted: OutOfDistribution, chosen: GateFilms, measured: GateFilms, *, warn_only: Collection[str] = ()
) -> OutOfDistribution:
    """Set both thresholds on one part of the films and describe what the other part shows.

    A film is refused only beyond the distance that 99.5 % of the chest films of *every* collection stay
    within, with a margin: refusing a real film is worse than warning about a strange one. Where that leaves
    room, the limit goes up as far as still refuses 98 % of what is not a chest film.

    Parameters
    ----------
    fitted : OutOfDistribution
    chosen : GateFilms
    measured : GateFilms
    warn_only : collection of str
        Kinds, such as lateral chest films, that need not be refused.
    """
    reject = max(float(np.quantile(d, REJECT_QUANTILE)) for d in chosen.chest.values()) * REJECT_MARGIN
    refused = [d for kind, d in chosen.others.items() if kind not in warn_only]
    if refused:
        reject = max(reject, float(np.quantile(np.concatenate(refused), 1 - OTHERS_REFUSED)))
    warn = min(max(float(np.quantile(d, WARN_QUANTILE)) for d in chosen.chest.values()), reject * 0.98)
    done = fitted.model_copy(update={"warn_above": as_limit(warn), "reject_above": as_limit(reject)})
    return done.model_copy(update={"measured": describe(done, measured)})


def as_limit(distance: float) -> float:
    """A distance as a bundle keeps it: three decimals, and above 0 also where the features hardly vary."""
    return max(round(distance, 3), LEAST_LIMIT)


def describe(fitted: OutOfDistribution, films: GateFilms) -> str:
    """How many chest films pass and how many of the others do not, in words."""
    passed = [f"{name} {_share(d <= fitted.reject_above)}" for name, d in films.chest.items()]
    refused = [
        f"{name} {_share(d > fitted.reject_above)} (refused or warned {_share(d > fitted.warn_above)})"
        for name, d in films.others.items()
    ]
    return (
        "Films not used to choose the thresholds. Chest films not refused: " + "; ".join(passed) + ". "
        "Refused of what is not a frontal chest film: " + "; ".join(refused) + "."
    )


def distances(embeddings: Float32Array, fitted: OutOfDistribution) -> Float64Array:
    """Distance of each embedding, shape (n,)."""
    return np.atleast_1d(embedding_distance(embeddings, fitted))


def first_half(films: Sequence[Film]) -> NDArray[np.bool_]:
    """A split in two by split group, every second group of each kind of label; True for the first part.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    rank: dict[tuple[str, str], int] = {}
    seen: dict[str, int] = {}
    for kind, group in sorted({("|".join(sorted(f.labels)), f.group) for f in films}):
        # a group that appears under two kinds stays in one part
        known = next((r for (_, g), r in rank.items() if g == group), None)
        rank[kind, group] = seen.get(kind, 0) % 2 if known is None else known
        seen[kind] = seen.get(kind, 0) + 1
    return np.array([rank["|".join(sorted(film.labels)), film.group] == 0 for film in films], dtype=bool)


def _share(mask: NDArray[np.bool_]) -> str:
    return f"{int(mask.sum())}/{len(mask)}"


def _rounded(values: Float64Array) -> list[float]:
    return [float(f"{value:.{DIGITS - 1}e}") for value in values]
