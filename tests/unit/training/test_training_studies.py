"""The studies' networks are built as the studies have them, layer by layer and weight by weight."""

from __future__ import annotations

import math
import re
import tomllib

import pytest

from cxr_dash.errors import TrainingError
from training.fitting.fit import recipe_network
from training.recipe import Recipe, load_any, load_recipe, recipe_names
from training.studies import STUDIES, rows_of, study_rows

RECIPES = {name: recipe for name in recipe_names() if isinstance(recipe := load_any(name), Recipe)}
REPRODUCING = {name: recipe for name, recipe in RECIPES.items() if recipe.reproduces}

# Weights of keras.applications without their top, as Keras's documentation and `summary()` have them.
DENSENET121, DENSENET201, RESNET50 = 7_037_504, 18_321_984, 23_587_712
VGG16, INCEPTION, XCEPTION = 14_714_688, 21_802_784, 20_861_480
EFFICIENTNETB7, MOBILENET, MOBILENETV2 = 64_097_687, 3_228_864, 2_257_984


def conv(kernel: int, before: int, filters: int) -> int:
    return kernel * kernel * before * filters + filters


def dense(before: int, width: int) -> int:
    return before * width + width


def norm(channels: int) -> int:
    return 4 * channels


def granada(features: int) -> int:
    """Dense 500, 200 and 3 on pooled features."""
    return dense(features, 500) + dense(500, 200) + dense(200, 3)


def chest(cells: int, kernels: tuple[int, ...], *hidden: int) -> int:
    """Input norm, blocks of 32 filters with a norm each, hidden layers, two classes."""
    total, before = norm(1), 1
    for kernel in kernels:
        total, before = total + conv(kernel, before, 32) + norm(32), 32
    before = 32 * cells * cells
    for width in (*hidden, 2):
        total, before = total + dense(before, width), width
    return total


