"""Two networks that learned to see a bright blob, as one: the ensemble's heat lies on the blob too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxr_dash.domain import Float32Array
from cxr_dash.inference.runtime.gradcam import build_explainer
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from training.ensembles.heads import stack_model
from training.ensembles.join import Joined, join
from training.ensembles.stack import Head, Layer
from training.ensembles.vote import vote_model
from training.export.serving_graph import ServingReport, compile_serving
from training.recipe import FEATURES_LAYER, Recipe

SIDE = 48
PLACES = {"top left": (12, 12), "top right": (12, 36), "bottom left": (36, 12), "bottom right": (36, 36)}


def picture(rng: np.random.Generator, centre: tuple[float, float] | None) -> Float32Array:
    film = np.kron(rng.uniform(40, 110, (6, 6)), np.ones((8, 8))) + rng.normal(0, 4, (SIDE, SIDE))
    if centre is not None:
        rows, columns = np.mgrid[:SIDE, :SIDE]
        film += 130 * np.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / 50.0)
    return np.clip(film, 0, 255)[..., None].astype(np.float32)


def trained(seed: int, strides: tuple[int, ...], films: Float32Array, truths: Any) -> Any:
    """A tiny network after a few seconds of training; the strides decide how fine its map is."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Rescaling(1 / 127.5, offset=-1.0)])
    for stride in strides:
        model.add(layers.Conv2D(12, 5, strides=stride, padding="same", activation="relu"))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(2, name="logits"))
    model.add(layers.Activation("softmax"))
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(films, truths, epochs=14, batch_size=16, verbose=0)
    return model


@dataclass(frozen=True, eq=False)
class Trained:
    models: list[Any]
    joined: Joined


@pytest.fixture(scope="module")
def members() -> Trained:
    """Their maps have 6 x 6 and 8 x 8 cells: neither grid is a multiple of the other."""
    rng = np.random.default_rng(5)
    truths = np.arange(192) % 2
    places = rng.uniform(6, SIDE - 6, (192, 2))
    films = np.stack([picture(rng, tuple(p) if t else None) for p, t in zip(places, truths, strict=True)])
    models = [trained(1, (2, 2, 2), films, truths), trained(2, (3, 2), films, truths)]
    return Trained(models, join(models, [None, None], SIDE, SIDE))


def votes(members: Trained) -> Any:
    line = np.eye(2), np.zeros(2)
    return vote_model(members.joined, [line, line], [0.5, 0.5], "softmax", "vote")


def stacked(members: Trained, recipe: Recipe) -> Any:
    """The members' own heads, halved, as the one head of a stack."""
    heads = [model.get_layer("logits").get_weights() for model in members.models]
    kernel = np.concatenate([kernel / 2 for kernel, _ in heads])
    layer = Layer(kernel, np.mean([bias for _, bias in heads], axis=0))
    return stack_model(members.joined, recipe, Head((layer,), None, 1.0), 2)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return Recipe.model_validate(
        {
            "id": "blobs",
            "data": {"manifest": "manifest.csv", "labels": ["normal", "pneumonia"]},
            "network": {"name": "ensemble", "activation": "softmax"},
            "ensemble": {"kind": "stack", "members": ["one", "other"]},
            "card": {
                "version": "1",
                "title": {"en": "Blobs", "es": "Manchas"},
                "trained_on": {"en": "nobody", "es": "nadie"},
                "intended_use": [],
                "not_for": [],
                "warnings": [],
            },
            "sources": {},
        }
    )


@pytest.fixture(scope="module")
def compiled(
    members: Trained, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[LiteRtRuntime, ServingReport]]:
    """Vote and stack, compiled; that each equals Keras autodiff is part of compiling."""
    folder: Path = tmp_path_factory.mktemp("ensembles")
    made = {}
    for name, model in (("vote", votes(members)), ("stack", stacked(members, recipe))):
        report = compile_serving(model, FEATURES_LAYER, folder / f"{name}.tflite")
        made[name] = LiteRtRuntime(folder / f"{name}.tflite"), report
    return made


@pytest.mark.parametrize(("name", "method"), [("vote", "traced"), ("stack", "closed_form")])
def test_an_ensemble_compiles_on_the_finer_grid_and_equals_keras(
    compiled: dict[str, tuple[LiteRtRuntime, ServingReport]], name: str, method: str
) -> None:
    """Both differences stay far below what export allows, on one map for both members."""
    report = compiled[name][1]
    assert (report.method, report.cam_grid, report.embedding_size) == (method, (8, 8), 24)
    assert report.logits_difference < 1e-4
    assert report.cams_difference < 1e-4


@pytest.mark.parametrize("name", ["vote", "stack"])
@pytest.mark.parametrize("where", PLACES)
def test_the_heat_of_an_ensemble_lies_on_the_blob(
    compiled: dict[str, tuple[LiteRtRuntime, ServingReport]], name: str, where: str
) -> None:
    """Its peak is within a cell and a half of the blob's centre, and speaks against the other class."""
    raw = compiled[name][0].run(picture(np.random.default_rng(11), PLACES[where]))
    assert raw.logits[1] > raw.logits[0]
    row, column = np.unravel_index(np.argmax(raw.cams[1]), raw.cams.shape[1:])
    cell = SIDE / raw.cams.shape[1]
    assert abs((row + 0.5) * cell - PLACES[where][0]) <= 1.5 * cell
    assert abs((column + 0.5) * cell - PLACES[where][1]) <= 1.5 * cell
    assert raw.cams[1, row, column] > 0 > raw.cams[0, row, column]


def test_the_heat_of_a_stack_of_both_heads_is_the_mean_of_the_members_heat(
    members: Trained, compiled: dict[str, tuple[LiteRtRuntime, ServingReport]]
) -> None:
    """The map of the coarser member, brought to the finer grid, adds up to what it was."""
    film = picture(np.random.default_rng(12), PLACES["top right"])
    own = [build_explainer(model).trace(1)(film[None])["cams"].numpy()[0] for model in members.models]
    joint = compiled["stack"][0].run(film).cams
    expected = sum(cams.sum(axis=(1, 2)) for cams in own) / 2
    np.testing.assert_allclose(joint.sum(axis=(1, 2)), expected, rtol=1e-3)


def test_members_in_one_graph_answer_as_they_do_alone(members: Trained) -> None:
    """Copies under other names, and a map that went to another grid and back, change no logit."""
    import keras

    films = np.stack([picture(np.random.default_rng(seed), PLACES["top left"]) for seed in range(3)])
    for model, logits in zip(members.models, members.joined.logits, strict=True):
        alone = keras.Model(model.inputs[0], model.get_layer("logits").output)
        joint = keras.Model(members.joined.film, logits)
        np.testing.assert_allclose(joint(films), alone(films), rtol=1e-4, atol=1e-4)
