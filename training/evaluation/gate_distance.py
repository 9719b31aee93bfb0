"""How far from frontal films, in the gate's eyes, a picture may lie: for what resembles nothing known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from cxr_dash.inference.schema import OutOfDistribution
from training.evaluation.ood import as_limit, distances, fit_distribution
from training.films.gate.pictures import FRONTAL
from training.films.manifest import Film

_REJECT_QUANTILE, _WARN_QUANTILE = 0.998, 0.99
_MARGIN = 1.05


def gate_distance(
    train: Sequence[Film], train_embeddings: Float32Array, val: Sequence[Film], val_embeddings: Float32Array
) -> OutOfDistribution:
    """Fit on the frontal films and the other pictures of train, choose both limits on val.

    Parameters
    ----------
    train, val : sequence of Film
    train_embeddings, val_embeddings : ndarray of float32, shape (n, D)

    Returns
    -------
    OutOfDistribution
        Refuses beyond what 99.8 % of the frontal films of val reach, with a margin; warns beyond 99 %.
    """
    frontal, chosen = _frontal(train), _frontal(val)
    fitted = fit_distribution(
        train_embeddings[frontal],
        train_embeddings[~frontal],
        f"{int(frontal.sum())} frontal films and {int((~frontal).sum())} other pictures of train",
    )
    of_val = distances(val_embeddings, fitted)
    reject = float(np.quantile(of_val[chosen], _REJECT_QUANTILE)) * _MARGIN
    warn = min(float(np.quantile(of_val[chosen], _WARN_QUANTILE)), reject)
    beyond = of_val > reject
    return fitted.model_copy(
        update={
            "warn_above": as_limit(warn),
            "reject_above": as_limit(max(reject, warn)),
            "measured": (
                f"On val, where both limits were chosen: {int((beyond & chosen).sum())} of "
                f"{int(chosen.sum())} frontal films lie beyond, and {int((beyond & ~chosen).sum())} of "
                f"{int((~chosen).sum())} other pictures. The distance is asked besides the network's "
                "own answer."
            ),
        }
    )


def _frontal(films: Sequence[Film]) -> NDArray[np.bool_]:
    return np.array([FRONTAL in film.labels for film in films])
