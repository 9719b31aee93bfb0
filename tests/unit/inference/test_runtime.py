"""What the runtimes say when something is missing or does not fit; no model is run here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from bundle_builder import write_bundle

from cxr_dash.errors import BackendMissingError, BundleMismatchError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.inference.runtime.base import as_batch
from cxr_dash.inference.runtime.keras_runtime import KerasRuntime
from cxr_dash.inference.runtime.litert import LiteRtRuntime


def test_a_film_becomes_a_contiguous_batch_of_one() -> None:
    """A transposed view of another type arrives as float32 in row order, values unchanged."""
    film = np.arange(12, dtype=np.float64).reshape(4, 3).T[..., None]
    batch = as_batch(film.astype(np.float32), (3, 4))
    assert (batch.shape, batch.dtype, batch.flags.c_contiguous) == ((1, 3, 4, 1), np.float32, True)
    np.testing.assert_array_equal(batch[0], film)


@pytest.mark.parametrize("shape", [(4, 3, 1), (3, 4), (3, 4, 3), (1, 3, 4, 1)])
def test_a_film_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    """The message names the shape that is wanted and the one that came."""
    with pytest.raises(BundleMismatchError, match=r"must have shape \(3, 4, 1\); received shape="):
        as_batch(np.zeros(shape, dtype=np.float32), (3, 4))


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    """A bundle whose graph LiteRT cannot read is refused with a remedy, and nothing counts as loaded."""
    runtimes = RuntimePool(1)
    with pytest.raises(BundleMismatchError, match="must be a LiteRT graph") as caught:
        runtimes.get(load_bundle(write_bundle(tmp_path)))
    assert "Export the bundle again" in caught.value.remedy
    assert runtimes.loaded_ids() == ()


def test_a_missing_litert_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ai-edge-litert the error says what to install."""
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(BackendMissingError, match="pip install ai-edge-litert"):
        LiteRtRuntime(tmp_path / "serving.tflite")


def test_a_missing_keras_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Keras the error says what to install, or to compile the bundle instead."""
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(BackendMissingError, match="export a compiled graph"):
        KerasRuntime(tmp_path / "model.keras")
