"""Models are loaded once, after the fork, and answer alike from any thread."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_builder import spec_dict
from compiled_networks import Compiled, films_for

from cxr_dash.errors import BackendMissingError, BundleMismatchError
from cxr_dash.inference.bundle import Bundle, load_bundle
from cxr_dash.inference.runtime import RuntimePool, pool
from cxr_dash.inference.runtime.keras_runtime import KerasRuntime
from cxr_dash.inference.runtime.litert import Features, LiteRtRuntime

THREADS = 4

MakeBundle = Callable[..., Bundle]


@pytest.fixture
def make_bundle(small: Compiled, tmp_path: Path) -> MakeBundle:
    """Writes a bundle around the small compiled network; ``kind`` says which of its files it has."""

    def make(bundle_id: str = "tiny", kind: str = "serving.tflite", **changes: Any) -> Bundle:
        folder = tmp_path / bundle_id
        folder.mkdir()
        source = small.serving_path if kind == "serving.tflite" else small.model_path
        content = source.read_bytes()
        (folder / kind).write_bytes(content)
        report = small.report
        keys = ("normal", "pneumonia", "covid")
        table = dict.fromkeys(keys, 0.5)
        base = spec_dict(bundle_id)
        point = base["operating_points"][0] | {"thresholds": table}
        spec = base | {
            "labels": [{"key": key, "name": {"en": key, "es": key}} for key in keys],
            "preparation": {"height": report.input_size[0], "width": report.input_size[1]},
            "cam_layer": report.cam_layer,
            "cam_grid": list(report.cam_grid),
            "embedding_size": report.embedding_size,
            "heat_reference": table,
            "calibration": {"kind": "platt", "slopes": table, "intercepts": table, "fitted_on": "val"},
            "operating_points": [point],
            "held_out": [],
            "files": {kind: hashlib.sha256(content).hexdigest()},
        }
        (folder / "bundle.json").write_text(json.dumps(spec | changes), encoding="utf-8")
        return load_bundle(folder)

    return make


@pytest.mark.parametrize(("kind", "name"), [("serving.tflite", "litert"), ("model.keras", "keras")])
def test_a_bundle_runs_with_what_it_has(
    kind: str, name: str, make_bundle: MakeBundle, small: Compiled
) -> None:
    """A compiled bundle runs on LiteRT, one without a graph on Keras, with the same answers."""
    runtime = RuntimePool(1).get(make_bundle(kind=kind))
    assert runtime.name == name
    raw = runtime.run(small.films[0])
    np.testing.assert_allclose(raw.logits, small.logits[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(raw.cams, small.cams[0], rtol=1e-3, atol=1e-7)
    assert raw.embedding.shape == (small.report.embedding_size,)


def test_threads_that_ask_at_once_get_one_load(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that ask for a bundle at the same time get one runtime, loaded once."""
    loads: list[Path] = []
    start = threading.Barrier(THREADS)

    class Counting(LiteRtRuntime):
        def __init__(self, path: Path, *rest: Any, **named: Any) -> None:
            loads.append(path)
            super().__init__(path, *rest, **named)

    monkeypatch.setattr(pool, "LiteRtRuntime", Counting)
    runtimes, bundle = RuntimePool(1), make_bundle()

    def ask(_: int) -> Any:
        start.wait(timeout=30)
        return runtimes.get(bundle)

    with ThreadPoolExecutor(THREADS) as threads:
        got = list(threads.map(ask, range(THREADS)))
    assert len(loads) == 1
    assert all(runtime is got[0] for runtime in got)


