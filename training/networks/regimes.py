"""Which layers of a network are trained, and how far its features can be computed once and kept."""

from __future__ import annotations

from typing import Any

from cxr_dash.errors import TrainingError
from training.networks.film_layers import LAYERS
from training.networks.heads import HEAD_CONVOLUTION

_OURS = ("film", *LAYERS, "three_channels", "scale")


def freeze_batch_norm(model: Any) -> None:
    """Keep the statistics and scales of a pre-trained backbone: small batches would only disturb them.

    The head's own are new and stay trainable.
    """
    import keras

    for layer in _before_head(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def choose_cut(
    model: Any, *, unfreeze_last: int | None = None, unfreeze_from: str | int | None = None
) -> str | None:
    """Freeze the first layers of a backbone and find where its frozen front can be cut off.

    The cut is the last layer before the first trained one that every path goes through; frozen layers
    between the two are computed in every epoch.

    Parameters
    ----------
    model : keras.Model
        Freshly built by :func:`training.networks.build_network`.
    unfreeze_last : int, optional
        How many of the backbone's last layers are trained; 0 trains the head only.
    unfreeze_from : str or int, optional
        First trained layer: its name, or its number in the network of ``keras.applications``, where 0 is
        the input (InceptionV3's usual 249).

    Returns
    -------
    str or None
        Name of the layer to cut behind: ``"embedding"`` when no layer of the backbone is trained, None
        for the film itself.

    Raises
    ------
    TrainingError
        When there is no such layer.
    """
    # numbered as in keras.applications: what this package puts before the backbone does not count
    before_head = _before_head(model)
    layers = [before_head[0], *(layer for layer in before_head if layer.name not in _OURS)]
    first = _first_trained(layers, unfreeze_last, unfreeze_from)
    for layer in before_head:
        if layer.name in _OURS or layer in layers[:first]:
            layer.trainable = False
    if first >= len(layers):
        return "embedding"
    position = before_head.index(layers[first])
    cut = before_head[max(place for place in _narrow_places(model) if place < position)]
    return None if cut is before_head[0] else str(cut.name)


def _first_trained(layers: list[Any], last: int | None, start: str | int | None) -> int:
    """Index of the first trained layer; the number of layers when there is none."""
    if last is not None:
        if last > len(layers) - 1:
            raise TrainingError(
                f"`network.unfreeze_last` must be at most {len(layers) - 1}, the layers of the backbone; "
                f"received {last}."
            )
        return len(layers) - last
    if isinstance(start, str):
        names = [layer.name for layer in layers]
        if start not in names[1:]:
            raise TrainingError(
                f"`network.unfreeze_from` must name a layer of the backbone; received {start!r}.",
                remedy=f"The last are {', '.join(names[-6:])}; `python -m training list` names good cuts.",
            )
        return names.index(start)
    if start is None or not 1 <= start < len(layers):
        raise TrainingError(
            f"`network.unfreeze_from` must be a layer's name or number, 1-{len(layers) - 1}; "
            f"received {start}."
        )
    return start


def _before_head(model: Any) -> list[Any]:
    """Layers up to the last feature map, in the order they run."""
    names = [layer.name for layer in model.layers]
    of_head = (HEAD_CONVOLUTION, "feature_dropout", "average_pool", "embedding")
    return list(model.layers[: min(names.index(name) for name in of_head if name in names)])


def _narrow_places(model: Any) -> list[int]:
    """Positions in ``model.layers`` of the layers that every path goes through."""
    import keras

    layers = model.layers
    producer = {id(layer.output): position for position, layer in enumerate(layers)}
    last_use = dict.fromkeys(range(len(layers)), -1)
    for position, layer in enumerate(layers):
        if not isinstance(layer, keras.layers.InputLayer):
            inputs = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
            for tensor in inputs:
                last_use[producer[id(tensor)]] = position
    narrow, reach = [], 0
    for position in range(len(layers)):
        # nothing made earlier is still waiting to be used behind this layer
        if reach <= position:
            narrow.append(position)
        reach = max(reach, last_use[position])
    return narrow
