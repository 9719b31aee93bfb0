"""Every registered network is what the registry says of it, and can be explained, cut and trained in part."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from cxr_dash.inference.runtime.gradcam import build_explainer
from training.export.serving_graph import compile_serving
from training.fitting.fit import _cut
from training.networks import NETWORKS, Options, build_network, choose_cut, freeze_batch_norm, split_at
from training.networks.backbones import scaled_channels
from training.recipe import Recipe, load_recipe

pytestmark = pytest.mark.thorough

SCRATCH = [name for name, network in NETWORKS.items() if not network.pretrained]
# one network of each family goes through a file; the larger ones hold no other kind of layer
FAMILIES = {
    "densenet121": ("densenet169", "densenet201"),
    "resnet50_v2": ("resnet50",),
    "vgg16": ("vgg19",),
    "inception_v3": (),
    "xception": (),
    "mobilenet": (),
    "mobilenet_v2": (),
    "efficientnet_b0": tuple(f"efficientnet_b{number}" for number in range(1, 8)),
    "efficientnet_v2b0": tuple(f"efficientnet_v2{kind}" for kind in ("b1", "b2", "b3", "s", "m", "l")),
} | dict.fromkeys(SCRATCH, ())
OWN = [(first, name) for first, others in FAMILIES.items() for name in (first, *others)]


def build(name: str, side: int | None = None, **changes):
    network = NETWORKS[name]
    if side is None:
        # a map of more than one cell, as heatmaps need
        side = network.size if name in SCRATCH else max(64, 2 * network.smallest - 11)
    plan = {"height": side, "width": side, "labels": 1, "activation": "sigmoid", "dropout": 0.2}
    return build_network(name, **(plan | {"weights": None} | changes))


@pytest.fixture(scope="module")
def kinds_of_layers() -> dict[str, set[type]]:
    """The kinds of layers of each family's first network, filled in as they are saved and loaded."""
    return {}


@pytest.mark.parametrize(("family", "name"), OWN)
def test_a_network_has_the_size_and_the_layers_the_registry_says(
    family, name, kinds_of_layers, tmp_path, monkeypatch
):
    import keras

    if name != family:
        # its weights are only counted: drawing a hundred million random ones takes longer than the rest
        zeros = keras.initializers.Zeros()
        monkeypatch.setattr(
            keras.initializers.VarianceScaling, "__call__", lambda _, shape, dtype=None: zeros(shape, dtype)
        )

    network = NETWORKS[name]
    model = build(name)
    assert model.count_params() == network.parameters
    explainer = build_explainer(model, network.cam_layer)
    assert explainer.cam_layer == network.cam_layer
    assert min(explainer.cam_grid) > 1
    assert explainer.class_count == 1
    kinds = {type(layer) for layer in model.layers}
    if name == family:
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
        assert build_explainer(loaded, network.cam_layer).cam_grid == explainer.cam_grid
        for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        kinds_of_layers[family] = kinds
    elif family in kinds_of_layers:
        assert kinds <= kinds_of_layers[family]
    for start in network.cuts:
        for layer in model.layers:
            layer.trainable = True
        assert choose_cut(model, unfreeze_from=start) is not None
        assert 0 < len(model.trainable_weights) < len(model.weights)


def test_every_network_of_the_registry_is_tested():
    assert [name for _, name in OWN] != []
    assert sorted(name for _, name in OWN) == sorted(NETWORKS)


@pytest.mark.parametrize(
    ("scaling", "family"),
    [
        ("caffe", "vgg16"),
        ("caffe", "vgg19"),
        ("caffe", "resnet50"),
        ("torch", "densenet"),
        ("symmetric", "mobilenet"),
        ("symmetric", "mobilenet_v2"),
        ("symmetric", "inception_v3"),
        ("symmetric", "xception"),
        ("symmetric", "resnet_v2"),
        ("own", "efficientnet"),
        ("own", "efficientnet_v2"),
    ],
)
def test_films_are_scaled_as_keras_applications_does(scaling, family):
    import keras

    film = keras.Input((9, 7, 1))
    scale = keras.Model(film, scaled_channels(film, scaling))
    films = np.random.default_rng(0).uniform(0, 255, (2, 9, 7, 1)).astype(np.float32)
    expected = getattr(keras.applications, family).preprocess_input(np.repeat(films, 3, axis=3).copy())
    np.testing.assert_allclose(np.asarray(scale(films)), expected, atol=2e-5)
    names = [name for name, entry in NETWORKS.items() if family.replace("resnet_v2", "resnet50_v2") in name]
    assert {NETWORKS[name].scaling for name in names if "v2" not in name or "v2" in family} == {scaling}