# 64 - 2 - 2 = 60, pooled 30 x 30 cells of 32
NODULES = conv(3, 1, 32) + conv(3, 32, 32) + dense(30 * 30 * 32, 64) + dense(64, 2)
WEIGHTS = {
    "granada-densenet121-v0": DENSENET121 + dense(1024, 3),
    "granada-densenet121-v1": DENSENET121 + dense(1024, 3),
    "granada-densenet121-v2": DENSENET121 + granada(1024),
    "granada-densenet121-v2-reg": DENSENET121 + granada(1024),
    "granada-densenet121-v3": DENSENET121 + granada(1024),
    "granada-resnet50-ec": RESNET50 + granada(2048),
    "granada-resnet50-ft": RESNET50 + granada(2048),
    "granada-vgg16-ec": VGG16 + granada(512),
    "granada-vgg16-ft": VGG16 + granada(512),
    "granada-inceptionv3-ec": INCEPTION + granada(2048),
    "granada-inceptionv3-ft": INCEPTION + granada(2048),
    "granada-xception-ec": XCEPTION + granada(2048),
    "granada-xception-ft": XCEPTION + granada(2048),
    # 7 x 7 cells averaged by 4 x 4 leave one, 19 x 19 leave 4 x 4
    "havana-densenet201": DENSENET201 + dense(1920, 64) + dense(64, 3),
    "havana-efficientnetb7": EFFICIENTNETB7 + dense(4 * 4 * 2560, 64) + dense(64, 3),
    "havana-mobilenet": MOBILENET + dense(1024, 64) + dense(64, 3),
    **dict.fromkeys(
        [name for name in REPRODUCING if name.startswith("uam-nodules-")],
        NODULES,
    ),
    "uam-nodules-batch-norm": NODULES + 2 * norm(32) + norm(64),
    "uam-nodules-xception": 4_972_791,  # annex A prints it
    # 384 px: 10 x 10 cells of 2048, two convolutions leave 6 x 6, the pooling 3 x 3
    "uam-nodules-inceptionv3": INCEPTION
    + conv(3, 2048, 32)
    + conv(3, 32, 32)
    + dense(288, 64)
    + dense(64, 2),
    # 128 - 10, pooled 59, - 6, pooled 26, - 4, pooled 11
    "uam-chest-block3": chest(11, (11, 7, 5), 64),
    "uam-chest-block3-l2": chest(11, (11, 7, 5), 64),
    "uam-chest-block3-adamax": chest(11, (11, 7, 5), 64),
    "uam-chest-block3-kernels3": chest(14, (3, 3, 3), 64),
    "uam-chest-block4": chest(6, (3, 3, 3, 3), 64),
    "uam-chest-block4-adamax1": chest(6, (3, 3, 3, 3), 64),
    "uam-chest-block4-adamax2": chest(6, (3, 3, 3, 3), 64),
    "uam-chest-block4-dense2": chest(6, (3, 3, 3, 3), 64, 64),
    "uam-chest-block4-256": chest(14, (3, 3, 3, 3), 64),
    # 256 -> 127 -> 62 -> 30 -> 14, the side that the study names
    "concepcion-final": conv(3, 1, 64) + 3 * conv(3, 64, 64) + dense(14 * 14 * 64, 64) + dense(64, 1),
    "concepcion-four-layers": conv(3, 1, 64) + 3 * conv(3, 64, 64) + dense(14 * 14 * 64, 16) + dense(16, 1),
    "concepcion-two-layers": conv(3, 1, 64) + conv(3, 64, 64) + dense(62 * 62 * 64, 16) + dense(16, 1),
    "concepcion-practice": conv(3, 1, 32)
    + conv(3, 32, 64)
    + conv(3, 64, 64)
    + dense(60 * 60 * 64, 64)
    + dense(64, 1),
    # 150 -> 74 -> 36 -> 17
    "malaga-conv3": conv(3, 1, 32)
    + conv(3, 32, 64)
    + conv(3, 64, 128)
    + dense(17 * 17 * 128, 128)
    + dense(128, 4),
    "malaga-conv3-dropout": conv(3, 1, 32)
    + conv(3, 32, 64)
    + conv(3, 64, 128)
    + dense(17 * 17 * 128, 64)
    + dense(64, 4),
    "malaga-two-class": conv(3, 1, 32)
    + conv(3, 32, 64)
    + conv(3, 64, 128)
    + dense(17 * 17 * 128, 128)
    + dense(128, 2),
    "malaga-mobilenetv2": MOBILENETV2 + dense(1280, 128) + dense(128, 4),
}
# the head, or all of a network from scratch: kinds of layers, with what they are of
_CONV = "Conv2D {} Activation MaxPooling2D"
LAYERS = {
    "granada-densenet121-v1": "GlobalAveragePooling2D Dense 3",
    "granada-densenet121-v2": "GlobalAveragePooling2D Dense 500 Dense 200 Dense 3",
    "granada-densenet121-v2-reg": "GlobalAveragePooling2D Dense 500 Dropout 0.5 Dense 200 Dense 3",
    "granada-xception-ft": "GlobalAveragePooling2D Dense 500 Dropout 0.5 Dense 200 Dense 3",
    "havana-mobilenet": "AveragePooling2D Flatten Dense 64 Dropout 0.5 Dense 3",
    "uam-nodules-first": "Conv2D 32 Conv2D 32 MaxPooling2D Dropout 0.5 Flatten Dense 64 Dense 2",
    "uam-nodules-best": "Conv2D 32 Conv2D 32 MaxPooling2D Dropout 0.5 Flatten Dense 64 Dropout 0.3 Dense 2",
    "uam-nodules-batch-norm": 2 * "Conv2D 32 BatchNormalization "
    + "MaxPooling2D Flatten Dense 64 BatchNormalization Dense 2",
    "uam-nodules-xception": "Conv2D 32 BatchNormalization Conv2D 64 BatchNormalization "
    "SeparableConv2D 9 BatchNormalization SeparableConv2D 9 BatchNormalization MaxPooling2D "
    + 4
    * "SeparableConv2D 728 BatchNormalization "
    + "SeparableConv2D 1024 BatchNormalization MaxPooling2D SeparableConv2D 728 BatchNormalization "
    "SeparableConv2D 1024 BatchNormalization MaxPooling2D Dropout 0.5 Flatten Dense 64 Dropout 0.3 Dense 2",
    "uam-nodules-inceptionv3": "Conv2D 32 Conv2D 32 MaxPooling2D Dropout 0.5 Flatten Dense 64 Dense 2",
    "uam-chest-block3": "BatchNormalization "
    + 3 * "Conv2D 32 MaxPooling2D BatchNormalization "
    + "Dropout 0.5 Flatten Dense 64 Dense 2",
    "uam-chest-block4-dense2": "BatchNormalization "
    + 4 * "Conv2D 32 MaxPooling2D BatchNormalization "
    + "Dropout 0.5 Flatten Dense 64 Dense 64 Dense 2",
    "concepcion-practice": "Conv2D 32 MaxPooling2D Conv2D 64 MaxPooling2D Conv2D 64 Flatten Dense 64 Dense 1",
    "concepcion-final": 4 * "Conv2D 64 Dropout 0.25 MaxPooling2D " + "Flatten Dense 64 Dropout 0.35 Dense 1",
    "concepcion-two-layers": 2 * "Conv2D 64 Dropout 0.4 MaxPooling2D "
    + "Flatten Dense 16 Dropout 0.35 Dense 1",
    "malaga-conv3": "Conv2D 32 MaxPooling2D Conv2D 64 MaxPooling2D Conv2D 128 MaxPooling2D "
    "Flatten Dense 128 Dropout 0.5 Dense 4",
    "malaga-conv3-dropout": "Conv2D 32 MaxPooling2D Dropout 0.2 Conv2D 64 MaxPooling2D Dropout 0.2 "
    "Conv2D 128 MaxPooling2D Dropout 0.2 Flatten Dense 64 Dropout 0.3 Dense 4",
    "malaga-two-class": "Conv2D 32 MaxPooling2D Conv2D 64 MaxPooling2D Conv2D 128 MaxPooling2D "
    "Flatten Dense 128 Dense 2",
    "malaga-mobilenetv2": "GlobalAveragePooling2D Dense 128 Dropout 0.5 Dense 4",
}
UNCOUNTED = {"granada-multiscale", "havana-ensemble"}  # drawn, not told; three networks that are counted


