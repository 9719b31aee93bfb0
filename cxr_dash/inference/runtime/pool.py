"""Every loaded model of a process: loaded when first needed, once, after the fork."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.errors import BackendMissingError, BundleMismatchError
from cxr_dash.inference.bundle import Bundle, SegmenterBundle
from cxr_dash.inference.runtime.base import Runtime
from cxr_dash.inference.runtime.keras_runtime import KerasRuntime
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from cxr_dash.inference.runtime.segmenter import KerasSegmenter, LiteRtSegmenter, SegmenterRuntime
from cxr_dash.inference.verified import read_verified

_log = logging.getLogger(__name__)

Loaded = TypeVar("Loaded", bound=Runtime | SegmenterRuntime)


@dataclass
class _Entry(Generic[Loaded]):
    """One bundle's place: its lock is held while it loads, so that others need not wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    runtime: Loaded | None = None

    def get(self, load: Callable[[], Loaded]) -> Loaded:
        """What is loaded here, loaded now if this is the first request for it."""
        if self.runtime is None:
            with self.lock:
                if self.runtime is None:
                    self.runtime = load()
        return self.runtime


@dataclass
class _ProcessState:
    """What one process has loaded."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    entries: dict[tuple[str, str], _Entry[Runtime]] = field(default_factory=dict)
    segmenters: dict[tuple[str, str], _Entry[SegmenterRuntime]] = field(default_factory=dict)


class RuntimePool:
    """Hands out runtimes, one per bundle and process.

    A child process starts empty: neither a model nor a lock of its parent is used in it, so a server may
    fork after the app was imported. What the parent had loaded is left alone rather than torn down, because
    its helper threads do not exist in the child.

    Parameters
    ----------
    inference_threads : int
        Processor threads one LiteRT run may use.
    """

    def __init__(self, inference_threads: int = 1) -> None:
        self._inference_threads = inference_threads
        self._states: dict[int, _ProcessState] = {}

    def get(self, bundle: Bundle) -> Runtime:
        """The bundle's runtime, loaded and tried on an empty film if this is the first request for it.

        Threads that ask for the same bundle at once wait for one load; other bundles stay available.

        Raises
        ------
        BackendMissingError
            When the library that the bundle needs is missing, or cannot be used in this process.
        BundleError
            When the model does not load or its answer does not fit ``bundle.json``; the next request
            tries again.
        """
        state = self._state()
        with state.lock:
            entry = state.entries.setdefault((bundle.id, bundle.serving_sha256), _Entry())
        return entry.get(lambda: self._load(bundle))

    def segmenter(self, bundle: SegmenterBundle) -> SegmenterRuntime:
        """The same for a segmenter.

        Raises
        ------
        BackendMissingError, BundleError
            As :meth:`get`.
        """
        state = self._state()
        with state.lock:
            entry = state.segmenters.setdefault((bundle.id, bundle.serving_sha256), _Entry())
        return entry.get(lambda: self._load_segmenter(bundle))

    def warm_up(self, bundle: Bundle | SegmenterBundle) -> None:
        """Load a bundle and run it once on an empty film, so that the first real film does not wait."""
        if isinstance(bundle, SegmenterBundle):
            self.segmenter(bundle)
        else:
            self.get(bundle)

    def loaded_ids(self) -> tuple[str, ...]:
        """Ids of the bundles that are loaded in this process, sorted."""
        state = self._state()
        with state.lock:
            loaded = [key[0] for key, entry in state.entries.items() if entry.runtime]
            loaded += [key[0] for key, entry in state.segmenters.items() if entry.runtime]
        return tuple(sorted(set(loaded)))

    def _state(self) -> _ProcessState:
        # `dict.setdefault` is atomic, so no lock is needed that a fork could catch while it is held
        return self._states.setdefault(os.getpid(), _ProcessState())

    def _load(self, bundle: Bundle) -> Runtime:
        runtime: Runtime
        if bundle.serving_path is not None:
            runtime = LiteRtRuntime(bundle.serving_path, self._inference_threads, bundle.serving_sha256)
        else:
            self._refuse_keras_after_fork(bundle)
            read_verified(bundle.model_path, bundle.serving_sha256)
            runtime = KerasRuntime(bundle.model_path, bundle.spec.cam_layer)
        _check_answer(runtime, bundle)
        _log.info("loaded model %s with %s", bundle.id, runtime.name)
        return runtime

    def _load_segmenter(self, bundle: SegmenterBundle) -> SegmenterRuntime:
        runtime: SegmenterRuntime
        if bundle.serving_path is not None:
            runtime = LiteRtSegmenter(bundle.serving_path, self._inference_threads, bundle.serving_sha256)
        else:
            self._refuse_keras_after_fork(bundle)
            read_verified(bundle.model_path, bundle.serving_sha256)
            runtime = KerasSegmenter(bundle.model_path)
        _check_mask(runtime, bundle)
        _log.info("loaded segmenter %s with %s", bundle.id, runtime.name)
        return runtime

    def _refuse_keras_after_fork(self, bundle: Bundle | SegmenterBundle) -> None:
        """TensorFlow that ran before a fork hangs for ever in the child: say so instead."""
        others = [state for pid, state in self._states.items() if pid != os.getpid()]
        loaded: list[Runtime | SegmenterRuntime | None] = [
            *(entry.runtime for state in others for entry in state.entries.values()),
            *(entry.runtime for state in others for entry in state.segmenters.values()),
        ]
        names = {runtime.name for runtime in loaded if runtime is not None}
        if KerasRuntime.name in names:
            raise BackendMissingError(
                f"Model {bundle.id} must be loaded by Keras in a process whose parent has not used Keras; "
                "received a fork of one that has.",
                remedy="Load models in the workers only, or export the bundle with a compiled graph.",
            )


def _check_answer(runtime: Runtime, bundle: Bundle) -> None:
    """Run an empty film and refuse a model whose answer is not of the shape that ``bundle.json`` says."""
    spec = bundle.spec
    film: Float32Array = np.zeros((spec.preparation.height, spec.preparation.width, 1), dtype=np.float32)
    raw = runtime.run(film)
    received = (raw.logits.shape, raw.cams.shape, raw.embedding.shape)
    classes = len(spec.labels)
    expected = ((classes,), (classes, *spec.cam_grid), (spec.embedding_size,))
    if received != expected:
        raise BundleMismatchError(
            f"Model {bundle.id} must answer with shapes {expected} of logits, maps and embedding; "
            f"received {received}.",
            remedy="Export the bundle again: bundle.json and the model are not of one export.",
        )


def _check_mask(runtime: SegmenterRuntime, bundle: SegmenterBundle) -> None:
    """Run an empty film and refuse a segmenter whose answer is not what ``bundle.json`` says."""
    spec = bundle.spec
    film: Float32Array = np.zeros((spec.preparation.height, spec.preparation.width, 1), dtype=np.float32)
    answer = runtime.run(film)
    expected = (len(spec.structures), *spec.grid)
    if answer.shape != expected or not np.all((answer >= 0.0) & (answer <= 1.0)):
        raise BundleMismatchError(
            f"Segmenter {bundle.id} must answer with probabilities of shape {expected}; received "
            f"{answer.shape}, {float(np.min(answer)):.3g} to {float(np.max(answer)):.3g}.",
            remedy="Export the bundle again: bundle.json and the model are not of one export.",
        )
