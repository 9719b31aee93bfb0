"""A network built, saved, reloaded and compiled, with Keras's own answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from networks import NETWORKS, Network

from cxr_dash.domain import Float32Array
from training.export.autodiff import autodiff_gradcam
from training.export.serving_graph import ServingReport, compile_serving


@dataclass(frozen=True, eq=False)
class Compiled:
    """A network after saving and reloading, its compiled graph, and Keras's own answers on a few films."""

    network: Network
    model: Any
    model_path: Path
    serving_path: Path
    report: ServingReport
    films: Float32Array
    logits: Float32Array
    cams: Float32Array


def films_for(model: Any, count: int = 3, seed: int = 1) -> Float32Array:
    """Seeded films with coarse structure, grey levels 0-255."""
    rng = np.random.default_rng(seed)
    _, height, width, _ = model.input_shape
    coarse = rng.uniform(0, 200, (count, height // 8, width // 8))
    films = np.kron(coarse, np.ones((1, 8, 8))) + rng.uniform(0, 55, (count, height, width))
    return films[..., None].astype(np.float32)


@cache
def compiled_network(name: str, folder: Path) -> Compiled:
    import keras

    keras.utils.set_random_seed(7)
    keras.backend.clear_session()  # layer names count from one again
    network = NETWORKS[name]
    model_path, serving_path = folder / f"{name}.keras", folder / f"{name}.tflite"
    built = network.build()
    built.save(model_path)
    films = films_for(built)
    report = compile_serving(built, network.cam_argument, serving_path, films=films, model_path=model_path)
    model = keras.saving.load_model(model_path, compile=False, safe_mode=True)
    logits, cams = autodiff_gradcam(model, report.cam_layer, films)
    return Compiled(network, model, model_path, serving_path, report, films, logits, cams)
