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

    A structure that few films of a batch have counts as much as one that all have: the mean of each is over
    the films on which it was drawn. A film of which nothing is known of a structure adds nothing to it; where
    it is known alone where none is, it adds cross-entropy there, and no Dice.

    Returns
    -------
    callable
        Of truths (n, H, W, 2 C), the masks of C structures and then where each is ignored, and logits
        (n, H, W, C). One number a film; their mean is the loss.
    """
    from keras import ops

    def loss(truth: Any, logits: Any) -> Any:
        structures = logits.shape[-1]
        masks, counts = truth[..., :structures], 1.0 - truth[..., structures:]
        entropy = ops.maximum(logits, 0.0) - logits * masks + ops.log1p(ops.exp(-ops.abs(logits)))
        axes = (1, 2)
        asked = ops.sum(counts, axis=axes)
        answer = ops.sum(entropy * counts, axis=axes) / ops.maximum(asked, 1.0)
        probability = ops.sigmoid(logits) * counts
        masks = masks * counts
        common = ops.sum(probability * masks, axis=axes)
        # +1 pixel: a film without lungs asks for none, and nothing divides by zero
        overlap = (2.0 * common + 1.0) / (ops.sum(probability + masks, axis=axes) + 1.0)
        # overlap is asked of what was drawn: of nothing it would punish the last thousandth of a pixel
        terms = (answer, asked), (dice_weight * (1.0 - overlap), ops.sum(masks, axis=axes))
        return sum(ops.mean(_over_its_own(term, enough), axis=-1) for term, enough in terms)

    def _over_its_own(term: Any, enough: Any) -> Any:
        """Weighed so that the mean over all films is that over those with a pixel of it."""
        known = ops.cast(enough >= 1.0, term.dtype)
        return term * known / ops.maximum(ops.mean(known, axis=0, keepdims=True), 1e-6)

    return loss
