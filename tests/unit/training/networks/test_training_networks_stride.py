"""The last stride of a backbone left out: finer maps from the same weights."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.localisation.material import variant_of
from training.networks import NETWORKS, build_network
from training.networks.options import Options

SIZE = 64


def _network(name: str, last_stride: int | None):
    import keras

    keras.utils.set_random_seed(3)
    return build_network(
        name,
        height=SIZE,
        width=SIZE,
        labels=2,
        activation="sigmoid",
        dropout=0.0,
        weights=None,
        options=Options(last_stride=last_stride),
    )


@pytest.mark.parametrize(
    ("name", "strided"), [("mobilenet", "conv_dw_12"), ("mobilenet_v2", "block_13_depthwise")]
)
def test_without_the_last_stride_the_strided_layer_gives_the_same_and_the_values_between(name, strided):
    import keras

    plain, finer = _network(name, None), _network(name, 1)
    finer.set_weights(plain.get_weights())
    film = np.random.default_rng(0).uniform(0, 255, (1, SIZE, SIZE, 1)).astype("float32")
    coarse = keras.Model(plain.inputs, plain.get_layer(strided).output).predict_on_batch(film)
    fine = keras.Model(finer.inputs, finer.get_layer(strided).output).predict_on_batch(film)
    assert coarse.shape[1:3] == (2, 2)
    assert fine.shape[1:3] == (4, 4)
    # with the padding of the stride, the window of a coarse cell starts at every other fine one's middle
    np.testing.assert_allclose(fine[:, 1::2, 1::2], coarse, rtol=1e-4, atol=1e-5)
    cam = NETWORKS[name].cam_layer
    assert finer.get_layer(cam).output.shape[1:3] == (4, 4)


def test_a_finished_model_can_do_without_its_last_stride_too_and_on_films_of_another_size(tmp_path):
    import keras

    path = tmp_path / "model.keras"
    _network("mobilenet", None).save(path)
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    finer = variant_of(model, size=96, last_stride=1)
    assert finer.input.shape[1:] == (96, 96, 1)
    assert finer.get_layer("conv_pw_13_relu").output.shape[1:3] == (6, 6)
    assert finer.count_params() == model.count_params()


def test_a_network_whose_last_stride_cannot_be_left_out_says_so():
    with pytest.raises(TrainingError, match="last_stride"):
        build_network(
            "densenet121",
            height=SIZE,
            width=SIZE,
            labels=2,
            activation="sigmoid",
            dropout=0.0,
            weights=None,
            options=Options(last_stride=1),
        )
