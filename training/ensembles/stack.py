"""A new head on the features of all members, whose backbones stay as they are.

Why a naive stack underfits, and what is done about it here: members' features differ in scale, so each is
standardised on the train films (and that is folded into the head's kernel afterwards); a head that starts
from nothing has to learn from few films what the members' heads know, so it starts at the mean of their
calibrated logits and learns a correction, as large as val allows.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.errors import TrainingError
from training.fitting.losses import make_loss
from training.metrics import macro_auroc_of_logits
from training.recipe import Recipe

logger = logging.getLogger(__name__)

# of the median spread of a member's features
SPREAD_FLOOR = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class StackSplit:
    """Pooled features of one split.

    Attributes
    ----------
    features : ndarray of float32, shape (n, K)
        All members' side by side; copies of a film are rows of their own.
    targets : ndarray of float32, shape (n, C)
    weights : ndarray of float32, shape (n,)
    widths : tuple of int
        How many features are of each member; empty when all are of one.
    """

    features: Float32Array
    targets: Float32Array
    weights: Float32Array
    widths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Mean and spread of every feature over the train films."""

    mean: Float64Array
    spread: Float64Array

    @classmethod
    def of(cls, features: Float32Array, widths: Sequence[int] = ()) -> Scale:
        """Measured; a feature that hardly varies beside its member's others is not blown up to their size."""
        mean, spread = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
        for own in np.split(spread, np.cumsum(widths)[:-1]) if widths else [spread]:
            floor = SPREAD_FLOOR * float(np.median(own[own > 0])) if (own > 0).any() else 1.0
            np.maximum(own, floor, out=own)
        return cls(mean, spread)

    @classmethod
    def none(cls, width: int) -> Scale:
        """Leaves features as they are."""
        return cls(np.zeros(width), np.ones(width))

    def apply(self, features: Float32Array) -> Float32Array:
        """Standardised features."""
        return np.asarray((features - self.mean) / self.spread, dtype=np.float32)

    def fold(self, kernel: Float64Array, bias: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Kernel and bias for raw features that do what these do for standardised ones."""
        folded = kernel / self.spread[:, None]
        return folded, bias - self.mean @ folded


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Kernel (inputs, outputs) and bias of one dense layer."""

    kernel: Float64Array
    bias: Float64Array


@dataclass(frozen=True, slots=True)
class Trial:
    """Head settings that were tried, and the macro AUROC on val."""

    l2: float
    dropout: float
    learning_rate: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A trained head for raw pooled features.

    Attributes
    ----------
    layers : tuple of Layer
        Dense layers in order; standardisation and start are folded in.
    best : Trial or None
        What was chosen; None when no correction was better than the start.
    score : float
        Macro AUROC on val.
    """

    layers: tuple[Layer, ...]
    best: Trial | None
    score: float


def train_head(recipe: Recipe, train: StackSplit, val: StackSplit, start: Layer | None) -> Head:
    """Try every combination of the recipe's settings, in seconds each, and keep the best on val.

    Parameters
    ----------
    recipe : Recipe
        With an ``[ensemble]`` section.
    train, val : StackSplit
    start : Layer or None
        A linear head on raw features that is corrected; None learns from nothing.

    Raises
    ------
    TrainingError
        When no setting gives finite weights.
    """
    section = recipe.ensemble
    if section is None:
        raise TrainingError(f"Recipe {recipe.id!r} must have a section [ensemble].")
    scale = Scale.of(train.features, train.widths)
    scaled = [StackSplit(scale.apply(s.features), s.targets, s.weights) for s in (train, val)]
    base = [_linear(split.features, start, split.targets.shape[1]) for split in (train, val)]
    truths, softmax = val.targets.astype(float), recipe.network.activation == "softmax"
    best: Head | None = None
    if start is not None:
        best = Head((start,), None, macro_auroc_of_logits(base[1], truths, softmax=softmax))
        logger.info("mean of the members' logits: val macro AUROC %.4f", best.score)
    for l2, dropout, rate in itertools.product(section.l2, section.dropout, section.learning_rate):
        layers = fit_dense(recipe, scaled[0], scaled[1], base, l2=l2, dropout=dropout, learning_rate=rate)
        layers = (Layer(*scale.fold(layers[0].kernel, layers[0].bias)), *layers[1:])
        if start is not None:
            layers = (Layer(layers[0].kernel + start.kernel, layers[0].bias + start.bias),)
        score = macro_auroc_of_logits(answers(layers, val.features, recipe), truths, softmax=softmax)
        logger.info("l2 %g, dropout %g, learning rate %g: val macro AUROC %.4f", l2, dropout, rate, score)
        if np.isfinite(layers[-1].kernel).all() and (best is None or score > best.score):
            best = Head(layers, Trial(l2, dropout, rate, score), score)
    if best is None:
        raise TrainingError(
            "The loss of the head must stay finite; it did not with any of the settings.",
            remedy="Lower `ensemble.learning_rate` in the recipe.",
        )
    return best


def fit_dense(
    recipe: Recipe,
    train: StackSplit,
    val: StackSplit,
    base: Sequence[Float64Array],
    *,
    l2: float,
    dropout: float,
    learning_rate: float,
) -> tuple[Layer, ...]:
    """Train dense layers whose answer is added to ``base``; stops on the val loss and keeps its best epoch.

    Parameters
    ----------
    recipe : Recipe
        For the loss, the hidden widths, the epochs and the patience.
    train, val : StackSplit
        Features as the layers get them.
    base : sequence of ndarray, of shapes (n, C) for train and for val
        Logits that are there already.
    l2, dropout, learning_rate : float
    """
    import keras

    keras.utils.set_random_seed(recipe.seed)
    plan, widths = recipe.fit, recipe.network.dense or []
    features = keras.Input((train.features.shape[1],), name="pooled")
    already = keras.Input((train.targets.shape[1],), name="already")
    penalty = keras.regularizers.L2(l2) if l2 else None
    x, dense = keras.layers.Dropout(dropout)(features), []
    for width in widths:
        dense.append(keras.layers.Dense(width, kernel_regularizer=penalty))
        x = keras.layers.Activation(recipe.network.hidden_activation or "relu")(dense[-1](x))
        x = keras.layers.Dropout(dropout)(x)
    # a correction begins at none
    last = keras.layers.Dense(
        train.targets.shape[1],
        kernel_initializer="glorot_uniform" if widths else "zeros",
        kernel_regularizer=penalty,
    )
    model = keras.Model([features, already], keras.layers.Add()([last(x), already]))
    model.compile(keras.optimizers.Adam(learning_rate), make_loss(recipe, train.targets))
    model.fit(
        [train.features, base[0].astype(np.float32)],
        train.targets,
        sample_weight=train.weights,
        validation_data=([val.features, base[1].astype(np.float32)], val.targets, val.weights),
        batch_size=plan.batch_size,
        epochs=plan.head_epochs,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping("val_loss", patience=plan.patience, restore_best_weights=True),
            keras.callbacks.TerminateOnNaN(),
        ],
    )
    return tuple(
        Layer(*(np.asarray(array, dtype=np.float64) for array in layer.get_weights()))
        for layer in (*dense, last)
    )


def _linear(features: Float32Array, layer: Layer | None, labels: int) -> Float64Array:
    if layer is None:
        return np.zeros((len(features), labels))
    return np.asarray(features @ layer.kernel + layer.bias)


def answers(layers: Sequence[Layer], features: NDArray[Any], recipe: Recipe) -> Float64Array:
    """Logits of dense layers on features.

    Returns
    -------
    ndarray of float64, shape (n, C)
    """
    import keras

    activation = keras.activations.get(recipe.network.hidden_activation or "relu")
    values = features @ layers[0].kernel + layers[0].bias
    for layer in layers[1:]:
        hidden = np.asarray(keras.ops.convert_to_numpy(activation(values.astype(np.float32))))
        values = hidden @ layer.kernel + layer.bias
    return np.asarray(values, dtype=np.float64)
