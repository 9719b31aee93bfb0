"""Runs a compiled graph with LiteRT; TensorFlow is not needed and not imported."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.domain import Float32Array, RawOutput
from cxr_dash.errors import BackendMissingError, BundleMismatchError
from cxr_dash.inference.runtime.base import OUTPUT_NAMES, as_batch
from cxr_dash.inference.verified import read_verified

SIGNATURE = "serving_default"


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

    Raises
    ------
    BackendMissingError
        When ``ai-edge-litert`` is not installed.
    BundleMismatchError
        When the file is not a graph with the inputs and outputs of a bundle.
    """

    name = "litert"

    def __init__(self, path: Path, threads: int = 1, sha256: str | None = None) -> None:
        self._lock = threading.Lock()
        self._runner = open_graph(path, threads, OUTPUT_NAMES, sha256)
        ((self._input_name, details),) = self._runner.get_input_details().items()
        _, height, width, _ = (int(size) for size in details["shape"])
        self.input_size = (height, width)

    def run(self, model_input: Float32Array) -> RawOutput:
        """Run the graph on one film; see :meth:`cxr_dash.inference.runtime.Runtime.run`."""
        batch = as_batch(model_input, self.input_size)
        with self._lock:
            outputs = self._runner(**{self._input_name: batch})
            # copied while the lock is held: the interpreter's own buffers are overwritten by the next run
            logits, cams, embedding = (np.array(outputs[name][0], dtype=np.float32) for name in OUTPUT_NAMES)
        return RawOutput(logits=logits, cams=cams, embedding=embedding)


def open_graph(path: Path, threads: int, output_names: Sequence[str], sha256: str | None = None) -> Any:
    """A new interpreter's runner for the one signature; the runner keeps the interpreter alive.

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
    try:
        interpreter = Interpreter(model_content=read_verified(path, sha256), num_threads=threads)
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
    return runner
