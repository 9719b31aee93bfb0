"""The feature maps of a model: naming them, choosing some, and computing them for films."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.errors import TrainingError
from cxr_dash.inference.runtime.graph import FlatGraph, Step, flatten_model

DEFAULT_LAYERS = 4

# Layers that only put a frame around a map, or cut one off: their grid is no resolution of its own.
_FRAMES = ("ZeroPadding2D", "Cropping2D")

Front = Callable[[Float32Array], list[Float32Array]]


def open_graph(path: Any) -> FlatGraph:
    """A saved Keras model as a flat list of steps; what is nested in it is written out.

    Raises
    ------
    BundleError
        When it is not a functional or sequential model of one film.
    """
    import keras

    return flatten_model(keras.saving.load_model(path, compile=False, safe_mode=True))


def map_steps(graph: FlatGraph) -> list[Step]:
    """The steps that make a feature map (n, h, w, k) of more than one cell, in order."""
    return [step for step in graph.steps if step.feature_map is not None]


def choose_layers(graph: FlatGraph, names: Sequence[str] = ()) -> list[Step]:
    """The named feature maps; without names a few, spread over the depth.

    By default the last map of every resolution, after the first layer with weights; of more than four
    resolutions four are taken evenly, the coarsest always.

    Parameters
    ----------
    graph : FlatGraph
    names : sequence of str
        Names, or paths (``"backbone/out_relu"``).

    Raises
    ------
    TrainingError
        For an unknown layer; the message lists the layers there are.
    """
    steps = map_steps(graph)
    if not names:
        return _spread(steps)
    chosen = []
    for name in names:
        found = [step for step in steps if name in (step.path, step.name)]
        if not found:
            raise TrainingError(
                f"`layer` must be a layer with a feature map; received {name!r}.",
                remedy=f"There are: {', '.join(step.path for step in steps)}.",
            )
        chosen.append(found[-1])
    return chosen


def _spread(steps: Sequence[Step]) -> list[Step]:
    learned = next((i for i, step in enumerate(steps) if getattr(step.operation, "weights", None)), 0)
    last = {
        tuple(step.feature_map.shape[1:3]): step
        for step in steps[learned:]
        if step.feature_map is not None and type(step.operation).__name__ not in _FRAMES
    }
    maps = list(last.values())
    rows = np.unique(np.linspace(0, len(maps) - 1, min(DEFAULT_LAYERS, len(maps))).round().astype(int))
    return [maps[row] for row in rows]


def front_of(graph: FlatGraph, chosen: Sequence[Step]) -> Front:
    """A function from prepared films (n, H, W, 1) to the maps of the chosen steps, each (n, h, w, k) float32.

    Only what leads to these maps runs.
    """
    import tensorflow as tf

    from cxr_dash.inference.runtime.graph import replay

    targets = [step.feature_map for step in chosen]
    needed = {id(step) for target in targets for step in graph.leading_to(target)}
    steps = [step for step in graph.steps if id(step) in needed]
    shape = (None, *graph.input.shape[1:])

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)], autograph=False)  # type: ignore[untyped-decorator]
    def maps(films: Any) -> list[Any]:
        known = replay(steps, {id(graph.input): films})
        return [known[id(target)] for target in targets]

    return lambda films: [np.asarray(found, dtype=np.float32) for found in maps(tf.constant(films))]
