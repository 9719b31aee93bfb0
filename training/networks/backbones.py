"""Networks of ``keras.applications`` on grey films, each with the scaling its weights were trained with."""

from __future__ import annotations

from functools import partial
from typing import Any

from training.networks.film_layers import normalised
from training.networks.network import Network, Scaling
from training.networks.stride import without_last_stride

# keras.applications' own constants, per channel in the order it feeds them: BGR for caffe, RGB for torch
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_TORCH_MEAN = (0.485, 0.456, 0.406)
_TORCH_DEVIATION = (0.229, 0.224, 0.225)


def scaled_channels(film: Any, scaling: Scaling) -> Any:
    """Three equal channels, scaled as the backbone's ImageNet weights expect.

    Parameters
    ----------
    film : KerasTensor, shape (n, H, W, 1), grey levels 0-255
    scaling : {"caffe", "torch", "symmetric", "own"}

    Returns
    -------
    KerasTensor, shape (n, H, W, 3)
        Equal to ``keras.applications.<family>.preprocess_input`` of the three channels.
    """
    import keras

    three = keras.layers.Concatenate(name="three_channels")([film, film, film])
    if scaling == "own":
        return three
    if scaling == "symmetric":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(three)
    if scaling == "caffe":
        # of equal channels, turning RGB into BGR is no work: only the order of the means tells
        offset = [-mean for mean in _CAFFE_MEAN]
        return keras.layers.Rescaling([1.0, 1.0, 1.0], offset=offset, name="scale")(three)
    pairs = list(zip(_TORCH_MEAN, _TORCH_DEVIATION, strict=True))
    scale = [1 / (255 * deviation) for _, deviation in pairs]
    return keras.layers.Rescaling(scale, offset=[-mean / dev for mean, dev in pairs], name="scale")(three)


def application_backbone(
    network: Network, film: Any, weights: str | None, *, last_stride: int = 2, normalisation: str = ""
) -> Any:
    """A backbone on a film, not nested in a model of its own.

    Parameters
    ----------
    network : Network
    film : KerasTensor, shape (n, H, W, 1), grey levels 0-255
    weights : str or None
        Path, ``"imagenet"``, or None.
    last_stride : {1, 2}
        1 leaves out the last halving, with the same weights: see :mod:`training.networks.stride`.
    normalisation : str
        Instead of what the weights were trained with; see :func:`training.networks.film_layers.normalised`.

    Returns
    -------
    keras.Model
        From the film to its last feature map.
    """
    import keras

    if normalisation:
        scaled = scaled_channels(normalised(film, normalisation), "own")
    else:
        scaled = scaled_channels(film, network.scaling)
    application = getattr(keras.applications, network.application)
    make = partial(application, input_shape=tuple(scaled.shape[1:]), include_top=False)
    # a layer that normalises films by all of them has weights, which no file of a backbone has a place for
    beside = normalisation == "featurewise" and weights is not None
    backbone = make(input_tensor=scaled, weights=None if beside else weights)
    if beside:
        _take_over(backbone, make(weights=weights))
    if weights not in (None, "imagenet") and network.application.startswith("EfficientNetB"):
        _correct_variance(backbone)
    if last_stride == 1:
        backbone = without_last_stride(backbone, network.application)
    return backbone


def _take_over(backbone: Any, loaded: Any) -> None:
    """Give a backbone the weights of one that begins with its input; layers of its own stand before it."""
    theirs = [layer for layer in loaded.layers if layer.weights]
    ours = [layer for layer in backbone.layers if layer.weights][-len(theirs) :]
    for layer, source in zip(ours, theirs, strict=True):
        layer.set_weights(source.get_weights())


def _correct_variance(backbone: Any) -> None:
    """Scale the input as ``weights="imagenet"`` does.

    The files hold the deviation where Keras's layer takes a variance. For ``"imagenet"`` Keras repairs that
    with a further layer, but not when the same file is given by its path.
    """
    import keras
    import numpy as np

    # the last: one that normalises films stands before it
    *_, layer = (layer for layer in backbone.layers if isinstance(layer, keras.layers.Normalization))
    mean, variance, count = layer.get_weights()
    layer.set_weights([mean, variance * np.asarray(_TORCH_DEVIATION, variance.dtype), count])
    layer.finalize_state()
