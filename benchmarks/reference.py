"""Subject: the same model and the same preparation through ``model.predict`` and the keras.io recipe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks.protocol import announce, answer_commands
from benchmarks.recipe import build_grad_model, gradcam_heatmap, make_gradcam_heatmap
from cxr_dash import imaging
from cxr_dash.domain import DecodeLimits
from cxr_dash.inference.bundle import MODEL_FILE, read_spec


class Reference:
    """What a tutorial would write."""

    def __init__(self, bundle_path: Path) -> None:
        self.spec = read_spec(bundle_path)
        self.model = keras.models.load_model(bundle_path / MODEL_FILE, compile=False)
        self.classes = range(len(self.spec.labels))

    def prepared(self, data: bytes) -> NDArray[np.float32]:
        """The model input, shape (1, H, W, 1), by the very code the app uses."""
        return imaging.prepare(imaging.decode(data, DecodeLimits()), self.spec.preparation)[np.newaxis]

    def predict(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities, shape (1, C)."""
        return np.asarray(self.model.predict(batch, verbose=0))

    def heatmap(self, batch: NDArray[np.float32], index: int) -> NDArray[np.float32]:
        """The recipe for one label."""
        return make_gradcam_heatmap(batch, self.model, self.spec.cam_layer, index)


def main(bundle_path: Path, film: Path) -> None:
    reference = Reference(bundle_path)
    data = film.read_bytes()
    batch = reference.prepared(data)
    probabilities = reference.predict(batch)[0]
    announce("probabilities")
    first = reference.heatmap(batch, 0)
    announce("one_heatmap")
    heatmaps = [first, *(reference.heatmap(batch, index) for index in reference.classes[1:])]
    announce(
        "all_heatmaps",
        probabilities=probabilities.tolist(),
        heatmaps=[heatmap.ravel().tolist() for heatmap in heatmaps],
    )
    built_once = build_grad_model(reference.model, reference.spec.cam_layer)

    def predict() -> dict[str, Any]:
        reference.predict(batch)
        return {}

    def one() -> dict[str, Any]:
        reference.predict(batch)
        reference.heatmap(batch, 0)
        return {}

    def one_built_once() -> dict[str, Any]:
        reference.predict(batch)
        gradcam_heatmap(batch, built_once, 0)
        return {}

    def every() -> dict[str, Any]:
        reference.predict(batch)
        for index in reference.classes:
            reference.heatmap(batch, index)
        return {}

    def film_to(classes: range) -> dict[str, Any]:
        again = reference.prepared(data)
        reference.predict(again)
        for index in classes:
            reference.heatmap(again, index)
        return {}

    answer_commands(
        {
            "predict": predict,
            "one_heatmap": one,
            "one_heatmap_built_once": one_built_once,
            "all_heatmaps": every,
            "film_to_one": lambda: film_to(range(1)),
            "film_to_all": lambda: film_to(reference.classes),
        }
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
