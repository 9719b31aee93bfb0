"""What lies between the last feature map and the probabilities."""

from __future__ import annotations

from typing import Any

from training.networks.options import Plan


def add_head(features: Any, plan: Plan, *, labels: int, activation: str, dropout: float) -> Any:
    """Pooled features (``embedding``), hidden layers with dropout, ``logits`` and ``probabilities``.

    Parameters
    ----------
    features : KerasTensor, shape (n, h, w, d)
    plan : Plan
    labels : int
    activation : {"sigmoid", "softmax"}
    dropout : float, 0-1
        After each hidden layer, or after the pooling when there is none.

    Returns
    -------
    KerasTensor, shape (n, labels)
    """
    import keras

    def penalty() -> Any:
        return keras.regularizers.L2(plan.l2) if plan.l2 else None

    if plan.pooling == "average":
        x = keras.layers.GlobalAveragePooling2D(name="embedding")(features)
    else:
        if plan.pool_size > 1:
            features = keras.layers.AveragePooling2D(plan.pool_size, name="average_pool")(features)
        x = keras.layers.Flatten(name="embedding")(features)
    for index, width in enumerate(plan.dense):
        x = keras.layers.Dense(width, kernel_regularizer=penalty(), name=f"dense_{index}")(x)
        if plan.batch_norm:
            x = keras.layers.BatchNormalization(name=f"dense_norm_{index}")(x)
        x = keras.layers.Activation(plan.hidden_activation, name=f"dense_activation_{index}")(x)
        if index < len(plan.dense) - 1:
            x = keras.layers.Dropout(dropout, name=f"dropout_{index}")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    logits = keras.layers.Dense(labels, kernel_regularizer=penalty(), name="logits")(x)
    return keras.layers.Activation(activation, name="probabilities")(logits)
