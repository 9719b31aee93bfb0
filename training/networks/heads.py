"""What lies between the last feature map and the probabilities."""

from __future__ import annotations

from typing import Any

from training.networks.options import Plan

# the map that a head with convolutions of its own reads, and the layer that such a head begins with
HEAD_MAP, HEAD_CONVOLUTION = "head_map", "head_conv_0"


def add_head(features: Any, plan: Plan, *, labels: int, activation: str, dropout: float) -> Any:
    """Pooled features (``embedding``), hidden layers with dropout, ``logits`` and ``probabilities``.

    Parameters
    ----------
    features : KerasTensor, shape (n, h, w, d)
    plan : Plan
    labels : int
    activation : {"sigmoid", "softmax"}
    dropout : float, 0-1
        After each hidden layer where the plan has no own rates, or after the pooling when there is none.

    Returns
    -------
    KerasTensor, shape (n, labels)
    """
    import keras

    def penalty(weight: float) -> Any:
        return keras.regularizers.L2(weight) if weight else None

    features = _before_pooling(features, plan)
    if plan.pooling == "average":
        x = keras.layers.GlobalAveragePooling2D(name="embedding")(features)
    else:
        if plan.pool_size > 1:
            features = keras.layers.AveragePooling2D(plan.pool_size, name="average_pool")(features)
        x = keras.layers.Flatten(name="embedding")(features)
    rates = plan.hidden_dropout or (dropout,) * len(plan.dense) or (dropout,)
    for index, width in enumerate(plan.dense):
        kernel = penalty(plan.hidden_l2 or plan.l2)
        x = keras.layers.Dense(width, kernel_regularizer=kernel, name=f"dense_{index}")(x)
        if plan.batch_norm:
            x = keras.layers.BatchNormalization(name=f"dense_norm_{index}")(x)
        x = keras.layers.Activation(plan.hidden_activation, name=f"dense_activation_{index}")(x)
        if index < len(plan.dense) - 1:
            x = keras.layers.Dropout(rates[index], name=f"dropout_{index}")(x)
    x = keras.layers.Dropout(rates[-1], name="dropout")(x)
    logits = keras.layers.Dense(labels, kernel_regularizer=penalty(plan.l2), name="logits")(x)
    return keras.layers.Activation(activation, name="probabilities")(logits)


def _before_pooling(features: Any, plan: Plan) -> Any:
    """Convolutions that belong to the head, and dropout on the map."""
    import keras

    for index, filters in enumerate(plan.head_filters):
        features = keras.layers.Conv2D(filters, 3, name=f"head_conv_{index}")(features)
        features = keras.layers.Activation(plan.hidden_activation, name=f"head_activation_{index}")(features)
    if plan.head_filters:
        features = keras.layers.MaxPooling2D(name=HEAD_MAP)(features)
    if plan.feature_dropout:
        features = keras.layers.Dropout(plan.feature_dropout, name="feature_dropout")(features)
    return features
