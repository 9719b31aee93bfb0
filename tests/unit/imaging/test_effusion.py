"""The drawn chest with an effusion: as a large one looks, where it says it is, and the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.domain import Radiograph, Verdict
from cxr_dash.imaging import check_film, chest_phantom, effusion_area, effusion_phantom

SIDE = 512


def brightened(seed: int) -> np.ndarray:
    """What the fluid changes: grey levels, shape (512, 512)."""
    with_it = effusion_phantom(SIDE, SIDE, seed).astype(float)
    return np.asarray(with_it - effusion_phantom(SIDE, SIDE, seed, effusion=False))


def test_it_is_the_same_for_a_seed_and_differs_between_seeds() -> None:
    np.testing.assert_array_equal(effusion_phantom(256, 240, 3), effusion_phantom(256, 240, 3))
    assert (effusion_phantom(256, 240, 3) != effusion_phantom(256, 240, 4)).mean() > 0.5


def test_it_is_a_plain_8_bit_film_of_the_size_that_was_asked_for() -> None:
    film = effusion_phantom(500, 460)
    assert film.shape == (500, 460)
    assert film.dtype == np.uint8
    assert film.min() < 20
    assert film.max() > 235
    assert check_film(Radiograph(film, 8, "png", "0" * 64)).verdict is Verdict.OK


def test_where_no_size_is_asked_for_film_and_area_are_those_of_the_first_chest() -> None:
    assert effusion_phantom().shape == effusion_area().shape == chest_phantom().shape == (1024, 1024)


def test_the_fluid_lies_in_the_lower_half_of_the_right_lung() -> None:
    rows, columns = np.nonzero(effusion_area(SIDE, SIDE))
    assert 0.40 * SIDE < rows.min() < rows.max() < 0.78 * SIDE
    assert 0.14 * SIDE < columns.min() < columns.max() < 0.46 * SIDE
    assert 0.04 < rows.size / SIDE**2 < 0.08


def test_the_area_follows_the_chest_into_a_frame_that_is_not_square() -> None:
    wide = effusion_area(200, 320)
    assert not wide[:, :60].any()
    assert not wide[:, 260:].any()
    np.testing.assert_array_equal(wide[:, 60:260], effusion_area(200, 200))


@pytest.mark.parametrize("seed", range(4))
def test_the_film_is_whiter_in_the_area_and_hardly_changed_elsewhere(seed: int) -> None:
    more, area = brightened(seed), effusion_area(SIDE, SIDE)
    assert more[area].mean() > 60
    # scattered rays reach a little further; the other lung and the upper zones stay as they were
    assert abs(more[: SIDE // 3]).mean() < 5
    assert abs(more[:, int(0.6 * SIDE) :]).mean() < 5


def test_its_upper_edge_climbs_along_the_chest_wall() -> None:
    area = effusion_area(SIDE, SIDE)
    top = np.where(area.any(axis=0), area.argmax(axis=0), SIDE)
    wall, middle = int(0.22 * SIDE), int(0.33 * SIDE)
    assert top[middle] - top[wall] > 0.04 * SIDE
    between = top[wall : middle + 1]
    assert (np.diff(between) >= 0).all(), "a meniscus, without waves"


def test_the_dome_of_the_diaphragm_is_lost_in_the_fluid() -> None:
    def step(film: np.ndarray) -> float:
        """The brightest step downward across the right dome, at a third of the width."""
        column = film[int(0.60 * SIDE) : int(0.72 * SIDE), int(0.30 * SIDE) : int(0.34 * SIDE)].astype(float)
        rows = column.mean(axis=1)
        return float((rows[10:] - rows[:-10]).max())

    assert step(effusion_phantom(SIDE, SIDE, effusion=False)) > 45
    assert step(effusion_phantom(SIDE, SIDE)) < 15


@pytest.mark.parametrize("draw", [effusion_phantom, effusion_area])
def test_too_small_to_draw_is_refused(draw: object) -> None:
    assert callable(draw)
    with pytest.raises(ValueError, match="64 or more"):
        draw(63, 200)
