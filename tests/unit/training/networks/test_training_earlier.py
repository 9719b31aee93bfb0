"""A run may begin with the backbone of an earlier one."""

from pathlib import Path

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.networks import build_network
from training.networks.earlier import weights_name

SIZE = {"height": 32, "width": 32, "activation": "sigmoid", "dropout": 0.0}


def test_the_backbone_is_taken_over_and_the_head_is_new(tmp_path: Path) -> None:
    earlier = build_network("mobilenet", labels=5, weights=None, **SIZE)
    earlier.save(tmp_path / "model.keras")
    model = build_network("mobilenet", labels=2, weights=str(tmp_path / "model.keras"), **SIZE)
    for name in ("conv1", "conv_pw_6", "conv_pw_13_bn"):
        for mine, theirs in zip(
            model.get_layer(name).get_weights(), earlier.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)
    assert model.get_layer("logits").get_weights()[0].shape[-1] == 2


def test_another_backbone_is_refused_by_the_name_of_its_layer(tmp_path: Path) -> None:
    build_network("small_cnn", labels=2, weights=None, **SIZE).save(tmp_path / "model.keras")
    with pytest.raises(TrainingError, match=r"same backbone: layer 'conv1'.*received None"):
        build_network("mobilenet", labels=2, weights=str(tmp_path / "model.keras"), **SIZE)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_bytes(b"no archive")
    with pytest.raises(TrainingError, match="saved model that loads in safe mode"):
        build_network("mobilenet", labels=2, weights=str(tmp_path / "model.keras"), **SIZE)


def test_a_record_tells_models_of_two_runs_apart() -> None:
    assert weights_name("runs/films/model.keras") == "films/model.keras"
    assert (
        weights_name("weights/mobilenet_imagenet_notop.weights.h5") == "mobilenet_imagenet_notop.weights.h5"
    )
    assert weights_name(None) == ""
