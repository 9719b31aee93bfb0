"""Which compiled graphs are taken: one film in, all of the answers out; the interpreter is a stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import interpreter as library

from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.runtime import litert
from cxr_dash.inference.runtime.feature_map import MappedGraph
from cxr_dash.inference.runtime.litert import LiteRtRuntime, open_mapped
from cxr_dash.inference.runtime.segmenter import LiteRtSegmenter

OUTPUTS = ("logits", "cams", "embedding")


class Interpreter:
    """Answers with the film's first grey level everywhere; remembers how it was opened."""

    inputs: dict[str, tuple[int, ...]]
    outputs: tuple[str, ...]
    opened: dict[str, Any]

    def __init__(self, **named: Any) -> None:
        self.opened.update(named)
        self.buffer = np.zeros((1, 2, 3, 2), np.float32)

    def get_signature_runner(self, name: str) -> Any:
        assert name == "serving_default"
        return self

    def get_input_details(self) -> dict[str, Any]:
        return {name: {"shape": np.array(shape)} for name, shape in self.inputs.items()}

    def get_output_details(self) -> dict[str, Any]:
        return dict.fromkeys(self.outputs)

    def get_tensor(self, number: int) -> Any:
        assert number == 7
        return self.buffer

    def __call__(self, **films: Any) -> dict[str, Any]:
        ((_, film),) = films.items()
        assert film.dtype == np.float32
        # one buffer for every answer, overwritten by the next run, as LiteRT does
        self.buffer[:] = film[0, 0, 0, 0]
        self.buffer[..., 1] += 1
        return dict.fromkeys(self.outputs, self.buffer)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(library, "Interpreter", Interpreter)
    for name, value in (("inputs", {"film": (1, 8, 6, 1)}), ("outputs", OUTPUTS), ("opened", {})):
        monkeypatch.setattr(Interpreter, name, value, raising=False)
    path = tmp_path / "serving.tflite"
    path.write_bytes(b"a graph")
    return path


@pytest.mark.parametrize(
    ("inputs", "outputs", "good"),
    [
        ({"film": (1, 8, 6, 1)}, OUTPUTS, True),
        ({"film": (1, 8, 6, 1)}, (*OUTPUTS, "more"), True),
        ({"film": (2, 8, 6, 1)}, OUTPUTS, False),
        ({"film": (1, 8, 6, 3)}, OUTPUTS, False),
        ({"film": (3, 8, 6, 3)}, OUTPUTS, False),
        ({"film": (1, 8, 6)}, OUTPUTS, False),
        ({"film": (1, 8, 6, 1, 1)}, OUTPUTS, False),
        ({"film": (1, 8, 6, 1), "other": (1, 8, 6, 1)}, OUTPUTS, False),
        ({}, OUTPUTS, False),
        ({"film": (1, 8, 6, 1)}, OUTPUTS[:2], False),
    ],
)
def test_a_graph_takes_one_grey_film_and_gives_all_answers(
    file: Path, monkeypatch: pytest.MonkeyPatch, inputs: Any, outputs: Any, good: bool
) -> None:
    monkeypatch.setattr(Interpreter, "inputs", inputs)
    monkeypatch.setattr(Interpreter, "outputs", outputs)
    if not good:
        with pytest.raises(BundleMismatchError, match=r"one film \(1, H, W, 1\) and give logits, cams"):
            open_mapped(file, 1, OUTPUTS, features=False)
        return
    opened = open_mapped(file, 3, OUTPUTS, features=True)
    assert Interpreter.opened == {"model_content": b"a graph", "num_threads": 3}
    assert opened.map_shape is None
    with pytest.raises(LookupError, match="gives out no feature map"):
        opened.read_map()


def test_one_thread_runs_a_graph_that_is_opened_without_a_word(file: Path) -> None:
    assert LiteRtRuntime(file).input_size == (8, 6)
    assert Interpreter.opened["num_threads"] == 1
    LiteRtRuntime(file, 2)
    assert Interpreter.opened["num_threads"] == 2


def test_answers_are_of_the_one_film_and_are_not_overwritten_by_the_next(file: Path) -> None:
    runtime = LiteRtRuntime(file)
    first, second = (runtime.run(np.full((8, 6, 1), level, np.float32)) for level in (5, 9))
    for name in OUTPUTS:
        assert getattr(first, name).shape == (2, 3, 2)
        assert np.unique(getattr(first, name)).tolist() == [5.0, 6.0]
        assert np.unique(getattr(second, name)).tolist() == [9.0, 10.0]


def test_the_map_is_read_from_the_changed_file_where_it_is_asked_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mapped(content: bytes, pooled: str) -> MappedGraph:
        assert pooled == "embedding"
        return MappedGraph(content + b" with a map", 7, (2, 3, 2))

    monkeypatch.setattr(litert, "with_feature_map", mapped)
    film = np.full((8, 6, 1), 5, np.float32)
    plain = LiteRtRuntime(file)
    assert (plain.map_shape, Interpreter.opened["model_content"]) == (None, b"a graph")
    with pytest.raises(BundleMismatchError, match="must pool one feature map"):
        plain.features(film)
    runtime = LiteRtRuntime(file, features=True)
    assert (runtime.map_shape, Interpreter.opened["model_content"]) == ((2, 3, 2), b"a graph with a map")
    found = runtime.features(film)
    assert found.feature_map.shape == (2, 3, 2)
    np.testing.assert_array_equal(found.feature_map, found.raw.logits)
    runtime.without_features()
    assert runtime.map_shape is None
    with pytest.raises(BundleMismatchError, match="must pool one feature map"):
        runtime.features(film)
    assert runtime.run(film).logits.shape == (2, 3, 2)


def test_a_segmenters_planes_come_one_by_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Interpreter, "outputs", ("probability",))
    runtime = LiteRtSegmenter(file)
    assert (runtime.input_size, Interpreter.opened["num_threads"]) == ((8, 6), 1)
    drawn = runtime.run(np.full((8, 6, 1), 5, np.float32))
    runtime.run(np.full((8, 6, 1), 9, np.float32))
    assert (drawn.shape, drawn.dtype, drawn.flags.c_contiguous) == ((2, 2, 3), np.float32, True)
    assert [np.unique(plane).tolist() for plane in drawn] == [[5.0], [6.0]]
