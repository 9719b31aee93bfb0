"""What the pool loads, tries and hands out; graphs are stand-ins, and none is run."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_builder import spec_dict
from segmenter_builder import segmenter_dict

from cxr_dash.domain import RawOutput
from cxr_dash.errors import BackendMissingError, BundleError, BundleMismatchError
from cxr_dash.inference.bundle import Bundle, SegmenterBundle
from cxr_dash.inference.head import Head
from cxr_dash.inference.runtime import RuntimePool, pool
from cxr_dash.inference.runtime.head_runtime import HeadRuntime
from cxr_dash.inference.runtime.litert import Features
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_segmenter import SegmenterSpec

RNG = np.random.default_rng(5)
MAP = RNG.random((2, 2, 3), dtype=np.float32)
GRAPH, HEADED = {"serving.tflite": "a" * 64}, {"serving.tflite": "b" * 64, "head.npz": "c" * 64}


class Graph:
    """Stands in for a compiled graph: two labels, maps of 2 x 2 cells, three features, as the bundle says."""

    name = "litert"
    shape: tuple[int, int, int] | None = (2, 2, 3)
    answer = RawOutput(np.zeros(2, np.float32), np.zeros((2, 2, 2), np.float32), MAP.mean(axis=(0, 1)))
    drawn = np.full((1, 32, 32), 0.5, np.float32)
    made: list[tuple[Any, ...]]
    films: list[tuple[int, ...]]

    def __init__(self, path: Path, threads: int, sha256: str, *, features: bool = False) -> None:
        self.map_shape = self.shape if features else None
        self.made.append((path.name, threads, sha256, features))
        self.given_up = False

    def run(self, film: Any) -> Any:
        self.films.append((*film.shape, float(np.ptp(film))))
        return self.drawn if film.shape == (32, 32, 1) else self.answer

    def features(self, film: Any) -> Features:
        return Features(self.run(film), MAP)

    def without_features(self) -> None:
        self.map_shape = None


@pytest.fixture(autouse=True)
def _graphs_are_stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = type("Graph", (Graph,), {"made": [], "films": []})
    for name in ("LiteRtRuntime", "LiteRtSegmenter"):
        monkeypatch.setattr(pool, name, fresh)


def stand_in() -> type[Graph]:
    return pool.LiteRtRuntime  # type: ignore[return-value]


def bundle(bundle_id: str = "tiny", **changes: Any) -> Bundle:
    spec = spec_dict(bundle_id, **({"files": GRAPH, "preparation": {"height": 64, "width": 48}} | changes))
    return Bundle(Path(bundle_id), BundleSpec.model_validate(spec))


def segmenter(**changes: Any) -> SegmenterBundle:
    table = segmenter_dict(**({"files": {"serving.tflite": "d" * 64}} | changes))
    return SegmenterBundle(Path("lungs"), SegmenterSpec.model_validate(table))


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch) -> Head:
    """What every head's file holds."""
    made = Head(RNG.random((3, 2), dtype=np.float32), np.array([1.0, -1.0], np.float32))
    monkeypatch.setattr(Head, "read", lambda path, sha256: made if path.name == "head.npz" else sha256)
    return made


def headed(trunk: Bundle, **changes: Any) -> tuple[RuntimePool, Bundle]:
    """A pool in which one bundle is a head on the trunk."""
    one = bundle("headed", files=HEADED, **changes)
    return RuntimePool(trunk_of=lambda asked: trunk if asked.id == "headed" else None), one


@pytest.mark.parametrize(("kind", "features"), [("classifier", True), ("gate", False)])
def test_a_graph_is_loaded_once_with_its_digest_and_tried_on_an_empty_film(kind: str, features: bool) -> None:
    runtimes, one = RuntimePool(), bundle(kind=kind)
    first = runtimes.get(one)
    runtimes.warm_up(one)
    assert runtimes.get(one) is first
    assert stand_in().made == [("serving.tflite", 1, "a" * 64, features)]
    assert stand_in().films == [(64, 48, 1, 0.0)]
    assert runtimes.loaded_ids() == ("tiny",)
    # of another digest it is another model
    assert runtimes.get(bundle(files={"serving.tflite": "e" * 64})) is not first
    assert runtimes.loaded_ids() == ("tiny",)


