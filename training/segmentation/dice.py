"""Dice: how much of what two outlines mark together they mark alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array
from cxr_dash.inference.schema import Interval


def dice(
    found: NDArray[np.bool_], drawn: NDArray[np.bool_], ignored: NDArray[np.bool_] | None = None
) -> float:
    """Twice the common area over the sum of both (Dice 1945); 1 where both are empty.

    Parameters
    ----------
    found, drawn : ndarray of bool, same shape
    ignored : ndarray of bool, same shape, optional
        Pixels that do not count.

    Returns
    -------
    float
        0-1.
    """
    if ignored is not None:
        found, drawn = found & ~ignored, drawn & ~ignored
    both = int(found.sum()) + int(drawn.sum())
    return 2.0 * int((found & drawn).sum()) / both if both else 1.0


def mean_interval(
    values: Sequence[float] | Float64Array, groups: Sequence[str], *, seed: int = 0, rounds: int = 2000
) -> Interval:
    """Mean over films, and its 95 % interval from a bootstrap that draws patients, not films.

    Parameters
    ----------
    values : sequence of float
        One a film.
    groups : sequence of str
        Each film's patient.
    seed, rounds : int
    """
    figures, names = np.asarray(values, np.float64), np.asarray(groups)
    patients, owner = np.unique(names, return_inverse=True)
    sums = np.bincount(owner, weights=figures, minlength=len(patients))
    counts = np.bincount(owner, minlength=len(patients))
    mean = round(float(figures.mean()), 5)
    if len(patients) < 2:
        return Interval(value=mean)
    drawn = np.random.default_rng(seed).integers(len(patients), size=(rounds, len(patients)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(value=mean, low=round(float(low), 5), high=round(float(high), 5))


def make_mask_loss(dice_weight: float) -> Any:
    """Cross-entropy plus soft Dice of logits, where nothing is asked of the ignored pixels.

    Returns
    -------
    callable
        Of truths (n, H, W, 2), lungs and ignored, and logits (n, H, W, 1).
    """
    from keras import ops

    def loss(truth: Any, logits: Any) -> Any:
        lungs, counts = truth[..., :1], 1.0 - truth[..., 1:]
        entropy = ops.maximum(logits, 0.0) - logits * lungs + ops.log1p(ops.exp(-ops.abs(logits)))
        axes = (1, 2, 3)
        answer = ops.sum(entropy * counts, axis=axes) / ops.maximum(ops.sum(counts, axis=axes), 1.0)
        probability = ops.sigmoid(logits) * counts
        lungs = lungs * counts
        common = ops.sum(probability * lungs, axis=axes)
        # +1 pixel: a film without lungs asks for none, and nothing divides by zero
        overlap = (2.0 * common + 1.0) / (ops.sum(probability + lungs, axis=axes) + 1.0)
        return answer + dice_weight * (1.0 - overlap)

    return loss
