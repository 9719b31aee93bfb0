"""A backbone's weights can be taken out of a saved model that holds them frozen."""

from __future__ import annotations

import pytest

from cxr_dash.errors import TrainingError
from training.networks import Options, build_network
from training.networks.backbone_weights import extract_backbone


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    import keras

    keras.utils.set_random_seed(3)
    base = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(64, 64, 3))
    base.trainable = False
    film = keras.Input((64, 64, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(base(film))
    model = keras.Model(film, keras.layers.Dense(2)(pooled))
    path = tmp_path_factory.mktemp("saved") / "theirs.keras"
    model.save(path)
    base.trainable = True
    model.save(path.with_name("trained.keras"))
    return path, base


@pytest.mark.parametrize("normalisation", ["", "featurewise"])
def test_a_network_built_on_the_extracted_file_has_the_saved_models_weights(saved, tmp_path, normalisation):
    path, base = saved
    file = extract_backbone(path, "mobilenet", tmp_path / "mobilenet.weights.h5")
    ours = build_network(
        "mobilenet",
        height=96,
        width=96,
        labels=2,
        activation="softmax",
        dropout=0.0,
        weights=str(file),
        options=Options(normalisation=normalisation),
    )
    for name in ("conv1", "conv_pw_13", "conv_pw_13_bn"):
        for theirs, mine in zip(
            base.get_layer(name).get_weights(), ours.get_layer(name).get_weights(), strict=True
        ):
            assert (theirs == mine).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("theirs.keras", "mobilenet_v2", "a.weights.h5"), "must contain MobileNetV2"),
        (("theirs.keras", "small_cnn", "a.weights.h5"), "`network` must be one of"),
        (("theirs.keras", "mobilenet", "a.h5"), r"must end in \.weights\.h5"),
        (("none.keras", "mobilenet", "a.weights.h5"), "there is none"),
        (("trained.keras", "mobilenet", "a.weights.h5"), "must be frozen"),
    ],
)
def test_what_cannot_be_extracted_is_refused_with_the_reason(saved, tmp_path, arguments, said):
    file, network, out = arguments
    with pytest.raises(TrainingError, match=said):
        extract_backbone(saved[0].with_name(file), network, tmp_path / out)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    broken = tmp_path / "broken.keras"
    broken.write_bytes(b"no archive")
    with pytest.raises(TrainingError, match="must load in safe mode"):
        extract_backbone(broken, "mobilenet", tmp_path / "a.weights.h5")
