"""Grad-CAM by Keras's own automatic differentiation: slow, plain, the reference for everything else.

Shares no computation with :mod:`cxr_dash.inference.runtime.gradcam`: the model itself runs, eagerly, while
two of its layers are overheard. TensorFlow is imported inside functions only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.inference.runtime.gradcam import LOGITS_LAYER


def autodiff_gradcam(model: Any, cam_layer: str, films: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Logits and Grad-CAM before ReLU by Keras's own forward pass and ``tf.GradientTape``.

    Parameters
    ----------
    model : keras.Model
    cam_layer : str
        Path of the layer, such as ``"mobilenetv2/out_relu"``.
    films : ndarray of float32, shape (n, H, W, 1)

    Returns
    -------
    logits : ndarray of float32, shape (n, C)
    cams : ndarray of float32, shape (n, C, h, w)
    """
    import tensorflow as tf

    all_logits, all_cams = [], []
    for film in films:
        # only what follows the map is recorded: the backbone's gradient is not needed
        with (
            tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape,
            _overheard(_layer_at(model, cam_layer), tape.watch) as maps,
            _overheard(_layer_at(model, LOGITS_LAYER)) as logits,
        ):
            model(tf.constant(film[None]), training=False)
            of_each_class = tf.unstack(logits[-1][0])
        gradients = [tape.gradient(logit, maps[-1])[0] for logit in of_each_class]
        weights = tf.reduce_mean(tf.stack(gradients), axis=(1, 2))
        all_cams.append(tf.einsum("hwk,ck->chw", maps[-1][0], weights).numpy())
        all_logits.append(logits[-1][0].numpy())
    return np.stack(all_logits).astype(np.float32), np.stack(all_cams).astype(np.float32)


def _layer_at(model: Any, path: str) -> Any:
    """A layer or operation by its path through nested models."""
    *parents, name = path.split("/")
    for parent in parents:
        model = model.get_layer(parent)
    operations = getattr(model, "operations", None) or model.layers
    return next(operation for operation in operations if operation.name == name)


@contextmanager
def _overheard(layer: Any, listener: Callable[[Any], None] | None = None) -> Iterator[list[Any]]:
    """Within it, everything a layer puts out is also appended to the list, after ``listener`` got it."""
    original, heard = layer.call, []

    def call(*args: Any, **kwargs: Any) -> Any:
        output = original(*args, **kwargs)
        if listener is not None:
            listener(output)
        heard.append(output)
        return output

    layer.call = call
    try:
        yield heard
    finally:
        layer.call = original
