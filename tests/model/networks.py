"""Networks of every shape the explainer must cope with: small, seeded, their maps not trivial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Network:
    """How to build one, and what the explainer must find in it."""

    build: Callable[[], Any]
    method: str
    cam_layer: str
    cam_argument: str | None = None


def randomise_batch_norm(model: Any, seed: int = 0) -> None:
    """Give every batch normalisation, nested ones too, statistics that let the signal through and vary."""
    import keras

    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            randomise_batch_norm(layer, seed)
        if isinstance(layer, keras.layers.BatchNormalization):
            size = layer.gamma.shape[0]
            gamma, beta = rng.uniform(0.8, 1.6, size), rng.normal(0, 0.3, size)
            layer.set_weights([gamma, beta, rng.normal(0, 0.1, size), rng.uniform(0.05, 0.2, size)])


def small_sequential() -> Any:
    """Sequential, GAP + dense, softmax."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((48, 40, 1)),
            layers.Rescaling(1 / 127.5, offset=-1.0),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(12, 3, activation="relu", name="last_conv"),
            layers.Dropout(0.3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, name="logits"),
            layers.Activation("softmax"),
        ]
    )


def small_flatten() -> Any:
    """Functional, max pooling after the last convolution, flatten + dense, sigmoid."""
    import keras
    from keras import layers

    film = keras.Input((48, 40, 1))
    x = layers.Rescaling(1 / 255)(film)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    x = layers.MaxPooling2D(name="last_pool")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(16, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(4, name="logits")(x)
    return keras.Model(film, layers.Activation("sigmoid")(x))


def batch_norm_head() -> Any:
    """A sum made with ``+`` as the map, then GAP, batch norm, dense swish: no closed form."""
    import keras
    from keras import layers

    film = keras.Input((48, 40, 1))
    x = layers.Rescaling(1 / 255)(film)
    x = layers.Conv2D(8, 5, strides=4, activation="relu")(x)
    x = x + layers.Conv2D(8, 3, padding="same", activation="tanh")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dense(8, activation="swish")(x)
    x = layers.Dense(2, name="logits")(x)
    model = keras.Model(film, layers.Activation("softmax")(x))
    randomise_batch_norm(model)
    return model


def convolution_after_map() -> Any:
    """A map in the middle, with convolution, batch norm and ReLU6 after it and a branch around it."""
    import keras
    from keras import layers

    film = keras.Input((48, 40, 1))
    x = layers.Rescaling(1 / 255)(film)
    x = layers.Conv2D(8, 5, strides=4, name="middle")(x)
    beside = layers.Conv2D(6, 1)(layers.AveragePooling2D(4)(film))[:, 1:, 1:, :]
    x = layers.Conv2D(6, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(max_value=6.0)(x)
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, layers.Rescaling(1 / 255)(beside)]))
    x = layers.Dense(2, name="logits")(x)
    model = keras.Model(film, layers.Activation("softmax")(x))
    randomise_batch_norm(model)
    return model


def nested_twice() -> Any:
    """A Sequential inside a Functional inside a Sequential, whose layers share names with the outer ones."""
    import keras
    from keras import layers

    inner = keras.Sequential(
        [keras.Input((48, 40, 3)), layers.Rescaling(1.2, name="rescaling"), layers.Conv2D(6, 3, name="conv")],
        name="stem",
    )
    grey = keras.Input((48, 40, 1))
    x = layers.Concatenate()([grey, grey, grey])
    x = layers.ReLU(name="act")(inner(x))
    backbone = keras.Model(grey, layers.Conv2D(10, 3, activation="relu", name="conv")(x), name="backbone")
    return keras.Sequential(
        [
            keras.Input((48, 40, 1)),
            layers.Rescaling(1 / 255, name="rescaling"),
            backbone,
            layers.GlobalAveragePooling2D(),
            layers.Dense(7),
            layers.ReLU(),
            layers.Dense(5, activation="relu"),
            layers.Dense(3, name="logits"),
            layers.Activation("softmax"),
        ]
    )


def mobilenet(*, nested: bool, hidden: bool = False) -> Any:
    """MobileNetV2, nested as one layer or written out, with GAP + dense or a hidden ReLU layer."""
    import keras
    from keras import layers

    film = keras.Input((64, 64, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(film)
    x = layers.Concatenate()([x, x, x])
    if nested:
        base = keras.applications.MobileNetV2(
            include_top=False, weights=None, input_shape=(64, 64, 3), name="base"
        )
        x = base(x, training=False)
    else:
        x = keras.applications.MobileNetV2(include_top=False, weights=None, input_tensor=x).output
    x = layers.GlobalAveragePooling2D()(x)
    if hidden:
        x = layers.Dense(24, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(5, name="logits")(x)
    model = keras.Model(film, layers.Activation("softmax" if nested else "sigmoid")(x))
    randomise_batch_norm(model)
    return model


def densenet() -> Any:
    """DenseNet121 as one layer, 14 findings, sigmoid."""
    import keras
    from keras import layers

    film = keras.Input((64, 64, 1))
    x = layers.Concatenate()([layers.Rescaling(1 / 255)(film)] * 3)
    x = keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(64, 64, 3))(x)
    x = layers.Dense(14, name="logits")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(film, layers.Activation("sigmoid")(x))
    randomise_batch_norm(model)
    return model


def vgg() -> Any:
    """VGG16 as one layer with its flatten + two hidden layers head, narrower."""
    import keras
    from keras import layers

    film = keras.Input((64, 64, 1))
    x = layers.Concatenate()([layers.Rescaling(1 / 127.5, offset=-1.0)(film)] * 3)
    x = keras.applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3), name="vgg16")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(64, activation="relu", name="fc1")(x)
    x = layers.Dense(64, activation="relu", name="fc2")(x)
    model = keras.Model(film, layers.Activation("softmax")(layers.Dense(3, name="logits")(x)))
    for layer in model.get_layer("vgg16").layers:
        if layer.weights:  # the default initialisation lets the signal of 13 layers die
            layer.kernel.assign(layer.kernel * 1.4)
    return model


NETWORKS = {
    "small_sequential": Network(small_sequential, "closed_form", "dropout"),
    "small_flatten": Network(small_flatten, "traced", "last_pool"),
    "batch_norm_head": Network(batch_norm_head, "traced", "add"),
    "convolution_after_map": Network(convolution_after_map, "traced", "middle", "middle"),
    "nested_twice": Network(nested_twice, "closed_form", "backbone/conv"),
    "mobilenet_nested": Network(lambda: mobilenet(nested=True), "closed_form", "base/out_relu"),
    "mobilenet_flat": Network(lambda: mobilenet(nested=False), "closed_form", "out_relu"),
    "mobilenet_hidden": Network(lambda: mobilenet(nested=True, hidden=True), "closed_form", "base/out_relu"),
    "densenet": Network(densenet, "closed_form", "densenet121/relu"),
    "vgg": Network(vgg, "traced", "vgg16/block5_pool"),
}
