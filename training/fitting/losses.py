"""What training makes small: a loss on logits, for the activation and the entries of a recipe."""

from __future__ import annotations

from typing import Any

from cxr_dash.domain import Float32Array
from training.fitting.data import positive_weights
from training.recipe import Recipe


def make_loss(recipe: Recipe, targets: Float32Array) -> Any:
    """The recipe's loss; each film's own weight is applied by Keras.

    Parameters
    ----------
    recipe : Recipe
        ``fit.loss`` None is cross-entropy, categorical for softmax and binary for sigmoid.
    targets : ndarray of float32, shape (n, C)
        Truths of the train films: for sigmoid models a positive answer weighs more where positives are
        rare.

    Returns
    -------
    callable
        ``(truths (n, C), logits (n, C)) -> loss (n,)``
    """
    import keras

    plan = recipe.fit
    if recipe.network.activation == "sigmoid":
        return _of_labels(recipe, positive_weights(targets, plan.max_positive_weight))
    if plan.loss == "focal":
        return keras.losses.CategoricalFocalCrossentropy(
            # alpha would be one factor for all: classes are weighed by film weights
            alpha=1.0,
            gamma=plan.focal_gamma,
            from_logits=True,
            label_smoothing=plan.label_smoothing,
        )
    if plan.loss == "mse":
        return _squared_error_of_classes(plan.label_smoothing)
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=plan.label_smoothing)


def _squared_error_of_classes(smoothing: float) -> Any:
    """Mean squared difference of the softmax from the truth (Brier's score, divided by the classes)."""
    from keras import ops

    def squared_error(truth: Any, logits: Any) -> Any:
        soft = truth * (1.0 - smoothing) + smoothing / truth.shape[-1]
        return ops.mean(ops.square(ops.softmax(logits) - soft), axis=-1)

    return squared_error


def _of_labels(recipe: Recipe, positives: Float32Array) -> Any:
    """Losses of sigmoid models: every label for itself, positive answers weighed, then the mean."""
    from keras import ops

    plan = recipe.fit
    smoothing, weights = plan.label_smoothing, ops.convert_to_tensor(positives)

    def weighted_binary_crossentropy(truth: Any, logits: Any) -> Any:
        return ops.mean(cross_entropy(soften(truth), logits), axis=-1)

    def weighted_squared_error(truth: Any, logits: Any) -> Any:
        error = ops.square(ops.sigmoid(logits) - soften(truth))
        return ops.mean((1.0 + (weights - 1.0) * truth) * error, axis=-1)

    def weighted_focal(truth: Any, logits: Any) -> Any:
        """Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, equation 5."""
        probability = ops.sigmoid(logits)
        missing = truth * (1.0 - probability) + (1.0 - truth) * probability
        loss = ops.power(missing, plan.focal_gamma) * cross_entropy(soften(truth), logits)
        if plan.focal_alpha is not None:
            loss = loss * (truth * plan.focal_alpha + (1.0 - truth) * (1.0 - plan.focal_alpha))
        return ops.mean(loss, axis=-1)

    def soften(truth: Any) -> Any:
        return truth * (1.0 - smoothing) + 0.5 * smoothing

    def cross_entropy(truth: Any, logits: Any) -> Any:
        # as tf.nn.weighted_cross_entropy_with_logits: finite for any logit
        factor = 1.0 + (weights - 1.0) * truth
        tail = ops.log1p(ops.exp(-ops.abs(logits))) + ops.relu(-logits)
        return (1.0 - truth) * logits + factor * tail

    named = {"mse": weighted_squared_error, "focal": weighted_focal}
    return named.get(plan.loss or "", weighted_binary_crossentropy)


def make_accuracy(recipe: Recipe) -> Any:
    """The share of right answers, on logits, as columns ``accuracy`` and ``val_accuracy`` of a log.

    With softmax: films whose largest logit is the true class. With sigmoid: the mean over films and labels
    of answers on the right side of probability 0.5, logit 0. Films are not weighed.
    """
    import keras

    if recipe.network.activation == "softmax":
        return keras.metrics.CategoricalAccuracy(name="accuracy")
    return keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)
