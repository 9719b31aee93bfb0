"""What was added for films of few pixels: changes, blends, layers before the network, changed copies."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.evaluation.perturbed import balanced_log_loss, changed, changes
from training.fitting.augment import augment
from training.fitting.data import feature_batches
from training.fitting.small_films import mixed_up
from training.networks import Options, build_network
from training.recipe import AugmentRecipe

NOTHING = dict.fromkeys(AugmentRecipe.model_fields, 0.0)


def augmented(films: np.ndarray, **entries: float) -> np.ndarray:
    import tensorflow as tf

    return augment(films, tf.constant((3, 4), tf.int32), AugmentRecipe(**(NOTHING | entries))).numpy()


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    """Blobs and fine detail, 28 pixels."""
    rng = np.random.default_rng(5)
    coarse = np.kron(rng.uniform(80, 160, (16, 7, 7)), np.ones((1, 4, 4)))
    return (coarse + rng.uniform(-20, 20, coarse.shape))[..., None].astype(np.float32)


def test_sharpness_multiplies_detail_of_each_film_and_leaves_its_mean(films):
    made = augmented(films, sharpness=0.6)
    np.testing.assert_allclose(made.mean(axis=(1, 2)), films.mean(axis=(1, 2)), atol=0.5)
    detail = np.abs(np.diff(made, axis=2)).mean(axis=(1, 2, 3)) / np.abs(np.diff(films, axis=2)).mean(
        axis=(1, 2, 3)
    )
    assert detail.min() < 0.85
    assert detail.max() > 1.15


def test_cutout_hides_one_square_of_some_films_behind_their_mean(films):
    made = augmented(films, cutout_probability=0.5, cutout_size=0.5)
    changes_ = np.abs(made - films)[..., 0] > 1e-3
    hit = changes_.any(axis=(1, 2))
    assert 2 < hit.sum() < 14
    for film, mask, value in zip(made[hit], changes_[hit], films[hit].mean(axis=(1, 2, 3)), strict=True):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert np.ptp(rows) < 14
        assert np.ptp(columns) < 14
        square = film[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        np.testing.assert_allclose(square, value, atol=0.1)


def test_supersampling_keeps_detail_that_moving_blurs():
    noise = np.random.default_rng(5).uniform(0, 255, (32, 28, 28)).astype(np.float32)
    smooth = np.stack([cv2.GaussianBlur(film, (0, 0), 1.0) for film in noise])[..., None]
    moved = {"rotation_degrees": 8.0, "shift": 0.03}

    def detail(made: np.ndarray) -> float:
        return float(np.abs(np.diff(made[:, 6:22, 6:22], axis=2)).mean())

    coarse, fine = (
        detail(augmented(smooth, **moved, supersampling=times)) / detail(smooth) for times in (0, 3)
    )
    assert coarse < 0.9
    assert fine > 0.93


def test_supersampling_must_be_odd():
    with pytest.raises(ValueError, match="odd"):
        AugmentRecipe(supersampling=4)


def test_mixup_blends_features_truths_and_weights_of_the_same_pairs():
    count = 32
    one = np.arange(count, dtype=np.float32)
    truths = np.stack([one % 2, 1 - one % 2], axis=1)
    features, mixed, weights = mixed_up((one[:, None], truths, one + 1), 0.4, np.random.default_rng(1))
    np.testing.assert_allclose(weights, features[:, 0] + 1, rtol=1e-5)
    np.testing.assert_allclose(mixed.sum(axis=1), 1.0, rtol=1e-5)
    # every film keeps the larger share of itself
    assert (mixed[np.arange(count), truths.argmax(axis=1)] >= 0.5 - 1e-6).all()
    assert np.abs(features[:, 0] - one).max() > 0.1


def test_a_run_that_goes_on_blends_the_films_that_an_unbroken_one_does():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(2, 12, 3)).astype(np.float16)
    truths, weights = np.eye(2, dtype=np.float32)[rng.integers(2, size=12)], np.ones(12, np.float32)

    def epochs(first: int, number: int) -> list[np.ndarray]:
        batches = feature_batches(features, truths, weights, 5, 7, first_epoch=first, mixup=0.4)
        return [np.concatenate([one.numpy() for one, _, _ in batches]) for _ in range(number)]

    unbroken = epochs(0, 2)
    np.testing.assert_array_equal(unbroken[1], epochs(1, 1)[0])
    assert not np.array_equal(unbroken[0], unbroken[1])


def build(**options):
    """A network for films of 28 pixels, with two classes."""
    return build_network(
        "small_cnn",
        height=28,
        width=28,
        labels=2,
        activation="softmax",
        dropout=0.0,
        weights=None,
        options=Options(**options),
    )


@pytest.fixture(scope="module")
def standardised():
    return {kind: build(standardise=kind, enlarge=2, filters=(4, 8)) for kind in ("film", "local")}


def levels_of(model, films: np.ndarray) -> np.ndarray:
    """What the network sees of films: no weight, so nothing drawn at random, lies in front of it."""
    import keras

    return np.asarray(keras.Model(model.input, model.get_layer("grey_levels").output)(films))


@pytest.mark.parametrize("kind", ["film", "local"])
def test_a_standardising_network_sees_the_same_whatever_exposure_and_contrast(standardised, films, kind):
    seen = levels_of(standardised[kind], films)
    np.testing.assert_allclose(seen.mean(axis=(1, 2, 3)), 127.5, atol=0.1)
    np.testing.assert_allclose(seen.std(axis=(1, 2, 3)), 64.0, atol=0.1)
    np.testing.assert_allclose(seen, levels_of(standardised[kind], 0.6 * films + 30.0), atol=0.05)


def test_local_standardising_takes_slow_shades_away_too(standardised, films):
    shade = np.linspace(-40, 40, 28, dtype=np.float32)[None, None, :, None]
    inner = slice(5, -5)
    difference = {}
    for kind, model in standardised.items():
        before, after = (levels_of(model, part)[:, inner, inner] for part in (films, films + shade))
        difference[kind] = np.abs(before - after).mean()
    assert difference["local"] < 0.35 * difference["film"]


def test_enlarging_gives_the_network_more_pixels_than_the_film_has(standardised):
    assert standardised["film"].input.shape[1:3] == (28, 28)
    assert standardised["film"].get_layer("enlarge").output.shape[1:3] == (56, 56)


def test_a_standardising_network_refuses_a_featurewise_mean():
    with pytest.raises(TrainingError, match="standardise"):
        build(standardise="film", normalisation="featurewise")


def test_every_change_of_a_film_is_the_same_each_time_and_stays_within_grey_levels(films):
    for name, change in changes().items():
        made = changed(films, change)
        np.testing.assert_array_equal(made, changed(films, change))
        assert made.shape == films.shape
        assert made.min() >= 0
        assert made.max() <= 255
        assert np.array_equal(made, films) == (name == "none"), name


def test_the_balanced_log_loss_weighs_a_rare_class_like_a_common_one():
    truths = np.eye(2)[[0, 0, 0, 1]]
    probabilities = np.array([[0.5, 0.5]] * 3 + [[0.75, 0.25]])
    expected = (np.log(2) + np.log(4)) / 2
    assert balanced_log_loss(probabilities, truths, softmax=True) == pytest.approx(expected)
    # of two labels that stand alone, each answer of each counts alike
    assert balanced_log_loss(probabilities, truths, softmax=False) == pytest.approx(expected)
