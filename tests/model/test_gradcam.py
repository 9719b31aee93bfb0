"""Grad-CAM in the graph against Keras autodiff, an independent library and finite differences."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compiled_networks import Compiled

from cxr_dash.errors import BundleError, TrainingError
from cxr_dash.inference.runtime.gradcam import build_explainer
from cxr_dash.inference.runtime.keras_runtime import KerasRuntime
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from training.export.serving_graph import compile_serving, relative_difference


def test_the_reference_maps_are_worth_comparing(compiled: Compiled) -> None:
    """Every class's map varies over the film and between films, and no two classes have the same one."""
    spread = np.ptp(compiled.cams, axis=(-2, -1))
    assert spread.min() > 1e-3 * np.abs(compiled.cams).max()
    assert np.ptp(compiled.cams, axis=0).max() > 0
    flat = compiled.cams[0].reshape(compiled.cams.shape[1], -1)
    assert len(np.unique(flat.round(6), axis=0)) == len(flat)


def test_the_map_and_the_method_are_found(compiled: Compiled) -> None:
    """The last feature map is found inside nested models; the closed form is used where it holds."""
    explainer = build_explainer(compiled.model, compiled.network.cam_argument)
    assert (explainer.method, explainer.cam_layer) == (compiled.network.method, compiled.network.cam_layer)
    assert explainer.cam_grid == compiled.cams.shape[-2:]
    assert explainer.class_count == compiled.logits.shape[-1]


def test_maps_equal_keras_autodiff_after_save_and_reload(compiled: Compiled) -> None:
    """Logits and maps of the explainer equal Keras's forward pass and GradientTape, for a whole batch."""
    outputs = build_explainer(compiled.model, compiled.network.cam_argument).trace(None)(compiled.films)
    assert relative_difference(outputs["logits"].numpy(), compiled.logits) < 1e-4
    assert relative_difference(outputs["cams"].numpy(), compiled.cams) < 1e-4


def test_the_compiled_graph_equals_keras(compiled: Compiled) -> None:
    """LiteRT and the Keras runtime give the same logits, maps and embedding, film by film."""
    litert = LiteRtRuntime(compiled.serving_path)
    keras_runtime = KerasRuntime(compiled.model_path, compiled.report.cam_layer)
    for film, logits, cams in zip(compiled.films, compiled.logits, compiled.cams, strict=True):
        for raw in (litert.run(film), keras_runtime.run(film)):
            assert relative_difference(raw.logits, logits) < 1e-4
            assert relative_difference(raw.cams, cams) < 1e-4
        difference = relative_difference(litert.run(film).embedding, keras_runtime.run(film).embedding)
        assert difference < 1e-4


def test_probabilities_are_the_activation_of_the_logits(compiled: Compiled) -> None:
    """The model's own output is softmax or sigmoid of the logits that are explained."""
    import keras

    activation = compiled.model.layers[-1].activation
    expected = keras.ops.convert_to_numpy(activation(compiled.logits))
    received = compiled.model(compiled.films, training=False).numpy()
    np.testing.assert_allclose(received, expected, atol=1e-5)


def test_building_an_explainer_leaves_the_model_as_it_was(small: Compiled) -> None:
    """The graph is read, not changed: the layers have no further calls recorded on them."""
    before = [len(layer._inbound_nodes) for layer in small.model.layers]
    build_explainer(small.model).trace(None)(small.films)
    assert [len(layer._inbound_nodes) for layer in small.model.layers] == before


def _tf_keras_vis(model: Any, layer: str, films: Any, label: int) -> Any:
    """The independent implementation's map before ReLU."""
    import keras

    with warnings.catch_warnings():
        # it imports scipy under an old name and the legacy Keras backend
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
        from tf_keras_vis.utils.scores import CategoricalScore

        functional = keras.Model(model.inputs, model.outputs)  # it cannot read a Sequential of Keras 3
        return Gradcam(functional, model_modifier=ReplaceToLinear(), clone=True)(
            CategoricalScore(label),
            films,
            penultimate_layer=layer,
            seek_penultimate_conv_layer=False,
            activation_modifier=None,
            expand_cam=False,
            normalize_cam=False,
        )


@pytest.mark.parametrize("name", ["small", "small_traced", "mobilenet_flat"])
def test_maps_equal_tf_keras_vis(name: str, request: pytest.FixtureRequest) -> None:
    """The compiled graph gives what tf-keras-vis computes for the linear output of the same layer."""
    compiled: Compiled = request.getfixturevalue(name)
    runtime = LiteRtRuntime(compiled.serving_path)
    ours = np.stack([runtime.run(film).cams for film in compiled.films])
    for label in range(ours.shape[1]):
        theirs = _tf_keras_vis(compiled.model, compiled.report.cam_layer, compiled.films, label)
        assert relative_difference(ours[:, label], np.asarray(theirs)) < 1e-4


