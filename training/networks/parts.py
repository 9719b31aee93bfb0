"""A model cut in pieces that share its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cxr_dash.errors import TrainingError
from training.networks.heads import HEAD_CONVOLUTION


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A model cut in pieces that share its weights.

    Attributes
    ----------
    front : keras.Model or None
        From the film to the cut; None when the cut is at the film itself.
    pool : keras.Model
        From the cut to the embedding, or to the map that a head with convolutions reads.
    tail : keras.Model
        From the cut to the logits.
    head : keras.Model
        From there to the logits.
    mapped : keras.Model or None
        From the cut to the logits and the class maps (n, h, w, C) that they are the mean of; None unless the
        head is a global average and one dense layer behind the cut.
    """

    front: Any | None
    pool: Any
    tail: Any
    head: Any
    mapped: Any | None = None


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

    start = head_start(model)
    embedding, logits = model.get_layer(start).output, model.get_layer("logits").output
    if layer_name in ("embedding", start):
        pooled, answer = _head_of(model)
        return Parts(
            front=keras.Model(model.input, embedding),
            pool=keras.Model(pooled, keras.layers.Identity()(pooled)),
            tail=keras.Model(pooled, answer),
            head=keras.Model(pooled, answer),
        )
    try:
        cut = model.input if layer_name is None else model.get_layer(layer_name).output
        # both outputs in one go: Keras rebuilds the graph behind an inner tensor and does so only once
        both = keras.Model(cut, [embedding, logits, *_class_maps(model)])
    except ValueError as error:
        raise TrainingError(
            "`network.fine_tune_after` must name a layer that every path goes through; "
            f"received {layer_name!r}.",
            remedy="For MobileNetV2: block_3_project_BN, block_6_project_BN, block_10_project_BN; or give "
            "`network.unfreeze_from`, which finds the layer itself.",
        ) from error
    return Parts(
        front=None if layer_name is None else keras.Model(model.input, cut),
        pool=keras.Model(both.inputs[0], both.outputs[0]),
        tail=keras.Model(both.inputs[0], both.outputs[1]),
        head=keras.Model(*_head_of(model)),
        mapped=keras.Model(both.inputs[0], both.outputs[1:]) if len(both.outputs) > 2 else None,
    )


def _class_maps(model: Any) -> list[Any]:
    """The dense layer applied to every cell of the last map, when the head is its mean and that layer."""
    import keras

    names = [layer.name for layer in model.layers]
    embedding = model.get_layer("embedding")
    between = model.layers[names.index("embedding") + 1 : names.index("logits")]
    plain = all(type(layer) is keras.layers.Dropout for layer in between)
    if not plain or type(embedding) is not keras.layers.GlobalAveragePooling2D:
        return []
    return [model.get_layer("logits")(embedding.input)]


def head_start(model: Any) -> str:
    """The last layer that is no part of the head: the pooled features, or the map its convolutions read."""
    names = [layer.name for layer in model.layers]
    return names[names.index(HEAD_CONVOLUTION) - 1] if HEAD_CONVOLUTION in names else "embedding"


def _head_of(model: Any) -> tuple[Any, Any]:
    """New input of what the head reads, and the logits that the model's own layers make of it."""
    import keras

    start = head_start(model)
    pooled = keras.Input(model.get_layer(start).output.shape[1:], name="pooled")
    names = [layer.name for layer in model.layers]
    answer = pooled
    for layer in model.layers[names.index(start) + 1 : names.index("logits") + 1]:
        answer = layer(answer)
    return pooled, answer
