"""What of a network is trained: the head alone, some layers, or all; and what a recipe builds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from cxr_dash.settings import ROOT
from training.cli import app
from training.export.serving_graph import compile_serving
from training.fitting.epoch_log import EpochLog
from training.fitting.feature_store import feature_file
from training.fitting.fit import fit
from training.fitting.start import RANDOM, start_weights
from training.networks import NETWORKS, build_network, split_at
from training.recipe import Recipe
from training.recipe.sections import NetworkRecipe

pytestmark = pytest.mark.thorough

MODELS = ROOT / "models"


def changed(recipe: Recipe, **sections) -> Recipe:
    table = recipe.model_dump(mode="json")
    for section, entries in sections.items():
        table[section] = table[section] | entries
    return Recipe.model_validate(table)


def layers_of(folder: Path) -> dict[str, list[np.ndarray]]:
    import keras

    model = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)
    return {layer.name: layer.get_weights() for layer in model.layers if layer.get_weights()}


@pytest.mark.parametrize("bundle_id", ["findings", "covid"])
def test_a_released_bundles_recipe_still_builds_the_network_that_was_released(bundle_id):
    import keras

    spec = json.loads((MODELS / bundle_id / "bundle.json").read_text(encoding="utf-8"))
    recipe = spec["training"]["recipe"]
    network = {key.removeprefix("network."): entry for key, entry in recipe.items() if "network." in key}
    released = keras.saving.load_model(MODELS / bundle_id / "model.keras", compile=False, safe_mode=True)
    built = build_network(
        recipe["network.name"],
        height=recipe["preparation.height"],
        width=recipe["preparation.width"],
        labels=released.output.shape[1],
        activation=recipe["network.activation"],
        dropout=recipe["network.dropout"],
        weights=None,
        options=NetworkRecipe.model_validate(network).options(),
    )
    assert NETWORKS[recipe["network.name"]].cam_layer == spec["cam_layer"]

    def described(model):
        rows = []
        for layer in model.layers:
            config = {
                key: value for key, value in layer.get_config().items() if key not in ("trainable", "dtype")
            }
            rows.append((type(layer).__name__, config, [w.shape for w in layer.weights]))
        return json.loads(json.dumps(rows, default=str))

    assert described(built) == described(released)


def test_a_head_alone_leaves_the_backbone_as_it_was_and_shares_its_features(
    films_root, tiny_recipe, tmp_path
):
    frozen = changed(
        tiny_recipe, fit={"fine_tune_epochs": 0, "head_epochs": 3}, network={"dense": [8], "batch_norm": True}
    )
    fit(frozen, films_root, tmp_path / "first")
    files = sorted((tmp_path / "prepared").glob("features-*.npy"))
    assert len(files) == 2  # train and val
    stamps = [path.stat().st_mtime_ns for path in files]
    fit(changed(frozen, network={"l2": 0.1, "dense": [4]}), films_root, tmp_path / "second")
    assert sorted((tmp_path / "prepared").glob("features-*.npy")) == files
    assert [path.stat().st_mtime_ns for path in files] == stamps
    first, second = layers_of(tmp_path / "first"), layers_of(tmp_path / "second")
    for name in ("conv_0", "conv_2", "norm_2"):
        for one, other in zip(first[name], second[name], strict=True):
            np.testing.assert_array_equal(one, other)
    # the head's own batch normalisation has seen films
    assert np.abs(first["dense_norm_0"][2]).max() > 0


def test_features_are_kept_apart_by_all_that_they_depend_on(tiny_recipe, tmp_path):
    films = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1)).astype(np.uint8)

    def file(recipe=tiny_recipe, films=films, copies=1, front=None):
        return feature_file(front or fronts[0], films, recipe, copies=copies, folder=tmp_path)

    fronts = [
        split_at(
            build_network(
                "small_cnn", height=32, width=32, labels=1, activation="sigmoid", dropout=0.0, weights=None
            ),
            "embedding",
        ).front
        for _ in range(2)
    ]
    assert file() == file()
    assert file(changed(tiny_recipe, network={"dense": [9], "l2": 0.5})) == file()
    augmented = changed(tiny_recipe, augment={"rotation_degrees": 20.0})
    assert file(augmented) == file()
    assert len({file(copies=2), file(augmented, copies=2), file(), file(films=films + 1)}) == 4
    # the same layers with other weights
    assert file(front=fronts[1]) != file()


def test_only_the_layers_that_a_recipe_names_are_trained(films_root, tiny_recipe, tmp_path):
    short = {"fit": {"fine_tune_epochs": 2, "head_epochs": 0, "fine_tune_learning_rate": 0.01}}
    fit(changed(tiny_recipe, **short, network={"unfreeze_from": "conv_2"}), films_root, tmp_path / "last")
    fit(changed(tiny_recipe, **short, network={"unfreeze_last": 0}), films_root, tmp_path / "none")
    fit(changed(tiny_recipe, **short), films_root, tmp_path / "all")
    last, none, whole = (layers_of(tmp_path / name) for name in ("last", "none", "all"))
    np.testing.assert_array_equal(last["conv_1"][0], none["conv_1"][0])
    assert not np.array_equal(last["conv_2"][0], none["conv_2"][0])
    assert not np.array_equal(whole["conv_0"][0], none["conv_0"][0])


@pytest.mark.shared_data
def test_imagenet_features_under_a_flattened_head_train_and_compile(
    films_root, tiny_recipe, tmp_path, shared_dir
):
    import keras

    recipe = changed(
        tiny_recipe,
        preparation={"version": 1, "height": 96, "width": 96},
        network={"name": "mobilenet", "pooling": "flatten", "pool_size": 2, "dense": [8], "dropout": 0.2},
        fit={"fine_tune_epochs": 0, "head_epochs": 12, "copies": 1, "head_learning_rate": 0.005},
    )
    weights = str(shared_dir / "weights" / "mobilenet_imagenet_notop.weights.h5")
    record = fit(recipe, films_root, tmp_path / "run", weights=weights)
    assert record.val_macro_auroc > 0.9
    model = keras.saving.load_model(tmp_path / "run" / "model.keras", compile=False, safe_mode=True)
    report = compile_serving(model, NETWORKS["mobilenet"].cam_layer, tmp_path / "serving.tflite")
    assert report.method == "traced"
    assert report.cam_grid == (3, 3)


def test_choices_of_a_recipe_reach_the_network(tiny_recipe):
    recipe = changed(tiny_recipe, network={"filters": [4, 8], "kernels": [5], "dense": [3]})
    options = recipe.network.options()
    assert (options.filters, options.kernels, options.dense, options.l2) == ((4, 8), (5,), (3,), None)


@pytest.mark.parametrize(
    ("fit_", "network", "refused"),
    [
        ({"fine_tune_epochs": 0}, {}, True),
        ({}, {"unfreeze_last_blocks": 1}, True),
        ({}, {"fine_tune_after": "conv_pw_11_relu"}, True),
        ({}, {}, False),
    ],
    ids=["head alone", "last block", "above a cut", "all"],
)
def test_a_backbone_that_stays_as_it_is_must_have_weights(tiny_recipe, fit_, network, refused):
    recipe = changed(tiny_recipe, fit=fit_, network={"name": "mobilenet", **network})
    assert start_weights(recipe, RANDOM) is None
    assert start_weights(recipe, "some.h5") == "some.h5"
    if not refused:
        assert start_weights(recipe, None) is None
        return
    with pytest.raises(TrainingError, match=r"--weights` must be given.*Fetch mobilenet_.*--weights none"):
        start_weights(recipe, None)


def test_a_frozen_backbone_without_weights_is_refused_before_anything_is_read(tmp_path):
    done = CliRunner().invoke(
        app, ["fit", "finding-mobilenet-frozen", "--data", str(tmp_path), "--run-folder", str(tmp_path / "r")]
    )
    assert done.exit_code == 2
    assert "`--weights` must be given" in done.stderr
    assert not (tmp_path / "r").exists()


def test_the_kept_epoch_of_a_head_alone_is_the_heads_own(films_root, tiny_recipe, tmp_path):
    head = changed(tiny_recipe, fit={"fine_tune_epochs": 0, "head_epochs": 3})
    record = fit(head, films_root, tmp_path / "head")
    values = EpochLog(tmp_path / "head" / "head_log.csv").values(head.fit.head_monitor)
    best = min if head.fit.head_monitor == "val_loss" else max
    assert record.best_epoch == best(values, key=lambda epoch: values[epoch])
    assert record.kept == f"epoch {record.best_epoch} of the head"
