"""A network that has learned to see a bright blob: its map must lie on the blob, the right way round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cxr_dash.domain import Float32Array, RawOutput
from cxr_dash.inference.runtime.keras_runtime import KerasRuntime
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from training.export.serving_graph import compile_serving

HEIGHT, WIDTH = 48, 72  # not square: rows and columns cannot be mixed up unnoticed
CENTRES = {"top left": (12, 18), "top right": (12, 54), "bottom left": (36, 18), "bottom right": (36, 54)}


def picture(rng: np.random.Generator, centre: tuple[float, float] | None) -> Float32Array:
    """Smooth grey noise, with a bright blob of about 6 pixels radius at ``centre`` (row, column)."""
    coarse = rng.uniform(40, 110, (HEIGHT // 8, WIDTH // 8))
    film = np.kron(coarse, np.ones((8, 8))) + rng.normal(0, 4, (HEIGHT, WIDTH))
    if centre is not None:
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        distance = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2
        film += 130 * np.exp(-distance / (2 * 5.0**2))
    return np.clip(film, 0, 255)[..., None].astype(np.float32)


@pytest.fixture(scope="module")
def runtimes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, KerasRuntime | LiteRtRuntime]:
    """A tiny network trained for a few seconds on blobs anywhere, saved, reloaded and compiled."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((HEIGHT, WIDTH, 1)),
            layers.Rescaling(1 / 127.5, offset=-1.0),
            layers.Conv2D(8, 5, strides=2, padding="same", activation="relu"),
            layers.Conv2D(12, 5, strides=2, padding="same", activation="relu"),
            layers.Conv2D(12, 3, strides=2, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, name="logits"),
            layers.Activation("softmax"),
        ]
    )
    rng = np.random.default_rng(5)
    truths = np.arange(256) % 2
    places = np.stack([rng.uniform(6, HEIGHT - 6, 256), rng.uniform(6, WIDTH - 6, 256)], axis=1)
    films = np.stack([picture(rng, tuple(p) if t else None) for p, t in zip(places, truths, strict=True)])
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(films, truths, epochs=12, batch_size=16, verbose=0)
    folder: Path = tmp_path_factory.mktemp("blob")
    model.save(folder / "model.keras", include_optimizer=False)
    report = compile_serving(model, None, folder / "serving.tflite", model_path=folder / "model.keras")
    return {
        "keras": KerasRuntime(folder / "model.keras", report.cam_layer),
        "litert": LiteRtRuntime(folder / "serving.tflite"),
    }


def run(runtimes: dict[str, KerasRuntime | LiteRtRuntime], name: str, film: Float32Array) -> RawOutput:
    return runtimes[name].run(film)


@pytest.mark.parametrize("runtime", ["keras", "litert"])
@pytest.mark.parametrize("where", CENTRES)
def test_the_map_peaks_on_the_blob(
    runtimes: dict[str, KerasRuntime | LiteRtRuntime], runtime: str, where: str
) -> None:
    """In each quadrant the positive map's peak is within a cell and a half of the blob's centre."""
    raw = run(runtimes, runtime, picture(np.random.default_rng(11), CENTRES[where]))
    assert raw.logits[1] > raw.logits[0]
    height, width = raw.cams.shape[1:]
    row, column = np.unravel_index(np.argmax(raw.cams[1]), (height, width))
    centre_row = (row + 0.5) * HEIGHT / height
    centre_column = (column + 0.5) * WIDTH / width
    assert abs(centre_row - CENTRES[where][0]) <= 1.5 * HEIGHT / height
    assert abs(centre_column - CENTRES[where][1]) <= 1.5 * WIDTH / width


@pytest.mark.parametrize("runtime", ["keras", "litert"])
def test_the_blob_speaks_for_the_positive_class_and_against_the_other(
    runtimes: dict[str, KerasRuntime | LiteRtRuntime], runtime: str
) -> None:
    """On the blob the positive class's map is positive and the negative class's map is negative."""
    raw = run(runtimes, runtime, picture(np.random.default_rng(12), CENTRES["bottom left"]))
    cell = np.unravel_index(np.argmax(raw.cams[1]), raw.cams.shape[1:])
    assert raw.cams[1][cell] > 0 > raw.cams[0][cell]


@pytest.mark.parametrize("runtime", ["keras", "litert"])
def test_without_a_blob_there_is_no_evidence_for_one(
    runtimes: dict[str, KerasRuntime | LiteRtRuntime], runtime: str
) -> None:
    """On a picture without a blob the positive class's map stays far below its peak on one with a blob."""
    rng = np.random.default_rng(13)
    negative = run(runtimes, runtime, picture(rng, None))
    positive = run(runtimes, runtime, picture(rng, CENTRES["top right"]))
    assert negative.logits[0] > negative.logits[1]
    assert negative.cams[1].max() < 0.1 * positive.cams[1].max()
    assert negative.cams[1].sum() < negative.cams[0].sum()
