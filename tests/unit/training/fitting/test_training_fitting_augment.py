"""Each change of a film does what its entry says, and nothing when it is off."""

from __future__ import annotations

import numpy as np
import pytest

from training.fitting.augment import augment
from training.recipe import AugmentRecipe

NOTHING = dict.fromkeys(AugmentRecipe.model_fields, 0.0)


def changed(films: np.ndarray, **entries: float) -> np.ndarray:
    import tensorflow as tf

    return augment(films, tf.constant((3, 4), tf.int32), AugmentRecipe(**(NOTHING | entries))).numpy()


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    """Smooth grey, brighter towards the right."""
    return np.tile(np.linspace(60, 140, 64, dtype=np.float32)[None, None, :, None], (24, 64, 1, 1))


def test_a_flip_swaps_left_and_right_of_some_films(films):
    made = changed(films, flip_probability=0.5)
    flipped = made[:, 0, 0, 0] > 100
    assert 4 < flipped.sum() < 20
    np.testing.assert_allclose(made[flipped], films[flipped][:, :, ::-1], atol=1e-3)
    np.testing.assert_allclose(made[~flipped], films[~flipped], atol=1e-3)


def test_exposure_multiplies_by_a_factor_from_its_range_for_each_film(films):
    factors = changed(films, exposure=0.25) / films
    assert np.ptp(factors, axis=(1, 2, 3)).max() < 1e-4
    whole = factors[:, 0, 0, 0]
    assert whole.min() >= 0.8 - 1e-4
    assert whole.max() <= 1.25 + 1e-4
    assert whole.min() < 0.9
    assert whole.max() > 1.1


def test_zooming_in_only_enlarges(films):
    # the film's gradient gets flatter by as much as the film is enlarged
    slope = np.diff(changed(films, zoom_in=0.2)[:, 32, 20:44, 0], axis=1).mean(axis=1)
    scale = (80 / 63) / slope
    assert scale.min() >= 1 - 1e-3
    assert scale.max() <= 1.2 + 1e-3
    assert np.ptp(scale) > 0.1


def test_darkening_fades_out_towards_the_middle():
    flat = np.full((16, 60, 60, 1), 200, dtype=np.float32)
    made = changed(flat, border_darkening=0.8, border_width=0.2)
    np.testing.assert_allclose(made[:, 13:47, 13:47], 200, atol=0.01)
    top = made[:, :13, 30, 0]
    assert (np.diff(top, axis=1) >= 0).all()
    assert top[:, 0].min() >= 200 * 0.2 - 1
    assert top[:, 0].min() < 120


def test_a_letter_near_the_border_is_painted_over_with_what_lies_behind_it():
    film = np.full((1, 100, 100, 1), 70, dtype=np.float32)
    film[:, 8:18, 80:82] = film[:, 16:18, 80:88] = 250  # an L
    film[:, 45:55, 45:47] = 250  # a bright line in the middle is anatomy
    made = changed(film, marker_erasing_probability=1.0, marker_size=0.2)
    np.testing.assert_allclose(made[:, 5:20, 75:90], 70, atol=0.01)
    np.testing.assert_array_equal(made[:, 40:60, 40:60], film[:, 40:60, 40:60])


def test_a_film_without_letters_stays_as_it_is(films):
    np.testing.assert_allclose(
        changed(films, marker_erasing_probability=1.0, marker_size=0.2), films, atol=1e-3
    )
