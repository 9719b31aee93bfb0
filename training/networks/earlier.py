"""A backbone's weights taken from an earlier run of this package: pre-training, then training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cxr_dash.errors import TrainingError

SAVED_MODEL = ".keras"


def is_earlier_model(weights: str | None) -> bool:
    """Whether ``--weights`` names a saved model rather than a file of bare weights."""
    return weights is not None and weights.endswith(SAVED_MODEL)


def load_earlier(saved: str) -> Any:
    """A saved model of a run, loaded in safe mode, so that no code in it runs.

    Raises
    ------
    TrainingError
        When the file cannot be read.
    """
    import keras

    try:
        return keras.saving.load_model(saved, compile=False, safe_mode=True)
    except Exception as error:  # a broken archive, a custom object and a lambda all raise their own class
        raise TrainingError(
            f"`weights` must be a saved model that loads in safe mode; received {Path(saved).name}: "
            f"{str(error)[:200]}"
        ) from error


def take_over(model: Any, saved: str) -> None:
    """Give a network the weights of a saved model's layers of the same name, its head left out.

    Parameters
    ----------
    model : keras.Model
        Freshly built; its layers before ``embedding`` are overwritten.
    saved : str
        A ``model.keras`` of a run; loaded in safe mode, so that no code in it runs.

    Raises
    ------
    TrainingError
        When the file cannot be read, or a layer is missing in it or has another shape.
    """
    fill_by_name(_backbone_of(model), load_earlier(saved), model.name)


def fill_by_name(layers: Sequence[Any], earlier: Any, network: str) -> None:
    """Give layers the weights of the layers of the same name.

    Parameters
    ----------
    layers : sequence of keras.Layer
        Overwritten.
    earlier : keras.Model
    network : str
        What it must be a run of, for the message.

    Raises
    ------
    TrainingError
        When a layer is missing in it or has another shape.
    """
    known = {layer.name: layer for layer in earlier.layers}
    for layer in layers:
        source = known.get(layer.name)
        expected = [tuple(weight.shape) for weight in layer.weights]
        received = [tuple(weight.shape) for weight in source.weights] if source is not None else None
        if source is None or received != expected:
            raise TrainingError(
                f"`weights` must be a model of the same backbone: layer {layer.name!r} must have weights of "
                f"the shapes {expected}; received {received}.",
                remedy=f"Pass the model.keras of a run of {network}.",
            )
        layer.set_weights(source.get_weights())


def _backbone_of(model: Any) -> list[Any]:
    """Layers with weights before the pooled features."""
    names = [layer.name for layer in model.layers]
    return [layer for layer in model.layers[: names.index("embedding")] if layer.weights]


def weights_name(weights: str | None) -> str:
    """What a record calls the weights a run began with: the file, and for an earlier run's model its folder.

    The path is left out: a file may be moved.
    """
    if weights is None:
        return ""
    path = Path(weights)
    return f"{path.parent.name}/{path.name}" if is_earlier_model(weights) else path.name
