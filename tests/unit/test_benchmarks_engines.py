"""What the benchmark says of engines and of other ways to a heatmap: only of those that answer alike."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brief_benchmarks import run_briefly

from benchmarks import alike, engines
from benchmarks.alike import Answer, apart, installed, left_out, of_own_peak, of_own_range, probabilities_of
from benchmarks.engine import APP, BUILDS_CACHE, ENGINES
from benchmarks.peers import PEERS, compared
from benchmarks.sealed import AVAILABLE, sealed
from benchmarks.table import Asked
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.settings import ROOT

FINDINGS = ROOT / "models" / "findings"
_MAPS = np.array([[0.0, 0.25, 1.0], [0.5, 1.0, 0.75]])
_OURS = Answer(np.array([0.2, 0.9]), _MAPS)


@pytest.mark.thorough
def test_a_brief_run_has_a_row_for_every_engine_and_peer_that_is_installed_and_names_the_others(
    tmp_path: Path,
) -> None:
    printed, kept = run_briefly(tmp_path, "engines", "peers")
    tables = (("engines", ENGINES), ("peers", PEERS))
    for table, every in tables:
        rows = kept[table][table]
        for key, one in every.items():
            there = installed(one.packages) is not None and (AVAILABLE or "sealed" not in key)
            assert (key in rows) is there
            assert (f"| {one.title} |" in printed) is there
            assert there or one.title in printed.partition("Left out")[2]
    assert APP in kept["engines"]["engines"]
    assert {"cxr-dash", "recipe", "tf-keras-vis"} <= set(kept["peers"]["peers"])
    for row in kept["engines"]["engines"].values():
        assert all(max(found.values()) <= alike.MOST_APART for found in row["apart"].values())
        assert row["uss_mib"][0] > row["before_mib"][0] > 0
        assert all(samples["clock"] and samples["cpu"] for samples in row["ms"].values())


def test_an_engine_that_answers_otherwise_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = _Said(tmp_path, maps=[[[0.0, 1.0]], [[0.5, 1.0]]])
    other = _Said(tmp_path, maps=[[[0.0, 1.0]], [[0.502, 1.0]]])
    monkeypatch.setattr(engines.Case, "process", lambda case, *_: app if case.key == APP else other)
    cases = [engines.Case(key, tmp_path, "", "") for key in (APP, "compiled")]
    samples: engines.Samples = {case.key: {"ms": {}, "apart": {}} for case in cases}
    with pytest.raises(RuntimeError, match=r"CompiledModel.* must answer alike; .* maps 0\.002 apart"):
        engines._in_turns(Asked(FINDINGS, tmp_path, brief=True), cases, samples, 1)
    assert max(samples[APP]["apart"][2].values()) == 0.0


class _Said:
    """A subject that has answered."""

    def __init__(self, folder: Path, maps: list[Any]) -> None:
        self.log, self.maps = folder, maps

    def __enter__(self) -> _Said:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def reached(self, _name: str) -> tuple[float, dict[str, Any]]:
        return 0.0, {"logits": [0.0, 1.0], "maps": self.maps}


def test_engines_that_are_missing_are_named_with_what_they_take() -> None:
    assert installed(("numpy",)) == {"numpy": np.__version__}
    assert installed(("numpy", "no-such-engine")) is None
    assert left_out({}) == ""
    said = left_out({"One": ("a", "b"), "Another": ("c",)})
    assert said == "Left out, because not installed: One (`a`, `b`); Another (`c`)."


def test_a_peer_is_compared_as_it_scales_its_maps() -> None:
    said = {"probabilities": [0.2, 0.9], "heatmaps": (7.0 * _MAPS).tolist()}
    assert max(compared(_OURS, said, PEERS["tf-keras-vis"]).values()) < 1e-9
    stretched = said | {"heatmaps": [[0.0, 0.25, 1.0], [0.0, 1.0, 0.5]]}
    assert max(compared(_OURS, stretched, PEERS["grad-cam"]).values()) < 1e-9
    with pytest.raises(RuntimeError, match=r"tf-keras-vis and cxr-dash .* maps 0\.5 apart"):
        compared(_OURS, stretched, PEERS["tf-keras-vis"])
    with pytest.raises(RuntimeError, match=r"probabilities 0\.1 "):
        compared(_OURS, said | {"probabilities": [0.2, 0.8]}, PEERS["tf-keras-vis"])


def test_a_peer_that_answers_nan_stops_the_run() -> None:
    with pytest.raises(RuntimeError, match="probabilities nan"):
        apart(_OURS, Answer(np.array([0.2, np.nan]), _MAPS), "both")


def test_maps_are_scaled_by_their_own_cells() -> None:
    raw = np.array([[[0.0, -4.0], [2.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
    np.testing.assert_allclose(of_own_peak(raw), [[0.0, -1.0, 0.5, 0.25], [0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(of_own_range(np.array([[1.0, 3.0, 2.0]])), [[0.0, 1.0, 0.5]])
    np.testing.assert_allclose(probabilities_of([0.0, np.log(3.0)], "sigmoid"), [0.5, 0.75])
    np.testing.assert_allclose(probabilities_of([0.0, np.log(3.0)], "softmax"), [0.25, 0.75])


@pytest.mark.skipif(not AVAILABLE, reason="this system seals no memory")
def test_nobody_writes_to_sealed_memory() -> None:
    with sealed(b"as it was checked") as path:
        assert path.read_bytes() == b"as it was checked"
        number = os.open(path, os.O_RDWR)
        with pytest.raises(PermissionError):
            os.write(number, b"other")
        os.close(number)
        with pytest.raises(PermissionError):
            os.truncate(path, 3)
        assert path.read_bytes() == b"as it was checked"
    assert not path.exists()


@pytest.mark.skipif(not AVAILABLE, reason="this system seals no memory")
def test_a_graph_in_sealed_memory_answers_as_the_apps_does() -> None:
    bundle = load_bundle(FINDINGS)
    assert bundle.serving_path is not None
    film = np.random.default_rng(0).uniform(0, 255, (224, 224, 1)).astype(np.float32)
    ours = ENGINES[APP].load(bundle.serving_path, 1, "")(film)
    with sealed(bundle.serving_path.read_bytes()) as path:
        theirs = ENGINES["interpreter_sealed"].load(path, 1, "")(film)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_weight_cache_is_believed_whatever_stands_in_it(tmp_path: Path) -> None:
    """Why the app has none: its bytes are no bundle's, no digest covers them, and the engine asks nothing."""
    bundle = load_bundle(FINDINGS)
    assert bundle.serving_path is not None
    film = np.random.default_rng(0).uniform(0, 255, (224, 224, 1)).astype(np.float32)
    cache, load = tmp_path / "weights.cache", ENGINES[BUILDS_CACHE].load
    right = load(bundle.serving_path, 1, str(cache))(film)
    kept = bytearray(cache.read_bytes())
    again = load(bundle.serving_path, 1, str(cache))(film)
    np.testing.assert_allclose(again[0], right[0], rtol=1e-5, atol=1e-6)
    middle = len(kept) // 2 // 4 * 4
    for weight in range(middle, middle + 4000, 4):
        kept[weight + 3] ^= 0x80  # its sign
    cache.write_bytes(kept)
    wrong = load(bundle.serving_path, 1, str(cache))(film)
    assert np.abs(wrong[0] - right[0]).max() > 0.1
