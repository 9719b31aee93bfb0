"""A finer last map: the last halving of a backbone left out, with the weights it was trained with.

A map of 14 x 14 cells instead of 7 x 7 shows twice as finely what a model looks at, and is still the map that
the logits are the mean of, so that Grad-CAM stays a closed form. On the boxed val films of ``findings`` the
same weights, not trained any further, point better so (see docs/measuring.md).
"""

from __future__ import annotations

from typing import Any

# the padding that only the stride needs, and the layer that strides
LAST_STRIDES = {
    "MobileNet": ("conv_pad_12", "conv_dw_12"),
    "MobileNetV2": ("block_13_pad", "block_13_depthwise"),
}


def without_last_stride(backbone: Any, application: str) -> Any:
    """The same backbone with its last stride of 2 made 1; the maps behind it are twice as wide and high.

    Parameters
    ----------
    backbone : keras.Model
        Of ``keras.applications``, with its weights; left as it is.
    application : str
        A key of :data:`LAST_STRIDES`.

    Returns
    -------
    keras.Model
        On the same input, with copies of the layers and of their weights.
    """
    import keras

    padding, strided = LAST_STRIDES[application]

    def copied(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name == padding:
            config["padding"] = ((0, 0), (0, 0))
        elif layer.name == strided:
            config |= {"strides": (1, 1), "padding": "same"}
        return type(layer).from_config(config)

    finer = keras.models.clone_model(backbone, input_tensors=backbone.input, clone_function=copied)
    finer.set_weights(backbone.get_weights())
    return finer
