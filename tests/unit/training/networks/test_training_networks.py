"""Networks, their cuts, and augmentation."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.films.manifest import Film
from training.fitting.augment import augment
from training.fitting.data import cache_features, film_weights, positive_weights
from training.networks import build_network, freeze_batch_norm, split_at
from training.recipe import AugmentRecipe, FitRecipe


def build(name: str, **changes):
    plan = {"height": 64, "width": 64, "labels": 3, "activation": "sigmoid", "dropout": 0.2, "weights": None}
    return build_network(name, **(plan | changes))


@pytest.mark.parametrize("name", ["mobilenet_v2", "small_cnn"])
def test_every_network_saves_and_loads_safely_and_ends_in_logits(name, tmp_path):
    import keras

    model = build(name)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path, compile=False, safe_mode=True)
    films = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 1)).astype(np.float32)
    np.testing.assert_allclose(loaded(films), model(films), atol=1e-6)
    assert loaded.get_layer("logits").activation.__name__ == "linear"
    assert not any(isinstance(layer, keras.Model) for layer in loaded.layers)


@pytest.mark.parametrize(("name", "cut"), [("mobilenet_v2", "block_6_project_BN"), ("small_cnn", None)])
def test_the_parts_of_a_cut_network_give_the_whole(name, cut):
    model = build(name, activation="softmax")
    parts = split_at(model, cut)
    films = np.random.default_rng(1).uniform(0, 255, (2, 64, 64, 1)).astype(np.float32)
    features = films if parts.front is None else parts.front(films)
    logits = np.asarray(parts.tail(features))
    np.testing.assert_allclose(np.asarray(parts.head(parts.pool(features))), logits, atol=1e-5)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(
        np.asarray(model(films)), shifted / shifted.sum(axis=1, keepdims=True), atol=1e-5
    )


def test_a_cut_that_paths_lead_around_is_refused():
    with pytest.raises(TrainingError, match="fine_tune_after"):
        split_at(build("mobilenet_v2"), "no_such_layer")


def test_missing_weights_are_refused_before_anything_is_built(tmp_path):
    with pytest.raises(TrainingError, match="path of a weights file"):
        build("mobilenet_v2", weights=str(tmp_path / "none.h5"))
    with pytest.raises(TrainingError, match=r"network\.name"):
        build("vgg99")


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "other.weights.h5"
    build("small_cnn").save_weights(path)
    with pytest.raises(TrainingError, match="must load"):
        build("mobilenet_v2", weights=str(path))


def test_a_download_that_fails_says_what_to_do(monkeypatch):
    from keras.src.utils import file_utils

    def refuse(*arguments, **options):
        raise Exception("URL fetch failure")  # noqa: TRY002 - what Keras raises

    monkeypatch.setattr(file_utils, "get_file", refuse)
    with pytest.raises(TrainingError, match=r"URL fetch failure.*1\.0_224_no_top\.h5.*pass --weights"):
        build("mobilenet_v2", weights="imagenet", height=224, width=224)


def test_a_network_from_scratch_takes_no_weights(tmp_path):
    (tmp_path / "some.h5").write_bytes(b"")
    with pytest.raises(TrainingError, match="small_cnn must start from random weights"):
        build("small_cnn", weights=str(tmp_path / "some.h5"))


def test_frozen_batch_norm_does_not_train():
    model = build("mobilenet_v2")
    freeze_batch_norm(model)
    assert not any("BN" in weight.path or "bn" in weight.path for weight in model.trainable_weights)


RECIPE = AugmentRecipe(border_probability=1.0, blur_probability=0.5, aspect=0.1)


def _augmented(films, seed, recipe=RECIPE):
    import tensorflow as tf

    return augment(films, tf.constant(seed, tf.int32), recipe).numpy()


def test_augmentation_repeats_from_its_seed_and_stays_in_range():
    films = np.random.default_rng(2).integers(0, 256, (3, 32, 40, 1)).astype(np.uint8)
    one, same, other = _augmented(films, (1, 2)), _augmented(films, (1, 2)), _augmented(films, (1, 3))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).mean() > 1
    assert one.shape == films.shape
    assert one.min() >= 0
    assert one.max() <= 255


def test_augmentation_without_strength_changes_nothing():
    nothing = dict.fromkeys(AugmentRecipe.model_fields, 0.0)
    films = np.random.default_rng(3).integers(0, 256, (2, 32, 32, 1)).astype(np.uint8)
    np.testing.assert_allclose(_augmented(films, (0, 0), AugmentRecipe(**nothing)), films, atol=0.05)


def test_augmentation_never_swaps_left_and_right():
    films = np.zeros((64, 48, 48, 1), dtype=np.uint8)
    films[:, :, :12] = 200
    changed = _augmented(films, (5, 5), AugmentRecipe())
    assert (changed[:, :, :12].mean(axis=(1, 2, 3)) > changed[:, :, -12:].mean(axis=(1, 2, 3)) + 50).all()


def test_the_frame_hides_the_border_and_not_the_middle():
    films = np.full((16, 50, 50, 1), 200, dtype=np.uint8)
    only_frame = dict.fromkeys(AugmentRecipe.model_fields, 0.0) | {
        "border_probability": 1.0,
        "border_width": 0.2,
    }
    changed = _augmented(films, (6, 6), AugmentRecipe(**only_frame))
    np.testing.assert_allclose(changed[:, 11:39, 11:39], 200, atol=0.01)
    assert (changed[:, 0].mean(axis=(1, 2)) < 1).all()


def test_the_first_cached_copy_is_the_film_itself(tmp_path):
    films = np.random.default_rng(4).integers(0, 256, (5, 16, 16, 1)).astype(np.uint8)
    plan = FitRecipe(batch_size=2)
    made = cache_features(None, films, tmp_path / "f.npy", copies=2, fit=plan, recipe=RECIPE, seed=1)
    np.testing.assert_array_equal(made[0], films)
    assert np.abs(made[1].astype(float) - films).mean() > 1
    again = cache_features(None, films, tmp_path / "f.npy", copies=2, fit=plan, recipe=RECIPE, seed=1)
    np.testing.assert_array_equal(again, made)


def test_weights_balance_classes_and_sources(tmp_path):
    films = [
        Film(tmp_path, frozenset({k}), "train", source=s)
        for k, s, n in (("covid", "x", 8), ("covid", "y", 2), ("normal", "z", 30))
        for _ in range(n)
    ]
    targets = np.array(
        [[float("covid" in f.labels), float("normal" in f.labels)] for f in films], dtype=np.float32
    )
    weights = film_weights(films, targets, FitRecipe(balance_sources=True), softmax=True)
    assert weights[:10].sum() == pytest.approx(weights[10:].sum(), rel=1e-5)
    assert weights[8:10].sum() == pytest.approx(weights[:8].sum() / 2, rel=1e-5)
    assert weights.mean() == pytest.approx(1, rel=1e-5)


def test_one_sigmoid_label_balances_films_with_and_without_it_and_their_sources(tmp_path):
    kinds = (
        ("tuberculosis", "x", 8, 1.0),
        ("tuberculosis", "y", 2, 1.0),
        ("", "x", 4, 1.0),
        ("", "z", 16, 0.5),
    )
    films = [
        Film(tmp_path, frozenset({label} - {""}), "train", source=source, weight=weight)
        for label, source, count, weight in kinds
        for _ in range(count)
    ]
    targets = np.array([[float(bool(film.labels))] for film in films], dtype=np.float32)
    weights = film_weights(films, targets, FitRecipe(balance_sources=True), softmax=False)
    with_it, own, others = weights[:10].sum(), weights[10:14].sum(), weights[14:].sum()
    assert own + 2 * others == pytest.approx(with_it, rel=1e-5)
    assert 2 * others == pytest.approx(2 * own, rel=1e-5), "by the square root of their films"
    assert weights.mean() == pytest.approx(1, rel=1e-5)
    plain = film_weights(films, targets, FitRecipe(), softmax=False)
    np.testing.assert_allclose(plain / plain[0], [film.weight for film in films], rtol=1e-6)


def test_positive_weights_are_clipped():
    targets = np.zeros((100, 3), dtype=np.float32)
    targets[:2, 0], targets[:25, 1], targets[:90, 2] = 1, 1, 1
    np.testing.assert_allclose(positive_weights(targets, 5.0), [5, 3, 1])
