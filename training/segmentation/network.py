"""A U-Net of MobileNetV2's inverted residuals and a light decoder; every operation is built into LiteRT."""

from __future__ import annotations

from typing import Any

from cxr_dash.errors import TrainingError
from training.networks.backbones import scaled_channels
from training.recipe.segmenter import SegmenterNetworkRecipe

LOGITS, PROBABILITY = "logits", "probability"

# where MobileNetV2 hands over a narrow map: at 1/32 of the film, then 1/16, 1/8, 1/4 and 1/2
_DEEPEST = "block_16_project_BN"
_SKIPS = ("block_12_add", "block_5_add", "block_2_add", "expanded_conv_project_BN")


def build_segmenter(recipe: SegmenterNetworkRecipe, *, height: int, width: int, weights: str | None) -> Any:
    """Make the network, from a film to the probability of lung at each of its pixels.

    Parameters
    ----------
    recipe : SegmenterNetworkRecipe
    height, width : int
        Of the film, multiples of 32.
    weights : str or None
        Encoder weights: a path, ``"imagenet"``, or None for random ones.

    Returns
    -------
    keras.Model
        ``(n, H, W, 1)`` grey levels 0-255 to ``(n, H, W, 1)`` between 0 and 1. The last layers are
        ``logits`` and ``probability``.

    Raises
    ------
    TrainingError
        When the weights cannot be read, or `frozen_until` names no layer of the encoder.
    """
    import keras

    film = keras.Input((height, width, 1), name="film")
    scaled = scaled_channels(film, "symmetric")
    try:
        encoder = keras.applications.MobileNetV2(
            input_tensor=scaled, input_shape=(height, width, 3), include_top=False, weights=weights
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
    half = keras.layers.Conv2D(1, 1, name="half_size_logits")(x)
    # an outline is smooth: drawn at half size and enlarged, it costs a quarter
    logits = keras.layers.UpSampling2D(2, interpolation="bilinear", name=LOGITS)(half)
    return keras.Model(film, keras.layers.Activation("sigmoid", name=PROBABILITY)(logits), name="lungs")


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
