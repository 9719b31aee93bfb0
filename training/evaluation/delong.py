"""DeLong's test of whether the gap between two models' AUROC on the same films can be chance.

The test (DeLong, DeLong and Clarke-Pearson, Biometrics 44:837, 1988) takes films as independent. Films of one
patient are not, so that its intervals are too narrow where patients have several films: read the interval
of resampled patients beside it, and where the two disagree, that one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxr_dash.domain import Float64Array
from cxr_dash.errors import TrainingError

_Z_95 = float(stats.norm.ppf(0.975))


@dataclass(frozen=True, slots=True)
class DeLongTest:
    """Two AUROCs on the same films.

    Attributes
    ----------
    first, second : float
        AUROC of each model.
    difference, standard_error : float
        Second minus first.
    low, high : float
        95 % interval of the difference.
    z, p : float or None
        Two-sided; None where neither placement varies (two perfect models), so that nothing can be tested.
    """

    first: float
    second: float
    difference: float
    standard_error: float
    low: float
    high: float
    z: float | None
    p: float | None


def delong_covariance(scores: Float64Array, truths: Float64Array) -> tuple[Float64Array, Float64Array]:
    """AUROC of some models on the same films, and the covariance of these AUROCs.

    The fast algorithm of Sun and Xu (IEEE Signal Processing Letters 21:1389, 2014): midranks take the place
    of the comparison of every positive with every negative film, O(n log n).

    Parameters
    ----------
    scores : ndarray, shape (models, n)
        The higher, the more suspicious.
    truths : ndarray, shape (n,), 0 or 1

    Returns
    -------
    aurocs : ndarray, shape (models,)
    covariance : ndarray, shape (models, models)

    Raises
    ------
    TrainingError
        With fewer than two positive or two negative films: a variance needs two.
    """
    positive = truths > 0.5
    m, n = int(positive.sum()), int((~positive).sum())
    if min(m, n) < 2:
        raise TrainingError(
            f"DeLong's test must have two positive and two negative films; received {m} and {n}."
        )
    among_all = stats.rankdata(scores, axis=1)
    # how far up among the films of the other kind each film stands, 0-1: DeLong's structural components
    above = (among_all[:, positive] - stats.rankdata(scores[:, positive], axis=1)) / n
    below = 1.0 - (among_all[:, ~positive] - stats.rankdata(scores[:, ~positive], axis=1)) / m
    covariance = np.atleast_2d(np.cov(above)) / m + np.atleast_2d(np.cov(below)) / n
    return above.mean(axis=1), covariance


def delong_test(first: Float64Array, second: Float64Array, truths: Float64Array) -> DeLongTest:
    """Test whether two models have the same AUROC.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        Scores of the same films in the same order.
    truths : ndarray, shape (n,), 0 or 1

    Raises
    ------
    TrainingError
        As :func:`delong_covariance`.
    """
    aurocs, covariance = delong_covariance(np.stack([first, second]), truths)
    difference = float(aurocs[1] - aurocs[0])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    # equal rankings leave rounding errors of either sign
    error = math.sqrt(variance) if variance > 1e-15 else 0.0
    if error:
        z: float | None = difference / error
    else:
        z = 0.0 if abs(difference) < 1e-12 else None
    return DeLongTest(
        first=float(aurocs[0]),
        second=float(aurocs[1]),
        difference=difference,
        standard_error=error,
        low=difference - _Z_95 * error,
        high=difference + _Z_95 * error,
        z=z,
        p=None if z is None else float(2 * stats.norm.sf(abs(z))),
    )
