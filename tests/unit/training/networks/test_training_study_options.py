"""What networks of studies need: dropout where they have it, their grey levels, heads that convolve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.export.serving_graph import compile_serving
from training.films.manifest import Film
from training.films.of_recipe import choose_labels
from training.fitting.callbacks import Phase, phase_callbacks
from training.fitting.checkpoint import Checkpoint
from training.fitting.data import targets_of
from training.fitting.epoch_log import EpochLog
from training.fitting.fit import recipe_network
from training.networks import Options, build_network, choose_cut, normalise_featurewise, split_at
from training.networks.heads import HEAD_MAP
from training.recipe import DataRecipe, FitRecipe, load_recipe

SIDE = 64


def build(name: str, labels: int = 2, **options):
    return build_network(
        name,
        height=SIDE,
        width=SIDE,
        labels=labels,
        activation="softmax",
        dropout=0.2,
        weights=None,
        options=Options(**options),
    )


def names(model) -> list[str]:
    return [layer.name for layer in model.layers]


def test_a_block_drops_out_before_its_pooling_or_behind_it():
    before = names(build("conv3_cnn", block_dropout=0.3, dropout_first=True))
    behind = build("conv3_cnn", block_dropout=0.3)
    assert before.index("block_dropout_0") < before.index("block_0") < before.index("conv_1")
    assert names(behind).index("block_0") < names(behind).index("block_dropout_0")
    assert behind.get_layer("block_dropout_2").rate == 0.3
    assert type(behind.get_layer("features")).__name__ == "MaxPooling2D"


def test_hidden_layers_have_rates_of_their_own():
    model = build("small_cnn", dense=(8, 4), hidden_dropout=(0.5, 0.1))
    assert (model.get_layer("dropout_0").rate, model.get_layer("dropout").rate) == (0.5, 0.1)


def test_a_penalty_on_hidden_layers_leaves_the_last_layer_alone():
    model = build("small_cnn", dense=(8,), hidden_l2=0.1)
    assert model.get_layer("dense_0").kernel_regularizer is not None
    assert model.get_layer("logits").kernel_regularizer is None


@pytest.mark.parametrize(
    ("normalisation", "low", "high"), [("unit", 0.0, 1.0), ("none", 0.0, 255.0), ("symmetric", -1.0, 1.0)]
)
def test_grey_levels_reach_a_backbone_as_the_recipe_says(normalisation, low, high):
    import keras

    model = build("mobilenet", normalisation=normalisation)
    three = keras.Model(model.input, model.get_layer("three_channels").output)
    film = np.zeros((1, SIDE, SIDE, 1), np.float32)
    film[0, 0] = 255.0
    channels = np.asarray(three(film))
    assert (channels.min(), channels.max()) == pytest.approx((low, high))


def test_a_backbone_reads_films_less_the_mean_of_all_and_divided_by_their_deviation():
    import keras

    model = build("mobilenet", normalisation="featurewise")
    films = np.random.default_rng(1).integers(0, 256, (5, SIDE, SIDE, 1)).astype(np.uint8)
    normalise_featurewise(model, films)
    three = keras.Model(model.input, model.get_layer("three_channels").output)
    channels = np.asarray(three(films.astype(np.float32)))
    assert (channels.mean(), channels.std()) == pytest.approx((0.0, 1.0), abs=1e-3)


def test_convolutions_of_a_head_are_trained_with_it_and_heat_comes_from_what_they_pool(tmp_path):
    model = build_network(
        "mobilenet",
        height=256,
        width=256,
        labels=2,
        activation="softmax",
        dropout=0.0,
        weights=None,
        options=Options(head_filters=(4, 4), pooling="flatten", dense=(3,), feature_dropout=0.5),
    )
    cut = choose_cut(model, unfreeze_from="conv_dw_12")
    parts = split_at(model, cut)
    assert {weight.path.split("/")[0] for weight in parts.head.trainable_weights} == {
        "head_conv_0",
        "head_conv_1",
        "dense_0",
        "logits",
    }
    films = np.random.default_rng(2).uniform(0, 255, (2, 256, 256, 1)).astype(np.float32)
    whole = np.asarray(parts.tail(parts.front(films)))
    headed = np.asarray(parts.head(parts.pool(parts.front(films))))
    np.testing.assert_allclose(headed, whole, atol=1e-5)
    report = compile_serving(model, HEAD_MAP, tmp_path / "serving.tflite")
    assert report.cam_layer == HEAD_MAP
    assert load_recipe("uam-nodules-inceptionv3").cam_layer == HEAD_MAP


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("mobilenet", {"block_dropout": 0.2}, r"block_dropout.*plain blocks"),
        ("patch_cnn", {"last_pooling": False}, r"last_pooling.*plain blocks"),
        ("mobilenet", {"input_norm": True}, r"input_norm.*layers are fixed"),
        ("small_cnn", {"dense": (8,), "hidden_dropout": (0.1, 0.2)}, r"hidden_dropout.*one number for each"),
        ("small_cnn", {"head_filters": (4,), "pooling": "flatten"}, r"head_filters.*needs a backbone"),
        ("mobilenet", {"head_filters": (4,), "pooling": "flatten"}, r"head_filters.*4 cells.*has 2"),
    ],
)
def test_what_a_network_cannot_have_is_refused_by_name(name, options, said):
    with pytest.raises(TrainingError, match=said):
        build(name, **options)


@pytest.mark.parametrize(("entry", "trained"), [("frozen", False), ("trained", True)])
def test_batch_norm_of_a_backbone_is_trained_where_the_recipe_says_so(entry, trained, tmp_path):
    import keras

    backbone = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))
    backbone.save_weights(path := tmp_path / "mobilenet.weights.h5")
    changes = {"preparation.height": f"{SIDE}", "preparation.width": f"{SIDE}"}
    recipe = load_recipe(
        "finding-mobilenet-finetuned", {**changes, "network.backbone_batch_norm": f'"{entry}"'}
    )
    model = recipe_network(recipe, 1, str(path))
    assert model.get_layer("conv_pw_13_bn").trainable is trained


@pytest.mark.parametrize(
    ("plateau", "head", "fine_tune"), [(None, False, True), (True, True, True), (False, False, False)]
)
def test_a_plateau_that_is_asked_for_slows_both_phases(plateau, head, fine_tune, tmp_path):
    import keras

    slows = {}
    for name in ("head", "fine_tune"):
        phase = Phase(name, 3, "val_loss", EpochLog(tmp_path / f"{name}.csv"), tmp_path, tmp_path / "state")
        found = phase_callbacks(
            None,
            FitRecipe(plateau=plateau),
            phase,
            Checkpoint.read(tmp_path / "none"),
            score=lambda: {"val_macro_auroc": 0.5},
            baseline=None,
            show=lambda _: None,
        )
        slows[name] = any(isinstance(one, keras.callbacks.ReduceLROnPlateau) for one in found)
    assert slows == {"head": head, "fine_tune": fine_tune}


def test_no_finding_is_a_class_of_its_own_where_a_recipe_names_it():
    films = [
        Film(Path(f"{index}.png"), frozenset(labels), split)
        for index, (labels, split) in enumerate(
            [([], "train"), (["mass"], "train"), ([], "val"), (["mass"], "val")]
        )
    ]
    data = DataRecipe(
        manifest="m.csv", labels=["no_finding"], any_label="finding", negative_label="no_finding"
    )
    labels, left_out = choose_labels(films, data)
    assert (labels, left_out) == (["no_finding", "finding"], {})
    assert targets_of(films, labels, data.any_label).tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
