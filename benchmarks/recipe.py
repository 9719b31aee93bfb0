"""Grad-CAM as the keras.io example has it ("Grad-CAM class activation visualization", F. Chollet).

Adapted only where Keras 3 and this model ask for it: the example drops the last layer's activation, here the
output of the layer ``logits`` is taken. The last convolution's layer is given by name, as in the example.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def build_grad_model(model: Any, last_conv_layer_name: str) -> Any:
    """The model that maps the input to the last convolution's output and to the predictions."""
    return keras.models.Model(
        model.inputs, [model.get_layer(last_conv_layer_name).output, model.get_layer("logits").output]
    )


def make_gradcam_heatmap(
    img_array: NDArray[np.float32], model: Any, last_conv_layer_name: str, pred_index: int
) -> NDArray[np.float32]:
    """The function of the example, line by line: it builds the gradient model at every call."""
    return gradcam_heatmap(img_array, build_grad_model(model, last_conv_layer_name), pred_index)


def gradcam_heatmap(img_array: NDArray[np.float32], grad_model: Any, pred_index: int) -> NDArray[np.float32]:
    """The rest of the example; shape (h, w), 0-1 of its own peak."""
    with tf.GradientTape() as tape:
        last_conv_layer_output, preds = grad_model(img_array)
        class_channel = preds[:, pred_index]
    grads = tape.gradient(class_channel, last_conv_layer_output)
    pooled_grads = tf.reduce_mean(grads, axis=(0, 1, 2))
    last_conv_layer_output = last_conv_layer_output[0]
    heatmap = last_conv_layer_output @ pooled_grads[..., tf.newaxis]
    heatmap = tf.squeeze(heatmap)
    heatmap = tf.maximum(heatmap, 0) / tf.math.reduce_max(heatmap)
    return np.asarray(heatmap.numpy(), dtype=np.float32)
