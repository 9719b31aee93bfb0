"""Probabilities at another prevalence than the one they were calibrated at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from cxr_dash.domain import Float64Array
from cxr_dash.inference.schema import BundleSpec

# A prevalence that nothing could be learned from: the shift of log odds would have no end.
LEAST_PREVALENCE = 1e-4


def shift_to_prevalence(probability: ArrayLike, stated: ArrayLike, wanted: ArrayLike) -> Float64Array:
    """A calibrated probability carried from one prevalence to another.

    What changes is how common the finding is, not what films with or without it look like. By Bayes' rule
    the log odds then shift by the difference of the prevalences' log odds: ``logit(p) + logit(wanted) -
    logit(stated)`` (Saerens, Latinne and Decaestecker, Neural Computation 2002, equation 2.4, for two
    classes).

    Parameters
    ----------
    probability : array_like of float, 0-1
        Calibrated at ``stated``; 0 and 1 stay what they are.
    stated, wanted : array_like of float, 0-1
        Share of films with the finding; kept a ten-thousandth away from 0 and 1.

    Returns
    -------
    ndarray of float64, 0-1
    """
    p = np.asarray(probability, dtype=np.float64)
    before, after = (
        np.clip(np.asarray(share, dtype=np.float64), LEAST_PREVALENCE, 1 - LEAST_PREVALENCE)
        for share in (stated, wanted)
    )
    true = p * (after / before)
    false = (1 - p) * ((1 - after) / (1 - before))
    return np.asarray(true / (true + false))


def shift_to_prevalences(
    probabilities: Float64Array,
    keys: Sequence[str],
    stated: Mapping[str, float],
    wanted: Mapping[str, float],
    activation: Literal["sigmoid", "softmax"],
) -> Float64Array:
    """The probabilities of all labels of films, with some labels more or less common than they were.

    Parameters
    ----------
    probabilities : ndarray, shape (..., C)
        Calibrated at ``stated``.
    keys : sequence of str
        Labels, in the order of the last axis.
    stated : mapping of str to float
        Every label's prevalence.
    wanted : mapping of str to float
        That of some labels. With softmax the other classes share what is left in their old proportions.
    activation : {"sigmoid", "softmax"}

    Returns
    -------
    ndarray of float64, shape (..., C), values 0-1
    """
    before = np.array([stated[key] for key in keys])
    if activation == "sigmoid":
        after = np.array([wanted.get(key, stated[key]) for key in keys])
        moved = shift_to_prevalence(probabilities, before, after)
        same = np.array([key not in wanted for key in keys])
        return np.where(same, probabilities, moved)
    weighed = probabilities * class_ratios(keys, stated, wanted)
    return np.asarray(weighed / weighed.sum(axis=-1, keepdims=True))


def class_ratios(
    keys: Sequence[str], stated: Mapping[str, float], wanted: Mapping[str, float]
) -> Float64Array:
    """How much more common each of several classes that exclude each other is than it was, shape (C,)."""
    before = np.clip([stated[key] for key in keys], LEAST_PREVALENCE, 1 - LEAST_PREVALENCE)
    given = np.array([key in wanted for key in keys])
    after = np.array([wanted.get(key, np.nan) for key in keys])
    left, rest = max(1.0 - float(after[given].sum()), LEAST_PREVALENCE), float(before[~given].sum())
    after[~given] = before[~given] * (left / rest if rest else 0.0)
    return np.asarray(np.clip(after, LEAST_PREVALENCE, 1 - LEAST_PREVALENCE) / before)


def moved_prevalences(spec: BundleSpec, wanted: Mapping[str, float]) -> dict[str, float]:
    """Every label's prevalence once some have another; of classes that exclude each other, all change."""
    stated = stated_prevalence(spec)
    if spec.activation == "sigmoid" or set(stated) != set(spec.label_keys):
        return stated | dict(wanted)
    ratios = class_ratios(spec.label_keys, stated, wanted)
    return {key: stated[key] * float(ratio) for key, ratio in zip(spec.label_keys, ratios, strict=True)}


def stated_prevalence(spec: BundleSpec) -> dict[str, float]:
    """By label, the prevalence at which a bundle's probabilities are stated.

    A bundle of the first version does not say: the share of its held-out films stands in, the first split,
    which came from the same collection as the films that it was calibrated on.

    Returns
    -------
    dict
        Without the labels of which nothing is known.
    """
    if spec.prevalence:
        return dict(spec.prevalence)
    if not spec.held_out:
        return {}
    known = {
        key: [truth for truth in truths if truth >= 0] for key, truths in spec.held_out[0].truths.items()
    }
    return {key: sum(truths) / len(truths) for key, truths in known.items() if truths}