def test_weights_of_efficientnet_from_a_path_scale_as_imagenet_does(tmp_path, monkeypatch):
    import keras
    from keras.src.applications import efficientnet

    source = keras.applications.EfficientNetB0(include_top=False, weights=None, input_shape=(64, 64, 3))
    norm = next(layer for layer in source.layers if isinstance(layer, keras.layers.Normalization))
    norm.set_weights([np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225]), np.int64(0)])
    path = tmp_path / "b0.weights.h5"
    source.save_weights(path)
    monkeypatch.setattr(efficientnet.file_utils, "get_file", lambda *_, **__: str(path))
    reference = keras.applications.EfficientNetB0(
        include_top=False, weights="imagenet", input_shape=(64, 64, 3)
    )
    films = np.random.default_rng(1).uniform(0, 255, (2, 64, 64, 1)).astype(np.float32)
    expected = np.asarray(reference(np.repeat(films, 3, axis=3), training=False))
    model = build("efficientnet_b0", weights=str(path))
    features = keras.Model(model.input, model.get_layer("top_activation").output)
    np.testing.assert_allclose(
        np.asarray(features(films, training=False)), expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max()
    )


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "file", "module"),
    [("mobilenet", "mobilenet", "MobileNet"), ("mobilenet_v2", "mobilenetv2", "MobileNetV2")],
)
def test_imagenet_weights_give_the_features_of_keras_applications(name, file, module, shared_dir):
    import keras

    path = str(shared_dir / "weights" / f"{file}_imagenet_notop.weights.h5")
    reference = getattr(keras.applications, module)(
        include_top=False, weights=path, input_shape=(128, 128, 3), pooling="avg"
    )
    films = np.random.default_rng(2).uniform(0, 255, (2, 128, 128, 1)).astype(np.float32)
    expected = np.asarray(reference(np.repeat(films, 3, axis=3) / 127.5 - 1, training=False))
    model = build(name, side=128, weights=path)
    pooled = keras.Model(model.input, model.get_layer("embedding").output)
    np.testing.assert_allclose(np.asarray(pooled(films, training=False)), expected, atol=1e-4)
    assert expected.std() > 0.1


