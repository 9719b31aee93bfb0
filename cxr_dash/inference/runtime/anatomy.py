"""A model taken apart for Grad-CAM: what leads to its feature map, and its head from there to the logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cxr_dash.errors import BundleError
from cxr_dash.inference.runtime.graph import FlatGraph, Step, flatten_model, following

LOGITS_LAYER = "logits"


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The steps of a model, sorted by whether they depend on its feature map.

    Attributes
    ----------
    film, map, logits : KerasTensor
        Symbols of the input, the feature map (n, h, w, k) and the logits (n, C).
    before, head : tuple of Step
        What the logits need: the head depends on the map, the rest does not or leads to it.
    cam_layer : str
        Path of the layer that makes the map.
    """

    film: Any
    map: Any
    logits: Any
    before: tuple[Step, ...]
    head: tuple[Step, ...]
    cam_layer: str


def take_apart(model: Any, cam_layer: str | None = None) -> Anatomy:
    """Find the feature map and the logits of a model.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, possibly with nested models; with a linear layer named ``logits``.
    cam_layer : str or None
        Name or path of the layer whose map is used; ``None`` takes the last feature map before the logits.

    Raises
    ------
    BundleError
        When there is no such layer, or no linear layer ``logits``.
    """
    graph = flatten_model(model)
    logits = _find_logits(graph).outputs[0]
    ancestors = graph.leading_to(logits)
    cam_step = _find_cam(ancestors, cam_layer)
    feature_map = cam_step.feature_map
    head = following(ancestors, feature_map)
    in_head = {id(step) for step in head}
    return Anatomy(
        film=graph.input,
        map=feature_map,
        logits=logits,
        before=tuple(step for step in ancestors if id(step) not in in_head),
        head=head,
        cam_layer=cam_step.path,
    )


def _find_logits(graph: FlatGraph) -> Step:
    """The step of the linear layer named ``logits``."""
    import keras

    found = [step for step in graph.steps if step.name == LOGITS_LAYER]
    if not found:
        raise BundleError(
            f"`model` must have a layer named {LOGITS_LAYER!r}; its last layers are "
            f"{[step.path for step in graph.steps[-4:]]}.",
            remedy="End it with Dense(classes, name='logits') and a separate Activation layer.",
        )
    step = found[-1]
    activation = getattr(step.operation, "activation", None)
    if activation not in (None, keras.activations.linear) or len(step.outputs[0].shape) != 2:
        raise BundleError(
            f"Layer {LOGITS_LAYER!r} must be linear with output (n, classes); received activation "
            f"{getattr(activation, '__name__', activation)!r} and output {tuple(step.outputs[0].shape)}.",
            remedy="Move softmax or sigmoid into an Activation layer of its own after it.",
        )
    return step


def _find_cam(ancestors: tuple[Step, ...], cam_layer: str | None) -> Step:
    """The last step with a feature map, or the named one."""
    candidates = [step for step in ancestors if step.feature_map is not None]
    if cam_layer is not None:
        candidates = [step for step in candidates if cam_layer in (step.path, step.name)]
    if not candidates:
        wanted = "a layer before the logits with" if cam_layer is None else f"{cam_layer!r} to be"
        raise BundleError(
            f"Grad-CAM needs {wanted} a feature map (n, h, w, channels) of more than one cell; "
            f"received a model of {len(ancestors)} layers without.",
            remedy="Name one of the model's own convolution, activation or pooling layers as `cam_layer`.",
        )
    return candidates[-1]