def test_loading_one_model_does_not_hold_up_another(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one bundle is loading, a loaded one is handed out and the loaded ids can be read."""
    runtimes = RuntimePool(1)
    ready, slow = make_bundle("ready"), make_bundle("slow")
    runtimes.warm_up(ready)
    loading, may_finish = threading.Event(), threading.Event()

    class Waiting(LiteRtRuntime):
        def __init__(self, path: Path, *rest: Any, **named: Any) -> None:
            loading.set()
            may_finish.wait(timeout=30)
            super().__init__(path, *rest, **named)

    monkeypatch.setattr(pool, "LiteRtRuntime", Waiting)
    with ThreadPoolExecutor(2) as threads:
        waiting = threads.submit(runtimes.warm_up, slow)
        assert loading.wait(timeout=30)
        other = threads.submit(lambda: (runtimes.get(ready).name, runtimes.loaded_ids()))
        try:
            assert other.result(timeout=30) == ("litert", ("ready",))
        finally:
            may_finish.set()
        waiting.result(timeout=30)
    assert runtimes.loaded_ids() == ("ready", "slow")


def test_a_failed_load_is_tried_again(make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load that fails leaves nothing behind: the next request loads."""
    runtimes, bundle = RuntimePool(1), make_bundle()

    class Failing(LiteRtRuntime):
        def __init__(self, *_: Any, **_named: Any) -> None:
            raise BackendMissingError("not today")

    with monkeypatch.context() as patch:
        patch.setattr(pool, "LiteRtRuntime", Failing)
        with pytest.raises(BackendMissingError):
            runtimes.get(bundle)
    assert runtimes.loaded_ids() == ()
    assert runtimes.get(bundle).name == "litert"


@pytest.mark.parametrize("runtime_class", [LiteRtRuntime, KerasRuntime])
def test_threads_get_the_answers_one_thread_gets(runtime_class: Any, small: Compiled) -> None:
    """Four threads on one runtime give, film by film, exactly the answers of a single thread."""
    path = small.serving_path if runtime_class is LiteRtRuntime else small.model_path
    runtime = runtime_class(path)
    films = films_for(small.model, count=40, seed=9)
    alone = [runtime.run(film) for film in films]
    with ThreadPoolExecutor(THREADS) as threads:
        together = list(threads.map(runtime.run, films))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.logits, other.logits)
        np.testing.assert_array_equal(one.cams, other.cams)
        np.testing.assert_array_equal(one.embedding, other.embedding)


