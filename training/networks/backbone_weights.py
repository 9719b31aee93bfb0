"""Backbone weights taken out of a saved model, for where the published files cannot be downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cxr_dash.errors import TrainingError
from training.networks.registry import NETWORKS


def extract_backbone(saved: Path, name: str, target: Path) -> Path:
    """Write the weights of a backbone that a saved model contains, ready for ``--weights``.

    Whether the model's makers had left the backbone's weights as ImageNet made them is theirs to say: only a
    backbone that is frozen in the file is taken.

    Parameters
    ----------
    saved : Path
        A ``.keras`` file; loaded in safe mode, so that no code in it runs.
    name : str
        A network of ``keras.applications``, as the registry calls it.
    target : Path
        Must end in ``.weights.h5``.

    Returns
    -------
    Path
        ``target``.

    Raises
    ------
    TrainingError
        When the file cannot be read, or holds no frozen backbone of that shape.
    """
    import keras

    network = NETWORKS.get(name)
    if network is None or not network.application:
        known = ", ".join(key for key, value in NETWORKS.items() if value.application)
        raise TrainingError(f"`network` must be one of {known}; received {name!r}.")
    if not target.name.endswith(".weights.h5"):
        raise TrainingError(f"`out` must end in .weights.h5; received {target.name!r}.")
    if not saved.is_file():
        raise TrainingError(f"`model` must be a .keras file; there is none at {saved}.")
    try:
        model = keras.saving.load_model(saved, compile=False, safe_mode=True)
    except Exception as error:  # a broken archive, a custom object and a lambda all raise their own class
        raise TrainingError(f"{saved.name} must load in safe mode; received: {str(error)[:200]}") from error
    backbone = getattr(keras.applications, network.application)(
        include_top=False, weights=None, input_shape=(None, None, 3)
    )
    shapes = _shapes(backbone)
    found = [part for part in _models_of(model) if _shapes(part) == shapes]
    if not found:
        raise TrainingError(
            f"{saved.name} must contain {network.application} without its top; received a model with "
            f"{len(model.weights)} weights in {len(model.layers)} layers, none of them such a backbone."
        )
    if found[0].trainable_weights:
        raise TrainingError(
            f"The backbone must be frozen in {saved.name}; {len(found[0].trainable_weights)} of its weights "
            "can be trained, so that they need no longer be those of ImageNet."
        )
    backbone.set_weights(found[0].get_weights())
    target.parent.mkdir(parents=True, exist_ok=True)
    backbone.save_weights(target)
    return target


def _models_of(model: Any) -> list[Any]:
    """The model itself and every model nested in it."""
    import keras

    nested = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return [model, *(inner for layer in nested for inner in _models_of(layer))]


def _shapes(model: Any) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in model.weights]