def labels_of(recipe: Recipe) -> int:
    return len(recipe.data.labels) + bool(recipe.data.any_label)


@pytest.fixture(scope="module")
def built():
    """The networks of recipes, one of each kind; random weights are left out of what takes time."""
    import keras

    networks: dict[str, object] = {}
    zeros = keras.initializers.Zeros()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            keras.initializers.VarianceScaling, "__call__", lambda _, shape, dtype=None: zeros(shape, dtype)
        )

        def build(name: str):
            recipe = RECIPES[name]
            # what is trained of a network, and how, is no matter of its layers
            key = repr((recipe.network.name, recipe.network.options(), recipe.preparation, labels_of(recipe)))
            if key not in networks:
                networks[key] = recipe_network(recipe, labels_of(recipe), None)
            return networks[key]

        yield build


def test_every_network_of_the_studies_has_its_weights_written_down():
    assert set(WEIGHTS) | UNCOUNTED == set(REPRODUCING)
    assert set(LAYERS) <= set(WEIGHTS)


@pytest.mark.parametrize("name", sorted(WEIGHTS))
def test_a_network_has_the_weights_that_the_studys_layers_have(built, name):
    model = built(name)
    # films are normalised in the model here and before it in the studies
    scale = sum(layer.count_params() for layer in model.layers if layer.name == "scale")
    assert model.count_params() - scale == WEIGHTS[name]


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_a_network_has_the_layers_of_the_study_in_their_order(built, name):
    assert _told(built(name), LAYERS[name]) == LAYERS[name].split()


def _told(model, expected: str) -> list[str]:
    """Kinds of layers, with filters, width or rate; as many from the end as were expected."""
    words: list[list[str]] = []
    for layer in model.layers:
        kind, rate = type(layer).__name__, getattr(layer, "rate", None)
        if kind in ("InputLayer", "Rescaling", "Normalization", "Activation", "UpSampling2D", "Concatenate"):
            continue
        if kind == "Dropout" and not rate:
            continue
        size = getattr(layer, "filters", getattr(layer, "units", rate if kind == "Dropout" else None))
        words.append([kind, *([str(size)] if size else [])])
    kept: list[str] = []
    for word in reversed(words):
        if len(kept) >= len(expected.split()):
            break
        kept = word + kept
    if model.name.endswith(("_cnn", "small_xception")):
        return [part for word in words for part in word]
    return kept


def test_the_last_map_of_the_annex_is_flattened_to_what_the_annex_says(built):
    model = built("uam-nodules-xception")
    assert model.get_layer("embedding").output.shape == (None, 16384)
    assert sum(math.prod(weight.shape) for weight in model.trainable_weights) == 4_961_187


def test_every_row_of_the_studies_that_is_a_network_has_a_recipe_and_every_recipe_a_row():
    named = {key for recipe in REPRODUCING.values() for key in recipe.reproduces}
    assert named <= set(study_rows())
    # the same network on other machines, and at a third size of batch
    ours = ("TensorFlow batch 64", "TensorFlow batch 128")
    benched = {key for key in study_rows() if " batch " in key and not key.endswith(ours)}
    assert set(study_rows()) - named == benched


def test_a_row_that_is_not_there_is_refused():
    with pytest.raises(TrainingError, match="`reproduces` must name rows"):
        rows_of(["granada/DN-V9"])


