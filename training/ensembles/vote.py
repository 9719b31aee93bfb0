"""The soft vote: the weighted mean of the members' calibrated probabilities, as logits.

Sigmoid: ``logit(mean p)``. Softmax: ``log(mean p)``. Both are computed from logarithms of probabilities, so
that members that are sure neither overflow nor lose their gradient.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array
from training.ensembles.join import Joined
from training.metrics import macro_auroc

WEIGHT_STEPS = 10
_FAR = 80.0


def vote_model(
    joined: Joined,
    lines: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    weights: Sequence[float],
    activation: Literal["sigmoid", "softmax"],
    name: str,
) -> Any:
    """A model whose probabilities are the mean of the members' calibrated ones.

    Parameters
    ----------
    joined : Joined
    lines : sequence of (kernel, bias)
        What makes calibrated logits of each member's: ``logits @ kernel + bias``, labels in the joint order.
    weights : sequence of float
        How much each member counts; made to sum to 1.
    activation : {"sigmoid", "softmax"}
    name : str

    Returns
    -------
    keras.Model
    """
    import keras

    shares = np.asarray(weights, dtype=float) / np.sum(weights)
    for_it, against_it = [], []
    for index, (logits, line, share) in enumerate(zip(joined.logits, lines, shares, strict=True)):
        calibrate = keras.layers.Dense(
            line[0].shape[1], trainable=False, name=f"member{index}.calibrated", dtype="float32"
        )
        scores = calibrate(logits)
        calibrate.set_weights(list(line))
        offset = float(np.log(share))
        if activation == "softmax":
            for_it.append(_plus(keras.layers.Activation("log_softmax")(scores), offset))
        else:
            for_it.append(_plus(log_sigmoid(scores), offset))
            against_it.append(_plus(log_sigmoid(-scores), offset))
    score = log_sum(for_it)
    if against_it:
        score = score - log_sum(against_it)
    logits = keras.layers.Activation("linear", name="logits")(score)
    return keras.Model(
        joined.film, keras.layers.Activation(activation, name="probabilities")(logits), name=name
    )


def _plus(x: Any, offset: float) -> Any:
    import keras

    return keras.layers.Rescaling(1.0, offset=offset)(x)


def log_sigmoid(x: Any) -> Any:
    """Logarithm of a probability from its logit, ``x / 2 - log(2 cosh(x / 2))``: LiteRT has no softplus."""
    return 0.5 * x - _log_two_cosh(0.5 * x)


def log_sum(terms: Sequence[Any]) -> Any:
    """``log(sum(exp(term)))``, two at a time: their mean and ``log(2 cosh)`` of half their difference."""
    total = terms[0]
    for term in terms[1:]:
        total = 0.5 * (total + term) + _log_two_cosh(0.5 * (total - term))
    return total


def _log_two_cosh(x: Any) -> Any:
    """``log(exp(x) + exp(-x))``.

    The usual form, ``abs(x) + log(1 + exp(-2 abs(x)))``, has a wrong gradient at 0, where two members say
    the same of a film. Here the bends are at 80, where the logarithm of a sum is its larger term anyway.
    """
    from keras import ops

    near = ops.minimum(ops.maximum(x, -_FAR), _FAR)
    beyond = ops.maximum(x - _FAR, 0.0) + ops.maximum(-x - _FAR, 0.0)
    return ops.log(ops.exp(near) + ops.exp(-near)) + beyond


def candidate_weights(members: int) -> list[tuple[float, ...]]:
    """Shares in tenths that sum to 1 and leave no member out, equal ones (or the nearest) first."""
    steps = WEIGHT_STEPS if members < WEIGHT_STEPS else members
    shares = [
        tuple(part / steps for part in parts)
        for parts in itertools.product(range(1, steps), repeat=members)
        if sum(parts) == steps
    ]
    return sorted(shares, key=lambda share: (sum((one - 1 / members) ** 2 for one in share), share))


def mean_probabilities(members: Sequence[Float64Array], weights: Sequence[float]) -> Float64Array:
    """The vote itself, outside any graph.

    Parameters
    ----------
    members : sequence of ndarray, each of shape (n, C)
        Calibrated probabilities.
    weights : sequence of float

    Returns
    -------
    ndarray of float64, shape (n, C)
    """
    return np.asarray(np.average(np.stack(members), axis=0, weights=np.asarray(weights)))


def best_weights(probabilities: Sequence[Float64Array], truths: Float64Array) -> tuple[float, ...]:
    """The shares with the best macro AUROC; the most even ones where several are as good.

    Parameters
    ----------
    probabilities : sequence of ndarray, each of shape (n, C)
        Calibrated, of each member.
    truths : ndarray of float64, shape (n, C)
    """
    return max(
        candidate_weights(len(probabilities)),
        key=lambda shares: round(macro_auroc(mean_probabilities(probabilities, shares), truths), 6),
    )