def test_a_run_may_use_the_threads_that_were_allowed() -> None:
    runtimes = RuntimePool(3)
    runtimes.warm_up(segmenter())
    runtimes.warm_up(bundle())
    assert [one[1] for one in stand_in().made] == [3, 3]
    assert runtimes.loaded_ids() == ("lungs", "tiny")
    assert runtimes.segmenter(segmenter()) is runtimes.segmenter(segmenter())
    assert len(stand_in().made) == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"logits": np.zeros(3, np.float32)},
        {"cams": np.zeros((2, 2, 3), np.float32)},
        {"embedding": np.zeros(4, np.float32)},
    ],
    ids=lambda one: next(iter(one)),
)
def test_an_answer_of_another_shape_is_refused_with_both(answer: dict[str, Any]) -> None:
    stand_in().answer = replace(Graph.answer, **answer)
    stand_in().shape = None
    with pytest.raises(BundleMismatchError) as caught:
        RuntimePool().get(bundle())
    (received,) = (part.shape for part in answer.values())
    assert "must answer with shapes ((2,), (2, 2, 2), (3,)) of logits" in str(caught.value)
    assert str(received) in str(caught.value).partition("received")[2]


@pytest.mark.parametrize(("off", "kept"), [(0.0, True), (9e-5, True), (2e-3, False), (-2e-3, False)])
def test_a_map_is_kept_where_its_mean_is_the_embedding(off: float, kept: bool) -> None:
    stand_in().answer = replace(Graph.answer, embedding=MAP.mean(axis=(0, 1)) + np.float32(off))
    runtime: Any = RuntimePool().get(bundle())
    assert (runtime.map_shape is not None) is kept


@pytest.mark.parametrize(
    ("drawn", "good"),
    [
        (np.zeros((1, 32, 32)), True),
        (np.ones((1, 32, 32)), True),
        (np.zeros((2, 32, 32)), False),
        (np.zeros((1, 32, 31)), False),
        (np.full((1, 32, 32), -0.01), False),
        (np.full((1, 32, 32), 1.01), False),
        (np.full((1, 32, 32), np.nan), False),
    ],
    ids=lambda one: str(one.shape) + str(one.flat[0]) if isinstance(one, np.ndarray) else str(one),
)
def test_a_segmenter_draws_probabilities_of_the_promised_shape(drawn: Any, good: bool) -> None:
    stand_in().drawn = drawn
    if good:
        assert RuntimePool().segmenter(segmenter()).name == "litert"
        return
    with pytest.raises(BundleMismatchError, match=r"probabilities of shape \(1, 32, 32\); received"):
        RuntimePool().segmenter(segmenter())


def test_a_head_answers_through_its_trunk_and_its_own_graph_is_not_loaded(head: Head) -> None:
    runtimes, one = headed(bundle("trunk"))
    runtime = runtimes.get(one)
    assert isinstance(runtime, HeadRuntime)
    assert runtimes.loaded_ids() == ("headed", "trunk")
    assert len(stand_in().made) == 1
    raw = runtime.run(np.zeros((64, 48, 1), np.float32))
    embedding = MAP.mean(axis=(0, 1))
    np.testing.assert_allclose(raw.logits, embedding @ head.kernel + head.bias, rtol=1e-5)
    np.testing.assert_array_equal(raw.embedding, embedding)
    # each cell's share of the logit, which they add up to but for the bias
    np.testing.assert_allclose(raw.cams, np.einsum("hwd,dc->chw", MAP, head.kernel) / 4, rtol=1e-5)
    np.testing.assert_allclose(raw.cams.sum(axis=(1, 2)) + head.bias, raw.logits, rtol=1e-4)
    assert raw.cams.flags.c_contiguous


