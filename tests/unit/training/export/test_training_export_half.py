"""A bundle's saved model has weights of half the bytes, and Keras reads them as they were rounded."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.export.half import save_half
from training.networks import build_network


@pytest.fixture
def model() -> keras.Model:
    return build_network(
        "small_cnn", height=32, width=32, labels=2, activation="sigmoid", dropout=0.2, weights=None
    )


def test_keras_reads_the_rounded_weights_from_half_the_bytes(model, tmp_path):
    # a variance that float16 would make 0
    model.get_layer("logits").bias.assign(np.array([1e-9, 1.0], np.float32))
    before = [np.asarray(weight).copy() for weight in model.weights]
    model.save(tmp_path / "whole.keras")
    save_half(model, tmp_path / "half.keras")
    read = keras.saving.load_model(tmp_path / "half.keras", compile=False, safe_mode=True)
    for weight, old in zip(read.weights, before, strict=True):
        now = np.asarray(weight)
        assert now.dtype == old.dtype
        assert (now == (old.astype(np.float16) if old.ndim > 1 else old)).all()
    films = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 1)).astype(np.float32)
    np.testing.assert_allclose(read.predict(films, verbose=0), model.predict(films, verbose=0), atol=1e-6)
    sizes = [(tmp_path / name).stat().st_size for name in ("whole.keras", "half.keras")]
    assert sizes[1] < 0.75 * sizes[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["half.keras", "whole.keras"]


def test_a_weight_that_float16_cannot_hold_is_named(model, tmp_path):
    kernel, bias = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([kernel * 0 + 1e6, bias])
    with pytest.raises(TrainingError, match="logits/kernel"):
        save_half(model, tmp_path / "half.keras")
