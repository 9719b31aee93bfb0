"""The upright box around the lungs: where its cells lie, and what the film's cells rank."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxr_dash.domain import Box, LungField, Preparation, SideRule
from cxr_dash.imaging import SIDE_GRID, chest_phantom, effusion_phantom, side_maps
from cxr_dash.imaging.side import _film_ranks, _into_the_box, half_difference, side_of
from cxr_dash.imaging.tilt import _end, _lean, _long_axis, measure_tilt

WHOLE = Box(0, 0, 160, 160)
PLAN = Preparation(160, 160, 0.0, 255.0, False, WHOLE, WHOLE, 160, 160, 0.0)


def mask(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    found = np.zeros((160, 160), bool)
    for x, y, width, height in boxes:
        found[y : y + height, x : x + width] = True
    return found


LUNGS = mask((20, 30, 40, 96), (108, 30, 40, 96))  # 128 columns from 20 on, 96 rows from 30 on
FIELD = LungField(LUNGS.astype(np.float32), PLAN, mask((60, 78, 48, 24)).astype(np.float32))


@pytest.mark.parametrize("around", [0.0, 0.15])
def test_the_box_is_cut_into_64_by_64_pixels_of_which_each_knows_its_middle(around: float) -> None:
    matrix = _into_the_box(LUNGS, 0.0, around)
    for pixel in (0, 17, 63):
        x, y, _ = *(matrix @ (pixel, pixel, 1.0)), None
        share = (pixel + 0.5) / 64 * (1 + 2 * around) - around
        # cells are centred on whole numbers, so that the box begins half a cell before its first
        assert (x, y) == pytest.approx((20 - 0.5 + share * 128, 30 - 0.5 + share * 96))


@pytest.mark.parametrize("degrees", [12.0, -9.0])
@pytest.mark.parametrize("around", [0.0, 0.15])
def test_the_box_of_leaning_lungs_leans_as_they_do(degrees: float, around: float) -> None:
    lean = np.radians(degrees)
    rows, columns = np.nonzero(LUNGS)
    turned = (columns + 1j * rows) * np.exp(-1j * lean)
    matrix = _into_the_box(LUNGS, lean, around)
    corners = [complex(*(matrix @ (x, y, 1.0))) * np.exp(-1j * lean) for x, y in ((-0.5, -0.5), (63.5, 63.5))]
    width, height = np.ptp(turned.real) + 1, np.ptp(turned.imag) + 1
    assert corners[0].real == pytest.approx(turned.real.min() - 0.5 - around * width)
    assert corners[0].imag == pytest.approx(turned.imag.min() - 0.5 - around * height)
    assert corners[1].real == pytest.approx(turned.real.max() + 0.5 + around * width)
    assert corners[1].imag == pytest.approx(turned.imag.max() + 0.5 + around * height)


def test_cells_are_shares_of_what_they_cover() -> None:
    found = side_maps(FIELD)
    assert found is not None
    # a cell is 8 columns by 6 rows: of 16, five are a lung at either side, and the heart is the six between
    assert found[0, 8, [0, 2, 4, 11, 13, 15]] == pytest.approx(1.0, abs=0.1)
    assert found[0, 8, 6:10] == pytest.approx(0.0)
    heart = np.zeros((16, 16))
    heart[8:12, 5:11] = 1.0
    assert np.abs(found[1] - heart).max() < 0.1
    assert (found[2] == 0.5).all()


def test_a_film_without_lungs_or_without_a_heart_has_no_sides() -> None:
    assert side_maps(replace(FIELD, heart=None)) is None
    assert side_maps(LungField(np.zeros((160, 160), np.float32), PLAN, FIELD.heart)) is None


def ranks(film: np.ndarray, plan: Preparation = PLAN) -> np.ndarray:
    return _film_ranks(replace(FIELD, preparation=plan), film.astype(np.float32), LUNGS, 0.0)


def test_a_cell_ranks_by_the_share_that_is_darker_and_half_of_those_as_bright() -> None:
    found = ranks(np.tile(np.arange(160.0), (160, 1)))
    assert np.abs(found - (np.arange(16) + 0.5) / 16).max() < 1e-6
    assert (ranks(np.full((160, 160), 90.0)) == 0.5).all()


@pytest.mark.parametrize(("steps", "alike"), [(0.04, True), (0.06, False)])
def test_cells_that_differ_by_less_than_a_tenth_of_a_level_are_alike(steps: float, alike: bool) -> None:
    film = np.full((160, 160), 50.0)
    film[80:] += steps
    assert (len(np.unique(ranks(film))) == 1) is alike


def test_a_film_that_was_seen_larger_ranks_the_same() -> None:
    film = np.add.outer(np.arange(160.0), 2 * np.arange(160.0))
    large = np.kron(film, np.ones((2, 3)))
    np.testing.assert_allclose(ranks(large), ranks(film), atol=1e-6)


def test_beyond_the_films_edge_its_last_line_goes_on() -> None:
    """The box reaches 14 rows above the lungs and 19 columns beside them; a letterbox does not count."""
    film = np.tile(np.arange(160.0), (160, 1))
    barred = film.copy()
    barred[:20], barred[140:], barred[:, :16] = 500.0, 0.0, 250.0
    content = Box(16, 20, 144, 120)
    found = ranks(barred, replace(PLAN, content=content, crop=Box(0, 0, 144, 120)))
    assert (found == found[8]).all()
    assert (np.diff(found[8]) >= 0.0).all()
    assert found[8, 0] < 0.1


def test_the_half_difference_is_left_less_right_turned_over() -> None:
    maps = np.random.default_rng(0).normal(size=(3, 16, 16)).astype(np.float32)
    found = half_difference(maps)
    assert found.shape == (3, 16, 8)
    assert found[1, 4, 0] == maps[1, 4, 0] - maps[1, 4, 15]
    assert found[2, 9, 7] == maps[2, 9, 7] - maps[2, 9, 8]
    np.testing.assert_array_equal(half_difference(maps[..., ::-1]), -found)


def test_a_rule_weighs_as_many_planes_as_it_has() -> None:
    maps = np.random.default_rng(1).normal(size=(3, SIDE_GRID, SIDE_GRID)).astype(np.float32)
    weights = np.random.default_rng(2).normal(size=(2, SIDE_GRID, SIDE_GRID // 2)).astype(np.float32)
    expected = sum(
        (maps[plane, row, column] - maps[plane, row, 15 - column]) * weights[plane, row, column]
        for plane in range(2)
        for row in range(16)
        for column in range(8)
    )
    assert side_of(maps, SideRule(weights, -1.0)) == pytest.approx(float(expected), rel=1e-4)


# the tilt


def test_the_ends_of_a_lung_are_its_uppermost_and_its_lowest_tenth() -> None:
    y = np.repeat(np.arange(21.0), 5)
    x = y * 2 + np.tile(np.arange(5.0), 21)
    assert _end(x, y, top=True) == pytest.approx((4.0, 1.0))
    assert _end(x, y, top=False) == pytest.approx((40.0, 19.0))


@pytest.mark.parametrize("degrees", [0.0, 20.0, -35.0, 89.0, -89.0])
def test_the_long_axis_points_down_along_the_largest_spread(degrees: float) -> None:
    along = np.linspace(-1, 1, 101)
    angle = np.radians(degrees)
    right, below = _long_axis(-along * np.sin(angle), along * np.cos(angle))
    assert below >= 0.0
    assert np.hypot(right, below) == pytest.approx(1.0)
    assert _lean(right, below) == pytest.approx(degrees)


def test_a_lean_is_the_mean_of_both_axes_on_a_grid_that_is_coarser_one_way() -> None:
    """Two bars that lean by a third of their width a row: a quarter turn of the grid's own scale."""
    planes = np.zeros((80, 160), np.float32)
    for row in range(20, 60):
        planes[row, 60 - row : 80 - row] = planes[row, 130 - row : 150 - row] = 1.0
    found = measure_tilt(LungField(planes, PLAN))
    assert found is not None
    # a column to the left a row, of which each is two pixels high
    assert found == pytest.approx(np.degrees(np.arctan2(1, 2)), abs=0.6)


@pytest.mark.parametrize("draw", [chest_phantom, effusion_phantom])
def test_a_phantom_is_of_seed_0_and_plain_where_nothing_else_is_asked_for(draw) -> None:
    named = {"opacity": False} if draw is chest_phantom else {"effusion": True}
    np.testing.assert_array_equal(draw(64, 64), draw(64, 64, 0, **named))
    other = {name: not value for name, value in named.items()}
    assert (draw(64, 64) != draw(64, 64, 0, **other)).any()