def test_a_row_is_told_with_its_figures_and_where_they_stand():
    (row,) = rows_of(["granada/Xception-FT"])
    assert row.words() == (
        "accuracy on test 0.9875, accuracy on val 0.9861, loss on val 0.0352, accuracy on train 0.9946, "
        "loss on train 0.0157, epochs 20 (table 25)"
    )


def test_the_studies_are_named_with_their_films():
    for study in tomllib.loads(STUDIES.read_text(encoding="utf-8")).values():
        assert study["title"]
        assert study["films"]


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        (
            "granada-densenet121-v1",
            {
                "fit.head_optimizer": "sgd",
                "fit.head_learning_rate": 0.01,
                "fit.momentum": 0.9,
                "fit.nesterov": True,
                "fit.batch_size": 32,
                "fit.head_epochs": 20,
                "fit.fine_tune_epochs": 0,
                "fit.copies": 1,
            },
        ),
        (
            "granada-vgg16-ft",
            {
                "fit.head_epochs": 0,
                "fit.fine_tune_epochs": 20,
                "network.normalisation": "featurewise",
                "network.backbone_batch_norm": "trained",
                "augment.exposure": 0.25,
                "augment.zoom_in": 0.2,
                "augment.flip_probability": 0.5,
            },
        ),
        (
            "havana-densenet201",
            {
                "fit.loss": "mse",
                "fit.batch_size": 16,
                "fit.head_epochs": 16,
                "fit.head_learning_rate": 1e-4,
                "fit.plateau": True,
                "fit.plateau_factor": 0.5,
                "fit.plateau_min_learning_rate": 5e-5,
            },
        ),
        ("havana-efficientnetb7", {"fit.head_epochs": 15, "preparation.height": 600}),
        ("havana-mobilenet", {"fit.loss": None, "fit.label_smoothing": 0.1}),
        (
            "uam-nodules-first",
            {
                "fit.fine_tune_optimizer": "rmsprop",
                "fit.fine_tune_epochs": 100,
                "fit.batch_size": 64,
                "network.hidden_l2": 0.1,
            },
        ),
        ("uam-nodules-best", {"fit.fine_tune_optimizer": "adamax", "fit.batch_size": 128}),
        ("uam-nodules-inceptionv3", {"fit.head_epochs": 5, "network.unfreeze_from": 249}),
        (
            "uam-chest-block3",
            {
                "network.hidden_l2": 0.5,
                "network.kernels": [11, 7, 5],
                "fit.fine_tune_optimizer": "adam",
                "fit.fine_tune_learning_rate": 1e-4,
                "fit.fine_tune_epochs": 200,
                "preparation.height": 128,
            },
        ),
        ("uam-chest-block4-256", {"network.hidden_l2": 0.1, "preparation.width": 256}),
        (
            "concepcion-final",
            {
                "fit.fine_tune_epochs": 100,
                "fit.monitor": "val_loss",
                "fit.min_delta": 0.01,
                "fit.patience": 10,
                "fit.fine_tune_learning_rate": 1e-3,
                "network.activation": "sigmoid",
            },
        ),
        ("malaga-conv3", {"fit.fine_tune_epochs": 10, "fit.batch_size": 32, "network.normalisation": "unit"}),
        ("malaga-conv3-dropout", {"fit.patience": 3, "fit.monitor": "val_loss"}),
        ("malaga-two-class", {"fit.monitor": "val_accuracy", "network.dropout": 0.0}),
        ("malaga-mobilenetv2", {"network.unfreeze_last": 50, "network.backbone_batch_norm": "trained"}),
    ],
)
def test_a_recipe_trains_as_its_study_did(name, entries):
    flat = load_recipe(name).flat()
    assert {key: flat[key] for key in entries} == entries


def test_the_page_of_experiments_has_every_row_with_its_recipe_and_its_figures():
    page = (STUDIES.parents[1] / "docs" / "experiments.md").read_text(encoding="utf-8").splitlines()
    recipes: dict[str, list[str]] = {}
    for name, recipe in REPRODUCING.items():
        for key in recipe.reproduces:
            recipes.setdefault(key, []).append(f"`{name}`")
    for key, row in study_rows().items():
        told = f"| {key.partition('/')[2]} | {', '.join(recipes.get(key, ['`bench`']))} | {row.words()} | "
        (ours,) = {line.removeprefix(told) for line in page if line.startswith(told)}
        # measured with its interval, or what is missing
        assert re.match(r"test accuracy 0\.\d{3} \(0\.\d{3}-0\.\d{3}\), |not run: .+ at hand \|$", ours), told
