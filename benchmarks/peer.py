"""What the subjects that explain a Keras model in other ways have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.protocol import announce, answer_commands
from cxr_dash import imaging
from cxr_dash.domain import DecodeLimits
from cxr_dash.inference.bundle import MODEL_FILE, read_spec
from cxr_dash.inference.schema import BundleSpec

Array = NDArray[np.float32]
# probabilities (C,) and the maps (n, h, w) of n classes, from one film
Explain = Callable[[Sequence[int]], tuple[Array, Array]]


@dataclass(frozen=True)
class Opened:
    """A bundle's Keras model and a film as it takes it.

    Attributes
    ----------
    model : keras.Model
    spec : BundleSpec
    batch : ndarray of float32, shape (1, H, W, 1)
        Prepared by the very code that the app uses.
    """

    model: Any
    spec: BundleSpec
    batch: Array


def opened(bundle_path: Path, film: Path) -> Opened:
    """Load the model into whatever backend Keras has in this process."""
    import keras  # noqa: PLC0415  (a subject chooses the backend before)

    spec = read_spec(bundle_path)
    radiograph = imaging.decode(film.read_bytes(), DecodeLimits())
    return Opened(
        keras.models.load_model(bundle_path / MODEL_FILE, compile=False),
        spec,
        imaging.prepare(radiograph, spec.preparation)[np.newaxis],
    )


def answer(explain: Explain, classes: int) -> None:
    """Tell the bench what the film shows, and then do it again whenever it asks."""
    probabilities, maps = explain(range(classes))
    announce(
        "all_heatmaps", probabilities=probabilities.tolist(), heatmaps=maps.reshape(classes, -1).tolist()
    )

    def command(asked: range) -> Callable[[], dict[str, Any]]:
        def run() -> dict[str, Any]:
            explain(asked)
            return {}

        return run

    answer_commands({"one_heatmap": command(range(1)), "all_heatmaps": command(range(classes))})
