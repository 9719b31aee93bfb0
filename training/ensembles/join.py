"""The members' graphs copied into one: one film goes in, their last maps lie side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cxr_dash.inference.runtime.anatomy import Anatomy, take_apart
from cxr_dash.inference.runtime.graph import Step, replay
from training.ensembles.grids import area_matrix, back_matrix, on_grid
from training.recipe import FEATURES_LAYER


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Symbols of the joint graph.

    Attributes
    ----------
    film : KerasTensor, shape (n, H, W, 1)
    maps : tuple of KerasTensor, each of shape (n, h, w, k)
        Every member's last map, brought to the finest of their grids.
    features : KerasTensor, shape (n, h, w, K)
        The maps one after another along channels.
    logits : tuple of KerasTensor, each of shape (n, C)
        Each member's own, computed from its slice of ``features``.
    """

    film: Any
    maps: tuple[Any, ...]
    features: Any
    logits: tuple[Any, ...]


def join(models: Sequence[Any], cam_layers: Sequence[str | None], height: int, width: int) -> Joined:
    """Copy two or more models into one graph; the originals stay as they are.

    What follows the members' maps is computed from ``features`` alone, so that the gradient of a logit with
    respect to that one map is the whole of Grad-CAM.

    Parameters
    ----------
    models : sequence of keras.Model
    cam_layers : sequence of str or None
        Of each model; None takes its last feature map.
    height, width : int
        Size of the joint film, pixels; a member made for another size gets it resampled by area.
    """
    import keras

    parts = [take_apart(model, layer) for model, layer in zip(models, cam_layers, strict=True)]
    grid = tuple(max(int(part.map.shape[axis]) for part in parts) for axis in (1, 2))
    film = keras.Input((height, width, 1), name="film")
    copies = [_Copies(f"member{index}") for index in range(len(parts))]
    known, maps = [], []
    for part, copied in zip(parts, copies, strict=True):
        own_film = _resampled(film, tuple(part.film.shape[1:3]), f"{copied.name}.film")
        known.append(replay(copied.of(part.before), {id(part.film): own_film}))
        maps.append(_resampled(known[-1][id(part.map)], grid, f"{copied.name}.map"))
    features = keras.layers.Concatenate(axis=-1, name=FEATURES_LAYER)(maps)
    ends = np.cumsum([int(one.shape[-1]) for one in maps])
    slices = keras.ops.split(features, [int(end) for end in ends[:-1]], axis=-1)
    logits = []
    for part, copied, values, own in zip(parts, copies, known, slices, strict=True):
        own_map = _taken_back(own, part, copied.name)
        logits.append(replay(copied.of(part.head), {**values, id(part.map): own_map})[id(part.logits)])
        copied.take_weights()
    return Joined(film, tuple(maps), features, tuple(logits))


class _Copies:
    """Copies of a model's operations under names of their own; one that is called twice is copied once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._pairs: dict[int, tuple[Any, Any]] = {}

    def of(self, steps: Sequence[Step]) -> list[Step]:
        """The same steps with copied operations, not yet built."""
        return [replace(step, operation=self._copy(step)) for step in steps]

    def take_weights(self) -> None:
        """Give the copies, built by now, the weights of the originals; they are not trained any further."""
        for original, copy in self._pairs.values():
            if getattr(original, "weights", None):
                copy.set_weights(original.get_weights())
                copy.trainable = False
            if hasattr(copy, "finalize_state"):  # normalisation keeps values derived from its weights
                copy.finalize_state()

    def _copy(self, step: Step) -> Any:
        operation = step.operation
        if id(operation) not in self._pairs:
            config = operation.get_config() | {"name": f"{self.name}.{step.path.replace('/', '.')}"}
            self._pairs[id(operation)] = operation, type(operation).from_config(config)
        return self._pairs[id(operation)][1]


def _resampled(x: Any, size: tuple[int, ...], name: str) -> Any:
    """A film or map on a grid of another size; itself when it has that size."""
    source = tuple(int(side) for side in x.shape[1:3])
    if source == size:
        return x
    rows, columns = (area_matrix(old, new) for old, new in zip(source, size, strict=True))
    return on_grid(x, rows, columns, name)


def _taken_back(own: Any, part: Anatomy, name: str) -> Any:
    """A member's slice on the member's own grid, unless its head only needs the mean, which is the same."""
    import keras

    size = tuple(int(side) for side in part.map.shape[1:3])
    grid = tuple(int(side) for side in own.shape[1:3])
    pooled = all(
        type(step.operation) is keras.layers.GlobalAveragePooling2D
        for step in part.head
        if any(tensor is part.map for tensor in step.inputs)
    )
    if size == grid or pooled:
        return own
    rows, columns = (back_matrix(old, new) for old, new in zip(size, grid, strict=True))
    return on_grid(own, rows, columns, f"{name}.own_map")
