"""The two phases of training, on cached features."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from cxr_dash.errors import TrainingError
from training.evaluation.metrics import macro_auroc
from training.fitting.callbacks import fit_callbacks, logged_scores
from training.fitting.data import feature_batches, logits_of, positive_weights
from training.fitting.runs import RunFolder
from training.networks import Parts
from training.recipe import Recipe

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class FitSplit:
    """Cached features of one split.

    Attributes
    ----------
    features : ndarray of float16, shape (copies, n, ...)
        What the frozen front makes of every copy of every film.
    targets : ndarray of float32, shape (n, C)
    weights : ndarray of float32, shape (n,)
        How much a film counts.
    """

    features: NDArray[np.float16]
    targets: Float32Array
    weights: Float32Array


def _loss(recipe: Recipe, targets: Float32Array) -> Any:
    """Cross-entropy on logits; for sigmoid models a positive answer weighs more where positives are rare."""
    import keras
    import tensorflow as tf

    if recipe.network.activation == "softmax":
        return keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.fit.label_smoothing
        )
    weights = tf.constant(positive_weights(targets, recipe.fit.max_positive_weight))
    smoothing = recipe.fit.label_smoothing

    def weighted_binary_crossentropy(truth: Any, logits: Any) -> Any:
        soft = truth * (1.0 - smoothing) + 0.5 * smoothing
        return tf.reduce_mean(tf.nn.weighted_cross_entropy_with_logits(soft, logits, weights), axis=-1)

    return weighted_binary_crossentropy


def fit_head(parts: Parts, recipe: Recipe, train: FitSplit, val: FitSplit) -> None:
    """Phase one: dropout and the linear layer alone, on pooled features; stops on the val loss.

    Raises
    ------
    TrainingError
        When the loss is not finite.
    """
    import keras

    plan = recipe.fit
    copies = [logits_of(parts.pool, copy, plan.batch_size).astype(np.float16) for copy in train.features]
    pooled = np.stack(copies)
    pooled_val = logits_of(parts.pool, val.features[0], plan.batch_size).astype(np.float16)[None]
    head = parts.head
    head.compile(keras.optimizers.Adam(plan.head_learning_rate), _loss(recipe, train.targets))
    stop = keras.callbacks.EarlyStopping("val_loss", patience=plan.patience, restore_best_weights=True)
    history = head.fit(
        feature_batches(pooled, train.targets, train.weights, plan.batch_size, recipe.seed),
        validation_data=feature_batches(pooled_val, val.targets, val.weights, plan.batch_size, None),
        shuffle=False,
        epochs=plan.head_epochs,
        callbacks=[stop, keras.callbacks.TerminateOnNaN()],
        verbose=0,
    )
    _check_finite(history.history["loss"])
    score = val_score(parts.tail, val, plan.batch_size)
    logger.info("head alone after %d epochs: val macro AUROC %.4f", len(history.history["loss"]), score)


def fine_tune(tail: Any, recipe: Recipe, train: FitSplit, val: FitSplit, run: RunFolder) -> int:
    """Phase two: every layer above the cut, stopped and kept by the macro AUROC on val.

    Returns
    -------
    int
        The best epoch, from 1, whose weights the model then has; 0 when none beat the head alone.

    Raises
    ------
    TrainingError
        When the loss is not finite.
    """
    import keras

    plan = recipe.fit
    if not run.best_weights.is_file():
        # fine-tuning has to beat the head alone
        tail.save_weights(run.best_weights)
    head_score = val_score(tail, val, plan.batch_size)
    optimizer = keras.optimizers.AdamW(
        plan.fine_tune_learning_rate,
        weight_decay=plan.weight_decay,
        clipnorm=1.0,
        use_ema=plan.ema_momentum > 0,
        ema_momentum=plan.ema_momentum or 0.99,
    )
    # a second model of the same layers is compiled: weights are kept and read back without an optimizer
    trained = keras.Model(tail.inputs[0], tail.outputs[0])
    trained.compile(optimizer, _loss(recipe, train.targets))
    history = trained.fit(
        feature_batches(train.features, train.targets, train.weights, plan.batch_size, recipe.seed),
        validation_data=feature_batches(val.features, val.targets, val.weights, plan.batch_size, None),
        shuffle=False,
        epochs=plan.fine_tune_epochs,
        verbose=0,
        callbacks=fit_callbacks(tail, plan, val.features[0], val.targets, run=run, head_score=head_score),
    )
    _check_finite(history.history.get("loss", []))
    tail.load_weights(run.best_weights)
    scores = logged_scores(run.log)
    best = max(scores, key=lambda epoch: scores[epoch], default=0)
    return best if scores.get(best, 0.0) > head_score else 0


def val_score(tail: Any, val: FitSplit, batch_size: int) -> float:
    """Macro AUROC of a model from the cut to the logits."""
    return macro_auroc(logits_of(tail, val.features[0], batch_size), val.targets.astype(float))


def _check_finite(losses: list[float]) -> None:
    if any(not math.isfinite(loss) for loss in losses):
        raise TrainingError(
            "The loss must stay finite; it became NaN or infinite.",
            remedy="Lower the learning rate in the recipe.",
        )
