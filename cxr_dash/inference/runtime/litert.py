"""Runs a compiled graph with LiteRT; TensorFlow is not needed and not imported."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.domain import Float32Array, RawOutput
from cxr_dash.errors import BackendMissingError, BundleMismatchError
from cxr_dash.inference.runtime.base import OUTPUT_NAMES, as_batch
from cxr_dash.inference.runtime.feature_map import MappedGraph, with_feature_map
from cxr_dash.inference.verified import read_verified

SIGNATURE = "serving_default"
EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What one run of a trunk gives.

    Attributes
    ----------
    raw : RawOutput
        The trunk's own answer.
    feature_map : ndarray of float32, shape (h, w, D)
        The last map, whose mean is ``raw.embedding``.
    """

    raw: RawOutput
    feature_map: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class OpenGraph:
    """An interpreter with its graph.

    Attributes
    ----------
    runner : callable
        Runs the one signature.
    map_shape : tuple of int or None
        Of the feature map, (h, w, D); None where the graph gives none out.
    read_map : callable
        The feature map of the last run, a copy; only where there is one.
    """

    runner: Any
    map_shape: tuple[int, int, int] | None
    read_map: Callable[[], Float32Array]


class LiteRtRuntime:
    """A ``serving.tflite`` behind one interpreter and one lock.

    Parameters
    ----------
    path : Path
        The compiled graph.
    threads : int
        Processor threads one run may use.
    sha256 : str, optional
        Digest that the file must have when it is loaded.
    features : bool
        Whether the graph should give out its feature map too, where it has one: 0.8 MB a run.

    Raises
    ------
    BackendMissingError
        When ``ai-edge-litert`` is not installed.
    BundleMismatchError
        When the file is not a graph with the inputs and outputs of a bundle.
    """

    name = "litert"

    def __init__(
        self, path: Path, threads: int = 1, sha256: str | None = None, *, features: bool = False
    ) -> None:
        self._lock = threading.Lock()
        self._graph = open_mapped(path, threads, OUTPUT_NAMES, sha256, features=features)
        self._runner = self._graph.runner
        ((self._input_name, details),) = self._runner.get_input_details().items()
        _, height, width, _ = (int(size) for size in details["shape"])
        self.input_size = (height, width)

    @property
    def map_shape(self) -> tuple[int, int, int] | None:
        """Shape (h, w, D) of the map that :meth:`features` gives; None where it cannot be asked."""
        return self._graph.map_shape

    def run(self, model_input: Float32Array) -> RawOutput:
        """Run the graph on one film; see :meth:`cxr_dash.inference.runtime.Runtime.run`."""
        batch = as_batch(model_input, self.input_size)
        with self._lock:
            return self._answer(batch)

    def features(self, model_input: Float32Array) -> Features:
        """The same run, and the map that heads of other bundles read.

        Raises
        ------
        BundleMismatchError
            As ``run``, and when the graph gives out no map.
        """
        batch = as_batch(model_input, self.input_size)
        if self._graph.map_shape is None:
            raise BundleMismatchError(
                "A trunk's graph must pool one feature map into its embedding; this one does not.",
                remedy="Ask the other bundles by their own graphs.",
            )
        with self._lock:
            return Features(self._answer(batch), self._graph.read_map())

    def without_features(self) -> None:
        """Give out no map from now on: it is none that a head can read."""
        self._graph = replace(self._graph, map_shape=None)

    def _answer(self, batch: Float32Array) -> RawOutput:
        outputs = self._runner(**{self._input_name: batch})
        # copied while the lock is held: the interpreter's own buffers are overwritten by the next run
        logits, cams, embedding = (np.array(outputs[name][0], dtype=np.float32) for name in OUTPUT_NAMES)
        return RawOutput(logits=logits, cams=cams, embedding=embedding)


def open_graph(path: Path, threads: int, output_names: Sequence[str], sha256: str | None = None) -> Any:
    """A new interpreter's runner for the one signature; the runner keeps the interpreter alive."""
    return open_mapped(path, threads, output_names, sha256, features=False).runner


def open_mapped(
    path: Path, threads: int, output_names: Sequence[str], sha256: str | None = None, *, features: bool
) -> OpenGraph:
    """A new interpreter for the one signature, with the feature map where that is asked for and there.

    The file is read once: what was checked is what answers, whatever becomes of the file afterwards.

    Raises
    ------
    BackendMissingError
        When ``ai-edge-litert`` is not installed.
    BundleMismatchError
        When the file is no graph that takes one film and gives these outputs, or not that of the digest.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise BackendMissingError(
            f"A compiled bundle needs ai-edge-litert; received: {error}.",
            remedy="Install it with `pip install ai-edge-litert`.",
        ) from error
    content = read_verified(path, sha256)
    mapped = with_feature_map(content, EMBEDDING) if features else None
    try:
        interpreter = Interpreter(
            model_content=mapped.content if mapped is not None else content, num_threads=threads
        )
        runner = interpreter.get_signature_runner(SIGNATURE)
        shapes = [tuple(details["shape"]) for details in runner.get_input_details().values()]
        outputs = set(runner.get_output_details())
    except ValueError as error:  # what LiteRT raises for a file it cannot read
        raise BundleMismatchError(
            f"{path.name} must be a LiteRT graph with signature {SIGNATURE!r}; received: {error}.",
            remedy="Export the bundle again.",
        ) from error
    fits = len(shapes) == 1 and len(shapes[0]) == 4 and shapes[0][0] == shapes[0][3] == 1
    if not fits or not outputs.issuperset(output_names):
        raise BundleMismatchError(
            f"{path.name} must take one film (1, H, W, 1) and give {', '.join(output_names)}; "
            f"received inputs {shapes} and outputs {sorted(outputs)}.",
            remedy="Export the bundle again.",
        )
    return OpenGraph(runner, mapped.shape if mapped else None, partial(_read_map, interpreter, mapped))


def _read_map(interpreter: Any, mapped: MappedGraph | None) -> Float32Array:
    if mapped is None:
        raise LookupError("the graph gives out no feature map")
    # a copy: the interpreter's own buffer is overwritten by the next run
    return np.asarray(interpreter.get_tensor(mapped.tensor)[0], dtype=np.float32)
