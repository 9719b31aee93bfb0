"""Runs a segmenter: compiled with LiteRT, or the saved Keras model where there is no compiled graph."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.runtime.base import as_batch
from cxr_dash.inference.runtime.keras_runtime import import_keras, load_safely
from cxr_dash.inference.runtime.litert import open_graph

PROBABILITY = "probability"


class SegmenterRuntime(Protocol):
    """One loaded segmenter. Safe to call from several threads at once."""

    @property
    def name(self) -> str:
        """Which library runs it: ``"litert"`` or ``"keras"``."""
        ...

    def run(self, model_input: Float32Array) -> Float32Array:
        """Draw lungs, and whatever else the segmenter draws, of one prepared film.

        Parameters
        ----------
        model_input : ndarray of float32, shape (H, W, 1), grey levels 0-255

        Returns
        -------
        ndarray of float32, shape (C, h, w), 0-1
            Probability of each of the bundle's ``structures``; an array of its own.

        Raises
        ------
        BundleMismatchError
            When the array is not of the size the segmenter was made for.
        """
        ...


class LiteRtSegmenter:
    """A segmenter's ``serving.tflite`` behind one interpreter and one lock.

    Parameters
    ----------
    path : Path
    threads : int
        Processor threads one run may use.

    Raises
    ------
    BackendMissingError
        When ``ai-edge-litert`` is not installed.
    BundleMismatchError
        When the file is not the graph of a segmenter.
    """

    name = "litert"

    def __init__(self, path: Path, threads: int = 1, sha256: str | None = None) -> None:
        self._lock = threading.Lock()
        self._runner = open_graph(path, threads, (PROBABILITY,), sha256)
        ((self._input_name, details),) = self._runner.get_input_details().items()
        _, height, width, _ = (int(size) for size in details["shape"])
        self.input_size = (height, width)

    def run(self, model_input: Float32Array) -> Float32Array:
        """Draw the lungs; see :class:`SegmenterRuntime`."""
        batch = as_batch(model_input, self.input_size)
        with self._lock:
            answer = self._runner(**{self._input_name: batch})[PROBABILITY]
            # copied while the lock is held: the interpreter's own buffer is overwritten by the next run
            return _by_structure(answer)


class KerasSegmenter:
    """A segmenter's ``model.keras``, traced once for one film; no code inside the file is run.

    Raises
    ------
    BackendMissingError
        When Keras with TensorFlow is not installed.
    BundleMismatchError
        When the file does not load safely, or does not take one grey film.
    """

    name = "keras"

    def __init__(self, path: Path) -> None:
        import_keras()
        import tensorflow as tf

        model = load_safely(path)
        _, height, width, channels = model.input_shape
        if not height or not width or channels != 1:
            raise BundleMismatchError(
                f"{path.name} must take films (n, H, W, 1); received {model.input_shape}.",
                remedy="Export the bundle again.",
            )
        self._model = model  # owns the variables the traced function only refers to
        self.input_size = (int(height), int(width))
        signature = tf.TensorSpec((1, height, width, 1), tf.float32)
        self._function: Any = tf.function(
            lambda film: model(film, training=False), input_signature=[signature]
        )

    def run(self, model_input: Float32Array) -> Float32Array:
        """Draw the lungs; see :class:`SegmenterRuntime`."""
        answer = self._function(as_batch(model_input, self.input_size))
        return _by_structure(answer)


def _by_structure(answer: Any) -> Float32Array:
    """The one film of an answer (1, h, w, C) as planes of their own, each in one piece."""
    return np.array(np.moveaxis(np.asarray(answer)[0], -1, 0), dtype=np.float32, order="C")