@pytest.mark.parametrize("why", ["none", "another grid", "no map", "cannot be loaded"])
def test_a_head_whose_trunk_does_not_serve_runs_by_its_own_graph(
    head: Head, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    trunk = bundle("trunk", **({"embedding_size": 4} if why == "cannot be loaded" else {}))
    grid = {"cam_grid": [1, 2]} if why == "another grid" else {}
    runtimes, one = headed(trunk, **grid)
    if why == "none":
        runtimes = RuntimePool()
    if why == "no map":
        stand_in().shape = None
    if grid:
        loaded = runtimes.get(trunk)
        stand_in().answer = replace(Graph.answer, cams=np.zeros((2, 1, 2), np.float32))
        assert loaded.name == "litert"
    assert isinstance(runtimes.get(one), stand_in())
    assert ("its trunk cannot be loaded" in caplog.text) is (why == "cannot be loaded")
    assert head.kernel.shape == (3, 2)


def test_a_head_reads_as_many_features_as_its_trunk_makes() -> None:
    trunk = stand_in()(Path("a"), 1, "", features=True)
    four = Head(np.zeros((4, 2), np.float32), np.zeros(2, np.float32))
    with pytest.raises(BundleMismatchError, match="must read the 3 features of its trunk; received 4"):
        HeadRuntime(trunk, four)  # type: ignore[arg-type]
    trunk.without_features()
    with pytest.raises(BundleMismatchError, match="must read the 0 features of its trunk; received 4"):
        HeadRuntime(trunk, four)  # type: ignore[arg-type]


def test_one_run_answers_a_trunk_and_its_heads(head: Head) -> None:
    trunk, film = bundle("trunk"), np.ones((64, 48, 1), np.float32)
    runtimes, one = headed(trunk)
    apart = bundle("apart", files={"serving.tflite": "e" * 64})
    broken = bundle("broken", embedding_size=9, files={"serving.tflite": "f" * 64})
    for asked in (one, trunk):
        runtimes.get(asked)
        runtimes.get(apart)
        stand_in().films.clear()
        found = runtimes.run_together(asked, [trunk, one, apart, broken], film)
        assert sorted(found) == ["a" * 64, "b" * 64]
        assert [shape[:3] for shape in stand_in().films].count((64, 48, 1)) == 2, "the film, and one try"
        np.testing.assert_array_equal(found["a" * 64].logits, Graph.answer.logits)
        np.testing.assert_array_equal(found["b" * 64].logits, head.logits(MAP.mean(axis=(0, 1))))
    with pytest.raises(BundleError):
        runtimes.run_together(broken, [trunk], film)


def test_a_model_whose_graph_gives_no_map_out_is_asked_alone() -> None:
    stand_in().shape = None
    one = bundle()
    found = RuntimePool().run_together(one, [bundle("other", files=HEADED)], np.ones((64, 48, 1), np.float32))
    assert list(found) == ["a" * 64]
    assert stand_in().films[-1] == (64, 48, 1, 0.0)


@pytest.mark.parametrize("name", ["keras", "litert"])
@pytest.mark.parametrize("kind", ["entries", "segmenters"])
@pytest.mark.parametrize("parent", [True, False])
def test_keras_is_not_used_in_a_child_of_a_process_that_used_it(name: str, kind: str, parent: bool) -> None:
    runtimes, used = RuntimePool(), stand_in()(Path("a"), 1, "")
    used.name = name
    other = runtimes._states.setdefault(os.getppid() if parent else os.getpid(), pool._ProcessState())
    getattr(other, kind)["x", "y"] = pool._Entry(runtime=used)
    getattr(other, kind)["x", "z"] = pool._Entry()
    refused = name == "keras" and parent
    for one in (bundle(files={"model.keras": "9" * 64}), segmenter(files={"model.keras": "9" * 64})):
        expected = BackendMissingError if refused else BundleMismatchError
        with pytest.raises(expected, match="a fork of one that has" if refused else "must be readable"):
            runtimes.warm_up(one)
