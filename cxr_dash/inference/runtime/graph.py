"""A Keras model as one flat list of steps, with every nested model written out.

``keras.Model(model.inputs, [inner.output, model.output])``, the usual way to reach a feature map, raises
"graph disconnected" as soon as the map lies inside a backbone that is used as a layer. Here the graph is
walked once with symbolic tensors instead; the steps can then be replayed on real tensors, whole or in part.
The model itself is never changed. Keras and TensorFlow are imported inside functions only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cxr_dash.errors import BundleError


@dataclass(frozen=True, eq=False)
class Step:
    """One call of one operation.

    Attributes
    ----------
    operation : keras.Operation
        A layer, or an operation such as an addition.
    path : str
        Its name, after the names of the models it is nested in: ``"mobilenetv2/out_relu"``.
    args, kwargs
        What it is called with; symbolic tensors stand for the outputs of earlier steps.
    inputs, outputs : tuple of KerasTensor
        The symbolic tensors it needs and makes.
    """

    operation: Any
    path: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The operation's own name."""
        return str(self.operation.name)

    @property
    def feature_map(self) -> Any | None:
        """Its output when that is one picture-like tensor ``(n, h, w, k)``, more than one cell large."""
        if len(self.outputs) != 1 or len(self.outputs[0].shape) != 4:
            return None
        _, height, width, _ = self.outputs[0].shape
        return self.outputs[0] if height and width and height * width > 1 else None


@dataclass(frozen=True, eq=False)
class FlatGraph:
    """A model's steps in an order in which they can run.

    Attributes
    ----------
    input : KerasTensor
        Shape ``(None, H, W, channels)``.
    steps : tuple of Step
    """

    input: Any
    steps: tuple[Step, ...]

    def leading_to(self, target: Any) -> tuple[Step, ...]:
        """The steps that a symbolic tensor depends on, in order."""
        needed, kept = {id(target)}, []
        for step in reversed(self.steps):
            if any(id(tensor) in needed for tensor in step.outputs):
                needed |= {id(tensor) for tensor in step.inputs}
                kept.append(step)
        return tuple(reversed(kept))


def following(steps: Iterable[Step], source: Any) -> tuple[Step, ...]:
    """Those of ``steps`` that depend on a symbolic tensor, in order."""
    reached, kept = {id(source)}, []
    for step in steps:
        if any(id(tensor) in reached for tensor in step.inputs):
            reached |= {id(tensor) for tensor in step.outputs}
            kept.append(step)
    return tuple(kept)


def flatten_model(model: Any) -> FlatGraph:
    """Write a functional or sequential Keras model out as a flat list of steps.

    Parameters
    ----------
    model : keras.Model
        One input of a fixed size. Functional and Sequential models nested inside are written out too;
        a subclassed model nested inside stays one step.

    Raises
    ------
    BundleError
        When the model is subclassed (its graph cannot be seen), or has several inputs or no fixed input size.
    """
    import keras

    graph = _as_function(model)
    if graph is None:
        raise BundleError(
            f"`model` must be a built Functional or Sequential Keras model; received {type(model).__name__}.",
            remedy="Build it with keras.Model(inputs, outputs) or keras.Sequential with an Input.",
        )
    shapes = [tuple(tensor.shape) for tensor in graph.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or None in shapes[0][1:]:
        raise BundleError(
            f"`model` must have one input of fixed size (None, height, width, channels); received {shapes}.",
            remedy="Give the model's Input layer a full shape.",
        )
    steps: list[Step] = []
    symbol = keras.KerasTensor((None, *shapes[0][1:]), dtype=graph.inputs[0].dtype)
    _record(graph, [symbol], "", steps)
    return FlatGraph(input=symbol, steps=tuple(steps))


def replay(steps: Iterable[Step], values: Mapping[int, Any]) -> dict[int, Any]:
    """Run steps on real tensors, in inference mode.

    Parameters
    ----------
    steps : iterable of Step
        In order.
    values : mapping of int to tensor
        Known tensors by the ``id`` of their symbol.

    Returns
    -------
    dict of int to tensor
        ``values`` and every output, by the ``id`` of its symbol.
    """
    import keras

    known = dict(values)

    def real(value: Any) -> Any:
        return known[id(value)] if isinstance(value, keras.KerasTensor) else value

    for step in steps:
        args, kwargs = keras.tree.map_structure(real, (step.args, step.kwargs))
        results = keras.tree.flatten(step.operation(*args, **kwargs))
        known |= {id(symbol): result for symbol, result in zip(step.outputs, results, strict=True)}
    return known


def _as_function(operation: Any) -> Any | None:
    """The ``keras.Function`` behind a functional or sequential model, ``None`` for anything else."""
    import keras

    if isinstance(operation, keras.Sequential):
        return operation._functional if operation.built else None
    return operation if isinstance(operation, keras.Function) else None


def _record(graph: Any, inputs: list[Any], prefix: str, steps: list[Step]) -> Any:
    """Run ``graph`` on symbols, append what it calls to ``steps``, and return its outputs."""

    def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        import keras

        inner = _as_function(operation)
        path = f"{prefix}{operation.name}"
        if inner is not None:
            return _record(inner, keras.tree.flatten(args[0]), f"{path}/", steps)
        if "training" in kwargs:
            kwargs["training"] = False  # what `predict` does too
        symbols = _symbols((args, kwargs))
        known = {id(tensor) for tensor in symbols}
        result = keras.tree.map_structure(
            lambda t: keras.KerasTensor(t.shape, dtype=t.dtype) if id(t) in known else t,
            operation.compute_output_spec(*args, **kwargs),
        )
        outputs = tuple(keras.tree.flatten(result))
        steps.append(Step(operation, path, args, kwargs, symbols, outputs))
        return result

    # The only walker Keras has for its own graph; it is private, so tests/model holds every use of it.
    results = graph._run_through_graph(inputs, call_fn=call)
    return results[0] if isinstance(results, list | tuple) and len(results) == 1 else results


def _symbols(structure: Any) -> tuple[Any, ...]:
    import keras

    return tuple(t for t in keras.tree.flatten(structure) if isinstance(t, keras.KerasTensor))