def test_a_map_whose_mean_is_not_the_embedding_is_given_up_and_the_model_answers_all_the_same(
    make_bundle: MakeBundle, small: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heads of other bundles read the map as what was pooled: another one would mislead them."""
    whole = RuntimePool(1).get(make_bundle("whole"))
    assert isinstance(whole, LiteRtRuntime)
    assert whole.map_shape is not None
    original = LiteRtRuntime.features

    def brighter(runtime: LiteRtRuntime, film: Any) -> Features:
        found = original(runtime, film)
        return Features(found.raw, found.feature_map + 1.0)

    monkeypatch.setattr(LiteRtRuntime, "features", brighter)
    other = RuntimePool(1).get(make_bundle("other"))
    assert isinstance(other, LiteRtRuntime)
    assert other.map_shape is None
    np.testing.assert_array_equal(other.run(small.films[0]).logits, whole.run(small.films[0]).logits)


def test_an_answer_is_not_overwritten_by_the_next(small: Compiled) -> None:
    """Arrays that were handed out keep their values, own their memory, and can be written to."""
    runtime = LiteRtRuntime(small.serving_path)
    first = runtime.run(small.films[0])
    kept = first.cams.copy()
    runtime.run(small.films[1])
    np.testing.assert_array_equal(first.cams, kept)
    assert first.cams.flags.writeable
    assert first.logits.dtype == first.cams.dtype == first.embedding.dtype == np.float32


def _in_child(work: Callable[[], object], seconds: int = 60) -> str:
    """Fork, run ``work`` in the child, and return what it wrote; the child is ended if it hangs."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, repr(work()).encode())
        except BaseException as error:  # whatever it is, the parent must hear of it
            os.write(writer, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    timer = threading.Timer(seconds, os.kill, (child, 9))
    timer.start()
    with os.fdopen(reader, "rb") as stream:
        answer = stream.read().decode()
    os.waitpid(child, 0)
    timer.cancel()
    return answer


FORK = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@FORK
def test_a_child_loads_its_own_model_after_the_parent_has_run_one(
    make_bundle: MakeBundle, small: Compiled
) -> None:
    """After a fork the child starts with nothing loaded, loads for itself and gives the parent's answer."""
    runtimes, bundle = RuntimePool(2), make_bundle()
    expected = runtimes.get(bundle).run(small.films[0]).logits

    def work() -> object:
        before = runtimes.loaded_ids()
        return before, runtimes.get(bundle).run(small.films[0]).logits.tolist(), runtimes.loaded_ids()

    assert _in_child(work) == repr(((), expected.tolist(), ("tiny",)))
    assert runtimes.loaded_ids() == ("tiny",)


@FORK
def test_a_child_inherits_no_lock_that_was_held(make_bundle: MakeBundle, small: Compiled) -> None:
    """A fork in the middle of a load, or of a run, does not leave the child waiting for ever."""
    runtimes, bundle = RuntimePool(1), make_bundle()
    runtimes.warm_up(bundle)
    state = runtimes._state()
    (entry,) = state.entries.values()
    loaded = entry.runtime
    assert isinstance(loaded, LiteRtRuntime)
    with state.lock, entry.lock, loaded._lock:
        answer = _in_child(lambda: runtimes.get(bundle).run(small.films[0]).logits.shape)
    assert answer == "(3,)"


@FORK
def test_a_child_of_a_process_that_used_keras_gets_an_error_instead_of_hanging(
    make_bundle: MakeBundle,
) -> None:
    """TensorFlow hangs in a fork of its user: the pool says so, and compiled bundles still run."""
    runtimes = RuntimePool(1)
    slow, compiled = make_bundle("slow", "model.keras"), make_bundle("quick")
    runtimes.warm_up(slow)
    assert _in_child(lambda: runtimes.get(slow)).startswith("BackendMissingError: Model slow must be loaded")
    assert _in_child(lambda: runtimes.get(compiled).name) == "'litert'"


@pytest.mark.parametrize(
    "changes", [{"cam_grid": [3, 3]}, {"embedding_size": 7}, {"preparation": {"height": 64, "width": 64}}]
)
def test_a_graph_that_does_not_fit_its_bundle_is_refused(
    changes: dict[str, Any], make_bundle: MakeBundle
) -> None:
    """Map grid, embedding and input size of bundle.json must be those of the graph."""
    runtimes = RuntimePool(1)
    with pytest.raises(BundleMismatchError, match="received"):
        runtimes.get(make_bundle(**changes))
    assert runtimes.loaded_ids() == ()


def test_a_model_with_code_inside_is_refused(tmp_path: Path) -> None:
    """A Lambda layer is Python code in a file: safe mode refuses it with a remedy."""
    import keras
    from keras import layers

    film = keras.Input((16, 16, 1))
    x = layers.Lambda(lambda values: values * 2.0)(film)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(x))
    keras.Model(film, layers.Dense(2, name="logits")(x)).save(tmp_path / "model.keras")
    with pytest.raises(BundleMismatchError, match="without code inside"):
        KerasRuntime(tmp_path / "model.keras")


def test_a_compiled_bundle_runs_without_tensorflow(make_bundle: MakeBundle) -> None:
    """Running a compiled bundle in a new process imports neither TensorFlow nor Keras."""
    script = """
import sys
from pathlib import Path
import numpy as np
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.runtime import RuntimePool
bundle = load_bundle(Path(sys.argv[1]))
spec = bundle.spec.preparation
raw = RuntimePool(1).get(bundle).run(np.zeros((spec.height, spec.width, 1), np.float32))
assert raw.logits.shape == (3,)
print(sorted({"tensorflow", "keras"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(make_bundle().path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
