"""Every loaded model of a process: loaded when first needed, once, after the fork."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from cxr_dash.domain import Float32Array, RawOutput
from cxr_dash.errors import BackendMissingError, BundleError, BundleMismatchError
from cxr_dash.inference.bundle import Bundle, SegmenterBundle
from cxr_dash.inference.head import HEAD_FILE, Head
from cxr_dash.inference.runtime.base import Runtime
from cxr_dash.inference.runtime.head_runtime import HeadRuntime
from cxr_dash.inference.runtime.keras_runtime import KerasRuntime
from cxr_dash.inference.runtime.litert import Features, LiteRtRuntime
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
    trunk_of : callable, optional
        Gives the bundle whose graph answers for a bundle that is a head on it, None for any other
        (``inference.trunks.trunk_bundle``). Without it every bundle runs by its own graph.
    """

    def __init__(
        self, inference_threads: int = 1, trunk_of: Callable[[Bundle], Bundle | None] = lambda _: None
    ) -> None:
        self._inference_threads = inference_threads
        self._trunk_of = trunk_of
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

    def run_together(
        self, asked: Bundle, others: Iterable[Bundle], model_input: Float32Array
    ) -> dict[str, RawOutput]:
        """Ask a model about one film, and in the same run of the trunk every other that is a head on it.

        Parameters
        ----------
        asked : Bundle
        others : iterable of Bundle
            Those that do not share the trunk, or cannot be loaded, are left out.
        model_input : ndarray of float32, shape (H, W, 1), grey levels 0-255

        Returns
        -------
        dict of str to RawOutput
            By ``serving_sha256``; ``asked`` is always there.

        Raises
        ------
        BackendMissingError, BundleError
            When ``asked`` cannot be loaded.
        """
        runtime = self.get(asked)
        trunk = runtime.trunk if isinstance(runtime, HeadRuntime) else runtime
        if not isinstance(trunk, LiteRtRuntime) or trunk.map_shape is None:
            return {asked.serving_sha256: runtime.run(model_input)}
        features = trunk.features(model_input)
        answers = {}
        for bundle in (asked, *others):
            try:
                own = self.get(bundle)
            except (BackendMissingError, BundleError):
                if bundle is asked:
                    raise
                continue  # whoever asks for it is told
            if own is trunk:
                answers[bundle.serving_sha256] = features.raw
            elif isinstance(own, HeadRuntime) and own.trunk is trunk:
                answers[bundle.serving_sha256] = own.answer(features)
        return answers

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
        if (head := self._on_a_trunk(bundle)) is not None:
            runtime = head
        elif bundle.serving_path is not None:
            runtime = LiteRtRuntime(
                bundle.serving_path,
                self._inference_threads,
                bundle.serving_sha256,
                features=bundle.kind == "classifier",
            )
        else:
            self._refuse_keras_after_fork(bundle)
            read_verified(bundle.model_path, bundle.serving_sha256)
            runtime = KerasRuntime(bundle.model_path, bundle.spec.cam_layer)
        _check_answer(runtime, bundle)
        _log.info("loaded model %s with %s", bundle.id, runtime.name)
        return runtime

    def _on_a_trunk(self, bundle: Bundle) -> HeadRuntime | None:
        """The bundle's head on its trunk's graph, loaded for it; None where its own graph answers."""
        found = self._trunk_of(bundle)
        if found is None:
            return None
        try:
            trunk = self.get(found)
        except (BackendMissingError, BundleError) as error:
            _log.warning("%s runs by its own graph: its trunk cannot be loaded: %s", bundle.id, error)
            return None
        if not isinstance(trunk, LiteRtRuntime) or trunk.map_shape is None:
            return None
        if trunk.map_shape[:2] != bundle.spec.cam_grid:
            # pooled in another way than heads read it
            return None
        return HeadRuntime(trunk, Head.read(bundle.path / HEAD_FILE, bundle.spec.files[HEAD_FILE]))

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
    raw = _answer_about_nothing(runtime, bundle)
    received = (raw.logits.shape, raw.cams.shape, raw.embedding.shape)
    classes = len(spec.labels)
    expected = ((classes,), (classes, *spec.cam_grid), (spec.embedding_size,))
    if received != expected:
        raise BundleMismatchError(
            f"Model {bundle.id} must answer with shapes {expected} of logits, maps and embedding; "
            f"received {received}.",
            remedy="Export the bundle again: bundle.json and the model are not of one export.",
        )


def _answer_about_nothing(runtime: Runtime, bundle: Bundle) -> RawOutput:
    """The answer about an empty film; a map that is not what its embedding is the mean of is given up."""
    if isinstance(runtime, HeadRuntime) and (shape := runtime.trunk.map_shape) is not None:
        # the trunk was tried when it was loaded
        nothing = np.zeros(shape, dtype=np.float32)
        return runtime.answer(Features(RawOutput(nothing[0, 0], nothing, nothing[0, 0]), nothing))
    spec = bundle.spec.preparation
    film: Float32Array = np.zeros((spec.height, spec.width, 1), dtype=np.float32)
    if not isinstance(runtime, LiteRtRuntime) or runtime.map_shape is None:
        return runtime.run(film)
    features = runtime.features(film)
    pooled = features.feature_map.mean(axis=(0, 1))
    if not np.allclose(pooled, features.raw.embedding, rtol=1e-3, atol=1e-4):
        runtime.without_features()
    return features.raw


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