@pytest.mark.parametrize(
    ("name", "side", "file"),
    [
        ("mobilenet", 160, "mobilenet_1_0_160_tf_no_top.h5"),
        ("mobilenet_v2", 96, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5"),
        ("densenet121", 64, "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("resnet50", 64, "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("resnet50_v2", 64, "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("vgg16", 64, "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("inception_v3", 96, "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("xception", 96, "xception_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("efficientnet_b0", 64, "efficientnetb0_notop.h5"),
        ("efficientnet_v2b0", 64, "efficientnetv2-b0_notop.h5"),
    ],
)
def test_without_a_network_the_error_names_the_very_file_keras_asks_for(name, side, file, monkeypatch):
    from keras.src.utils import file_utils

    asked = []

    def refuse(fname, *arguments, **options):
        asked.append(fname)
        raise Exception("URL fetch failure")  # noqa: TRY002 - what Keras raises

    monkeypatch.setattr(file_utils, "get_file", refuse)
    with pytest.raises(TrainingError) as caught:
        build(name, side=side, weights="imagenet")
    assert asked == [file]
    assert file in str(caught.value)
    assert "~/.keras/models" in str(caught.value)
    assert "--weights" in str(caught.value)


HEADS = [
    Options(dense=(8,)),
    Options(dense=(8, 4), batch_norm=True, hidden_activation="tanh", l2=0.01),
    Options(pooling="flatten", pool_size=3, dense=(8,), batch_norm=True, hidden_activation="sigmoid"),
    Options(pooling="flatten"),
]


@pytest.mark.parametrize("options", HEADS)
def test_a_head_is_built_compiles_for_serving_and_cuts_into_equal_parts(options, tmp_path):
    model = build("small_cnn", side=32, options=options, labels=2, activation="softmax")
    report = compile_serving(model, NETWORKS["small_cnn"].cam_layer, tmp_path / "serving.tflite")
    assert report.logits_difference < 1e-4
    assert report.cams_difference < 1e-3
    assert report.cam_grid == (8, 8)
    widths = [
        layer.units for layer in model.layers if layer.name.startswith("dense_") and hasattr(layer, "units")
    ]
    assert widths == list(options.dense or ())
    assert bool(model.losses) == bool(options.l2)
    films = np.random.default_rng(3).uniform(0, 255, (2, 32, 32, 1)).astype(np.float32)
    expected = np.asarray(model(films))
    logits = np.asarray((parts := split_at(model, None)).tail(films))
    np.testing.assert_allclose(np.asarray(parts.head(parts.pool(films))), logits, atol=1e-5)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(odds / odds.sum(axis=1, keepdims=True), expected, atol=1e-5)


@pytest.mark.parametrize("name", [*(name for name in SCRATCH if name != "small_cnn"), "mobilenet"])
def test_networks_compile_for_serving_with_the_answers_of_keras(name, tmp_path):
    model = build(name, side=64, labels=2)
    report = compile_serving(model, NETWORKS[name].cam_layer, tmp_path / "serving.tflite")
    assert report.cam_layer == NETWORKS[name].cam_layer


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_sizes_of_a_network_from_scratch_are_the_recipes(activation):
    model = build(
        "block_cnn",
        side=64,
        options=Options(filters=(8, 12, 16, 20), kernels=(3,), hidden_activation=activation, dense=()),
    )
    convolutions = [layer for layer in model.layers if layer.name.startswith("conv_")]
    assert [(layer.filters, layer.kernel_size) for layer in convolutions] == [
        (filters, (3, 3)) for filters in (8, 12, 16, 20)
    ]
    assert model.get_layer("activation_2").activation.__name__ == activation
    assert model.get_layer("feature_dropout").rate == 0.5


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("mobilenet", {"options": Options(filters=(8,))}, r"network\.filters.*layers are fixed"),
        ("mobilenet", {"options": Options(pooling="flatten", pool_size=5)}, r"pool_size.*at most 2"),
        ("block_cnn", {"options": Options(kernels=(3, 5))}, r"one or as many.*kernels=\[3, 5\]"),
        ("small_xception", {"options": Options(filters=(8, 8))}, "3 or more"),
        ("xception", {"side": 70}, "at least 71 for xception; received 70 x 70"),
    ],
)
def test_what_a_network_cannot_be_is_refused_by_name(name, changes, said):
    with pytest.raises(TrainingError, match=said):
        build(name, **changes)


def test_the_last_fifty_layers_are_those_of_keras_applications():
    import keras

    theirs = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(64, 64, 3)).layers
    model = build("mobilenet_v2")
    cut = choose_cut(model, unfreeze_last=50)
    names = [layer.name for layer in model.layers]
    trained = [layer.name for layer in model.layers[: names.index("embedding")] if layer.trainable]
    assert trained == [layer.name for layer in theirs[-50:]]
    assert cut in names[: names.index(trained[0])]
    films = np.random.default_rng(4).uniform(0, 255, (2, 64, 64, 1)).astype(np.float32)
    whole = np.asarray(model(films))
    parts = split_at(model, cut)
    np.testing.assert_allclose(
        1 / (1 + np.exp(-np.asarray(parts.tail(parts.front(films))))), whole, atol=1e-5
    )
    assert not parts.front.trainable_weights


def test_layer_249_of_inception_is_the_first_behind_mixed8():
    import keras

    model = build("inception_v3")
    assert choose_cut(model, unfreeze_from=249) == "mixed8"
    theirs = keras.applications.InceptionV3(include_top=False, weights=None, input_shape=(96, 96, 3)).layers
    ours = [layer for layer in model.layers if layer.name not in ("three_channels", "scale")][: len(theirs)]
    assert [type(layer) for layer in ours] == [type(layer) for layer in theirs]
    assert [layer.trainable for layer in ours if layer.weights] == [
        number >= 249 for number, layer in enumerate(theirs) if layer.weights
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unfreeze_last": 1000}, "unfreeze_last.*at most"),
        ({"unfreeze_from": "no_such"}, "unfreeze_from.*no_such"),
        ({"unfreeze_from": 0}, "unfreeze_from.*number"),
    ],
)
def test_a_first_trained_layer_that_is_not_there_is_refused(changes, said):
    with pytest.raises(TrainingError, match=said):
        choose_cut(build("small_cnn", side=32), **changes)


def test_a_head_alone_is_cut_behind_the_pooling_and_its_own_norms_stay_trainable():
    recipe = load_recipe("quick", {"fit.fine_tune_epochs": "0"})
    model = build("small_cnn", side=32, options=Options(dense=(4,), batch_norm=True))
    freeze_batch_norm(model)
    assert _cut(model, recipe) == "embedding"
    assert model.get_layer("dense_norm_0").trainable
    assert not model.get_layer("norm_0").trainable
    parts = split_at(model, "embedding")
    pooled = np.random.default_rng(5).normal(size=(2, 64)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(parts.pool(pooled)), pooled)
    np.testing.assert_allclose(np.asarray(parts.tail(pooled)), np.asarray(parts.head(pooled)), atol=1e-6)


def test_films_are_as_large_as_the_network_was_made_for_unless_the_recipe_says():
    table = load_recipe("quick").model_dump(mode="json")
    table["network"] = {"name": "xception", "activation": "sigmoid"}
    assert Recipe.model_validate(table).preparation.height == 64
    del table["preparation"]
    assert Recipe.model_validate(table).preparation.height == 299


def test_two_cuts_at_once_are_refused():
    with pytest.raises(TrainingError, match="only one of"):
        load_recipe("quick", {"network.unfreeze_last": "5", "network.fine_tune_after": "relu_0"})


def test_the_list_of_networks_needs_no_tensorflow():
    code = (
        "import sys; from typer.testing import CliRunner; from training.cli import app\n"
        "assert 'efficientnet_b7' in CliRunner().invoke(app, ['list']).stdout\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
