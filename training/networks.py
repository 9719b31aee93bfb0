"""The networks a recipe may name.

Each takes float32 ``(n, H, W, 1)``, grey levels 0-255, and scales and replicates channels inside, with
built-in layers only, so that ``safe_mode=True`` loads it. Backbones are not nested. Each ends in global
average pooling (``embedding``), dropout, a linear layer ``logits`` and the activation.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_dash.errors import TrainingError

Backbone = Callable[[Any, str | None], Any]


@dataclass(frozen=True, slots=True)
class Network:
    """A registered network.

    Attributes
    ----------
    name : str
    description : str
    backbone : callable
        From the one-channel input tensor and the weights to the last feature map.
    pretrained : bool
        Whether it expects weights.
    """

    name: str
    description: str
    backbone: Backbone
    pretrained: bool


def _mobilenet_v2(inputs: Any, weights: str | None) -> Any:
    import keras

    three = keras.layers.Concatenate(name="three_channels")([inputs, inputs, inputs])
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(three)
    shape = tuple(scaled.shape[1:])
    return keras.applications.MobileNetV2(
        input_tensor=scaled, input_shape=shape, include_top=False, weights=weights
    ).output


def _small_cnn(inputs: Any, weights: str | None) -> Any:
    if weights is not None:
        raise TrainingError(
            f"small_cnn must start from random weights; received weights={weights!r}.",
            remedy="Leave --weights out.",
        )
    import keras

    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(inputs)
    for block, filters in enumerate((16, 32, 64)):
        x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv_{block}")(x)
        x = keras.layers.BatchNormalization(name=f"norm_{block}")(x)
        x = keras.layers.ReLU(name=f"relu_{block}")(x)
        if block < 2:
            x = keras.layers.MaxPooling2D(name=f"pool_{block}")(x)
    return x


NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        Network(
            "mobilenet_v2", "MobileNetV2 1.0, 2.3 M weights, from ImageNet", _mobilenet_v2, pretrained=True
        ),
        Network("small_cnn", "three convolutions, from scratch: for tests and smoke runs", _small_cnn, False),
    )
}


def build_network(
    name: str, *, height: int, width: int, labels: int, activation: str, dropout: float, weights: str | None
) -> Any:
    """Build an untrained head on a (pre-trained) backbone.

    Parameters
    ----------
    name : str
        A key of :data:`NETWORKS`.
    height, width : int
        Input size, pixels.
    labels : int
        Number of logits.
    activation : {"sigmoid", "softmax"}
    dropout : float, 0-1
    weights : str or None
        Path of backbone weights without the top, ``"imagenet"`` to download them, or None for random ones.

    Returns
    -------
    keras.Model

    Raises
    ------
    TrainingError
        When the network is unknown, or the weights are missing, do not fit or cannot be downloaded.
    """
    import keras

    if name not in NETWORKS:
        raise TrainingError(f"`network.name` must be one of {', '.join(NETWORKS)}; received {name!r}.")
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise TrainingError(
            f"`weights` must be 'imagenet' or the path of a weights file; received {weights!r}.",
            remedy="Download the weights file for keras.applications (without the top) and pass its path.",
        )
    inputs = keras.Input((height, width, 1), name="film")
    try:
        with warnings.catch_warnings():
            # Keras only warns when a file has no weights for a layer, which then keeps its random ones
            warnings.filterwarnings("error", message="Skipping")
            features = NETWORKS[name].backbone(inputs, weights)
    except TrainingError:
        raise
    except Exception as error:  # a failed download is a bare Exception in Keras
        raise TrainingError(
            f"The weights for {name} must load; received: {str(error)[:200]}.",
            remedy="Pass --weights with the path of a weights file of this network without its top, "
            "downloaded elsewhere if need be.",
        ) from error
    pooled = keras.layers.GlobalAveragePooling2D(name="embedding")(features)
    dropped = keras.layers.Dropout(dropout, name="dropout")(pooled)
    logits = keras.layers.Dense(labels, name="logits")(dropped)
    outputs = keras.layers.Activation(activation, name="probabilities")(logits)
    return keras.Model(inputs, outputs, name=name)


def freeze_batch_norm(model: Any) -> None:
    """Keep the statistics and scales of a pre-trained backbone: small batches would only disturb them."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A model cut in pieces that share its weights.

    Attributes
    ----------
    front : keras.Model or None
        From the film to the cut; None when the cut is at the film itself.
    pool : keras.Model
        From the cut to the embedding.
    tail : keras.Model
        From the cut to the logits.
    head : keras.Model
        From the embedding to the logits.
    """

    front: Any | None
    pool: Any
    tail: Any
    head: Any


def split_at(model: Any, layer_name: str | None) -> Parts:
    """Cut a model behind a layer, so that what lies before it need not be computed again and again.

    Parameters
    ----------
    model : keras.Model
    layer_name : str or None
        The last layer of the front; None cuts at the film.

    Raises
    ------
    TrainingError
        When there is no such layer, or other paths lead around it.
    """
    import keras

    embedding, logits = model.get_layer("embedding").output, model.get_layer("logits").output
    try:
        cut = model.input if layer_name is None else model.get_layer(layer_name).output
        # both outputs in one go: Keras rebuilds the graph behind an inner tensor and does so only once
        both = keras.Model(cut, [embedding, logits])
    except ValueError as error:
        raise TrainingError(
            "`network.fine_tune_after` must name a layer that every path goes through; "
            f"received {layer_name!r}.",
            remedy="For MobileNetV2: block_3_project_BN, block_6_project_BN, block_10_project_BN.",
        ) from error
    pooled = keras.Input(embedding.shape[1:], name="pooled")
    head = keras.Model(pooled, model.get_layer("logits")(model.get_layer("dropout")(pooled)))
    return Parts(
        front=None if layer_name is None else keras.Model(model.input, cut),
        pool=keras.Model(both.inputs[0], both.outputs[0]),
        tail=keras.Model(both.inputs[0], both.outputs[1]),
        head=head,
    )
