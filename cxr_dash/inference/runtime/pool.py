"""Every loaded model of a process: loaded when first needed, once, after the fork."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.errors import BackendMissingError, BundleMismatchError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.runtime.base import Runtime
from cxr_dash.inference.runtime.keras_runtime import KerasRuntime
from cxr_dash.inference.runtime.litert import LiteRtRuntime

_log = logging.getLogger(__name__)


@dataclass
class _Entry:
    """One bundle's place: its lock is held while it loads, so that others need not wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    runtime: Runtime | None = None


@dataclass
class _ProcessState:
    """What one process has loaded."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    entries: dict[tuple[str, str], _Entry] = field(default_factory=dict)


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
        if entry.runtime is None:
            with entry.lock:
                if entry.runtime is None:
                    entry.runtime = self._load(bundle)
                    _log.info("loaded model %s with %s", bundle.id, entry.runtime.name)
        return entry.runtime

    def warm_up(self, bundle: Bundle) -> None:
        """Load a bundle and run it once on an empty film, so that the first real film does not wait."""
        self.get(bundle)

    def loaded_ids(self) -> tuple[str, ...]:
        """Ids of the bundles that are loaded in this process, sorted."""
        state = self._state()
        with state.lock:
            return tuple(sorted({key[0] for key, entry in state.entries.items() if entry.runtime}))

    def _state(self) -> _ProcessState:
        # `dict.setdefault` is atomic, so no lock is needed that a fork could catch while it is held
        return self._states.setdefault(os.getpid(), _ProcessState())

    def _load(self, bundle: Bundle) -> Runtime:
        runtime: Runtime
        if bundle.serving_path is not None:
            runtime = LiteRtRuntime(bundle.serving_path, self._inference_threads)
        else:
            self._refuse_keras_after_fork(bundle)
            runtime = KerasRuntime(bundle.model_path, bundle.spec.cam_layer)
        _check_answer(runtime, bundle)
        return runtime

    def _refuse_keras_after_fork(self, bundle: Bundle) -> None:
        """TensorFlow that ran before a fork hangs for ever in the child: say so instead."""
        others = (state for pid, state in self._states.items() if pid != os.getpid())
        if any(
            isinstance(entry.runtime, KerasRuntime) for state in others for entry in state.entries.values()
        ):
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
