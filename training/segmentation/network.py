"""A U-Net of a light encoder and a light decoder; every operation is built into LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np

from cxr_dash.errors import TrainingError
from training.networks import NETWORKS
from training.networks.earlier import fill_by_name, is_earlier_model, load_earlier
from training.recipe.segmenter import SegmenterNetworkRecipe
from training.segmentation.encoders import ENCODERS, encoder_model

LOGITS, PROBABILITY = "logits", "probability"
_HALF_SIZE = "half_size_logits"
_POOLED = "embedding"  # what a classifier has and no segmenter


def build_segmenter(recipe: SegmenterNetworkRecipe, *, height: int, width: int, weights: str | None) -> Any:
    """Make the network, from a film to the probability of each structure at each of its pixels.

    Parameters
    ----------
    recipe : SegmenterNetworkRecipe
    height, width : int
        Of the film, multiples of 32.
    weights : str or None
        Encoder weights: a path, ``"imagenet"``, or None for random ones. Or the ``model.keras`` of an earlier
        segmenter of this shape, whose weights are taken over whole; a structure that it did not draw begins
        at random. Or that of a classifier on the same backbone, which the encoder then equals.

    Returns
    -------
    keras.Model
        ``(n, H, W, 1)`` grey levels 0-255 to ``(n, H, W, C)`` between 0 and 1. The last layers are
        ``logits`` and ``probability``.

    Raises
    ------
    TrainingError
        When the weights cannot be read, or `frozen_until` names no layer of the encoder.
    """
    import keras

    film = keras.Input((height, width, 1), name="film")
    earlier = load_earlier(weights) if weights is not None and is_earlier_model(weights) else None
    kind = ENCODERS[recipe.name]
    encoder = encoder_model(recipe.name, film, None if earlier else weights)
    _freeze(encoder, recipe)
    x = encoder.get_layer(kind.deepest).output
    for filters, skip in zip(recipe.decoder, kind.skips, strict=True):
        x = _step(x, encoder.get_layer(skip).output, filters)
    if recipe.dropout:
        x = keras.layers.SpatialDropout2D(recipe.dropout)(x)
    half = keras.layers.Conv2D(len(recipe.structures), 1, name=_HALF_SIZE)(x)
    # an outline is smooth: drawn at half size and enlarged, it costs a quarter
    logits = keras.layers.UpSampling2D(2, interpolation="bilinear", name=LOGITS)(half)
    model = keras.Model(film, keras.layers.Activation("sigmoid", name=PROBABILITY)(logits), name="lungs")
    if earlier and _POOLED in [layer.name for layer in earlier.layers]:
        fill_by_name([layer for layer in encoder.layers if layer.weights], earlier, recipe.name)
    elif earlier:
        _take_over(model, earlier)
    return model


def _take_over(model: Any, earlier: Any) -> None:
    """Give every layer the weights of the same place in an earlier segmenter."""
    # names of layers count what was built before in the process; their order does not
    ours, theirs = ([layer for layer in one.layers if layer.weights] for one in (model, earlier))
    for layer, source in zip(ours, theirs, strict=False):
        known = source.get_weights()
        if layer.name == _HALF_SIZE:
            known = [_widened(*pair) for pair in zip(known, layer.get_weights(), strict=True)]
        wanted, given = ([tuple(value.shape) for value in one] for one in (layer.weights, known))
        if wanted != given or len(ours) != len(theirs):
            raise TrainingError(
                f"`weights` must be a segmenter of the same shape: layer {layer.name!r} must have weights of "
                f"the shapes {wanted}; received {given}."
            )
        layer.set_weights(known)


def _widened(known: Any, fresh: Any) -> Any:
    """What is known of the first channels, on the last axis; as it was made for the others."""
    return np.concatenate([known, fresh[..., known.shape[-1] :]], axis=-1)


def _freeze(encoder: Any, recipe: SegmenterNetworkRecipe) -> None:
    import keras

    names = [layer.name for layer in encoder.layers]
    if recipe.frozen_until is not None:
        if recipe.frozen_until not in names:
            raise TrainingError(
                f"`network.frozen_until` must name a layer of {NETWORKS[recipe.name].application}; received "
                f"{recipe.frozen_until!r}."
            )
        for layer in encoder.layers[: names.index(recipe.frozen_until) + 1]:
            layer.trainable = False
    if recipe.encoder_batch_norm == "frozen":
        for layer in encoder.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


def _step(x: Any, skip: Any, filters: int) -> Any:
    """As large as what the encoder saw there, joined with it, and looked at twice."""
    from keras import layers

    if x.shape[1:3] != skip.shape[1:3]:
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Concatenate()([x, skip])
    for _ in range(2):
        x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.97)(x))
    return x