def test_weights_equal_finite_differences(small_traced: Compiled) -> None:
    """Raising one channel of the map everywhere by a little changes the logit by that channel's weight."""
    import keras
    import tensorflow as tf

    model, film = small_traced.model, small_traced.films[:1]
    position = [layer.name for layer in model.layers].index("last_pool")
    features = keras.Model(model.input, model.get_layer("last_pool").output)(film).numpy()
    weights = np.zeros((4, features.shape[-1]))

    def logits(values: Any) -> Any:
        for layer in model.layers[position + 1 : -1]:
            values = layer(values)
        return values.numpy()[0].astype(np.float64)

    step = 1e-3
    for channel in range(features.shape[-1]):
        change = np.zeros_like(features)
        change[..., channel] = step
        slope = (logits(tf.constant(features + change)) - logits(tf.constant(features - change))) / (2 * step)
        weights[:, channel] = slope / np.prod(features.shape[1:3])
    expected = np.einsum("ck,hwk->chw", weights, features[0]).astype(np.float32)
    assert relative_difference(LiteRtRuntime(small_traced.serving_path).run(film[0]).cams, expected) < 5e-3


def test_a_wrong_compiled_graph_is_refused(small: Compiled, tmp_path: Path) -> None:
    """When the saved model answers differently, the error says how much; an older file stays."""
    import keras

    other = keras.models.clone_model(small.model)  # new weights
    other.save(tmp_path / "other.keras")
    output = tmp_path / "serving.tflite"
    output.write_bytes(b"the file of an earlier export")
    with pytest.raises(TrainingError, match="must agree with Keras"):
        compile_serving(small.model, None, output, model_path=tmp_path / "other.keras")
    assert output.read_bytes() == b"the file of an earlier export"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.keras", "serving.tflite"]


def test_a_graph_that_answers_nan_is_refused(small: Compiled, tmp_path: Path) -> None:
    """NaN is not "no difference": a network with a broken weight does not get a compiled graph."""
    import keras

    broken = keras.saving.load_model(small.model_path, compile=False)
    kernel = broken.get_layer("logits").kernel
    kernel.assign(kernel * float("nan"))
    with pytest.raises(TrainingError, match="logits=nan"):
        compile_serving(broken, None, tmp_path / "serving.tflite")
    assert not list(tmp_path.iterdir())


def test_a_map_before_a_pooling_is_refused_when_compiling(small_traced: Compiled, tmp_path: Path) -> None:
    """The gradient of max pooling has no LiteRT kernel: the message says which layer to name instead."""
    layer = small_traced.model.layers[3].name
    with pytest.raises(TrainingError, match="after the last pooling"):
        compile_serving(small_traced.model, layer, tmp_path / "serving.tflite")
    assert not list(tmp_path.iterdir())


def test_a_model_without_linear_logits_is_refused() -> None:
    """A fused softmax, or no layer called logits, gives a message with the remedy."""
    import keras
    from keras import layers

    film = keras.Input((16, 16, 1))
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(film))
    with pytest.raises(BundleError, match="must be linear"):
        build_explainer(keras.Model(film, layers.Dense(2, activation="softmax", name="logits")(pooled)))
    with pytest.raises(BundleError, match="must have a layer named 'logits'"):
        build_explainer(keras.Model(film, layers.Dense(2)(pooled)))


def test_a_model_without_a_feature_map_is_refused(small: Compiled) -> None:
    """A wrong layer name, or a model that flattens its film at once, gives a message with the remedy."""
    import keras
    from keras import layers

    with pytest.raises(BundleError, match="'conv_99' to be a feature map"):
        build_explainer(small.model, "conv_99")
    film = keras.Input((16, 16, 1))
    with pytest.raises(BundleError, match="feature map"):
        build_explainer(keras.Model(film, layers.Dense(2, name="logits")(layers.Flatten()(film))))


def test_a_model_whose_graph_cannot_be_seen_is_refused() -> None:
    """A subclassed model, several inputs and an open input size are each named."""
    import keras
    from keras import layers

    class Subclassed(keras.Model):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return inputs

    with pytest.raises(BundleError, match="Functional or Sequential"):
        build_explainer(Subclassed())
    film = keras.Input((None, None, 1))
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(film))
    with pytest.raises(BundleError, match="fixed size"):
        build_explainer(keras.Model(film, layers.Dense(2, name="logits")(pooled)))
