"""A U-Net of MobileNetV2's inverted residuals and a light decoder; every operation is built into LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np

from cxr_dash.errors import TrainingError
from training.networks.backbones import scaled_channels
from training.networks.earlier import is_earlier_model, load_earlier
from training.recipe.segmenter import SegmenterNetworkRecipe

LOGITS, PROBABILITY = "logits", "probability"
_HALF_SIZE = "half_size_logits"

# where MobileNetV2 hands over a narrow map: at 1/32 of the film, then 1/16, 1/8, 1/4 and 1/2
_DEEPEST = "block_16_project_BN"
_SKIPS = ("block_12_add", "block_5_add", "block_2_add", "expanded_conv_project_BN")


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
        at random.

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
    scaled = scaled_channels(film, "symmetric")
    earlier = weights if is_earlier_model(weights) else None
    try:
        encoder = keras.applications.MobileNetV2(
            input_tensor=scaled,
            input_shape=(height, width, 3),
            include_top=False,
            weights=None if earlier else weights,
        )
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"`weights` must be MobileNetV2's without the top; received {weights!r}: {str(error)[:200]}"
        ) from error
    _freeze(encoder, recipe)
    x = encoder.get_layer(_DEEPEST).output
    for filters, skip in zip(recipe.decoder, _SKIPS, strict=True):
        x = _step(x, encoder.get_layer(skip).output, filters)
    if recipe.dropout:
        x = keras.layers.SpatialDropout2D(recipe.dropout)(x)
    half = keras.layers.Conv2D(len(recipe.structures), 1, name=_HALF_SIZE)(x)
    # an outline is smooth: drawn at half size and enlarged, it costs a quarter
    logits = keras.layers.UpSampling2D(2, interpolation="bilinear", name=LOGITS)(half)
    model = keras.Model(film, keras.layers.Activation("sigmoid", name=PROBABILITY)(logits), name="lungs")
    if earlier:
        _take_over(model, earlier)
    return model


def _take_over(model: Any, saved: str) -> None:
    """Give every layer the weights of the same place in a saved segmenter."""
    earlier = load_earlier(saved)
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
                f"`network.frozen_until` must name a layer of MobileNetV2; received {recipe.frozen_until!r}."
            )
        for layer in encoder.layers[: names.index(recipe.frozen_until) + 1]:
            layer.trainable = False
    if recipe.encoder_batch_norm == "frozen":
        for layer in encoder.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


def _step(x: Any, skip: Any, filters: int) -> Any:
    """Twice as large, joined with what the encoder saw at that size, and looked at twice."""
    from keras import layers

    x = layers.Concatenate()([layers.UpSampling2D(2, interpolation="bilinear")(x), skip])
    for _ in range(2):
        x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.97)(x))
    return x
