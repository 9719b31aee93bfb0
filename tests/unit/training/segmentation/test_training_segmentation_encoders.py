"""A segmenter's encoder may be a classifier's backbone, whose maps then serve both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.networks import build_network
from training.networks.options import Options
from training.recipe import SegmenterRecipe, load_any
from training.segmentation.encoders import ENCODERS
from training.segmentation.network import build_segmenter

SIZE = {"height": 64, "width": 64}
LAST = ENCODERS["mobilenet"].deepest


@pytest.fixture(scope="module")
def recipe() -> SegmenterRecipe:
    loaded = load_any("lungs-on-trunk")
    assert isinstance(loaded, SegmenterRecipe)
    return loaded


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model of the trunk's shape, with weights of its own."""
    path = tmp_path_factory.mktemp("trunk") / "model.keras"
    finer = Options(last_stride=1)
    made = build_network(
        "mobilenet", **SIZE, labels=3, activation="sigmoid", dropout=0.0, weights=None, options=finer
    )
    made.save(path)
    return path


def _map(model: Any, film: Any) -> Any:
    import keras

    return keras.Model(model.input, model.get_layer(LAST).output).predict_on_batch(film)


def test_the_encoder_gives_the_classifiers_own_maps_and_none_of_its_weights_is_trained(
    recipe: SegmenterRecipe, classifier: Path
) -> None:
    import keras

    model = build_segmenter(recipe.network, **SIZE, weights=str(classifier))
    film = np.random.default_rng(3).uniform(0, 255, (2, 64, 64, 1)).astype(np.float32)
    trunk = keras.saving.load_model(classifier, compile=False)
    np.testing.assert_array_equal(_map(model, film), _map(trunk, film))
    of_trunk = {layer.name for layer in trunk.layers}
    trained = [layer.name for layer in model.layers if layer.trainable_weights]
    assert trained
    assert not of_trunk & set(trained)


def test_maps_are_as_fine_as_the_classifiers_and_what_is_drawn_as_the_film(recipe: SegmenterRecipe) -> None:
    model = build_segmenter(recipe.network, **SIZE, weights=None)
    encoder = ENCODERS["mobilenet"]
    sides = [model.get_layer(name).output.shape[1] for name in (encoder.deepest, *encoder.skips)]
    assert sides == [4, 4, 8, 16, 32]
    assert model.output.shape == (None, 64, 64, len(recipe.network.structures))


def test_the_shipped_encoder_halves_once_more(recipe: SegmenterRecipe) -> None:
    shipped = load_any("lungs")
    assert isinstance(shipped, SegmenterRecipe)
    model = build_segmenter(shipped.network, **SIZE, weights=None)
    encoder = ENCODERS["mobilenet_v2"]
    sides = [model.get_layer(name).output.shape[1] for name in (encoder.deepest, *encoder.skips)]
    assert sides == [2, 4, 8, 16, 32]
    assert model.output.shape == (None, 64, 64, 2)


def test_a_classifier_on_another_backbone_is_refused_by_the_name_of_its_layer(
    recipe: SegmenterRecipe, classifier: Path
) -> None:
    other = recipe.network.model_copy(update={"name": "mobilenet_v2", "frozen_until": "block_5_add"})
    with pytest.raises(TrainingError, match=r"same backbone: layer 'Conv1'.*received None"):
        build_segmenter(other, **SIZE, weights=str(classifier))


def test_a_layer_to_freeze_must_be_one_of_the_encoders(recipe: SegmenterRecipe) -> None:
    other = recipe.network.model_copy(update={"frozen_until": "block_5_add"})
    with pytest.raises(TrainingError, match="must name a layer of MobileNet; received 'block_5_add'"):
        build_segmenter(other, **SIZE, weights=None)
