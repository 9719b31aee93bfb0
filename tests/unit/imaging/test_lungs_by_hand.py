"""Lungs on grids of which every cell is counted: limits on their edge, places to the pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cells import LEFT, PLAN, RIGHT, mask

from cxr_dash.domain import Box, LungField, Preparation
from cxr_dash.imaging import film_mask, lung_box, measure_lungs
from cxr_dash.imaging.lungs import (
    _along,
    _filled,
    _middle,
    borders_touched,
    content_of,
    lung_grid,
    lung_parts,
    wider,
)

CROPPED = replace(
    PLAN, film_width=300, film_height=280, crop=Box(30, 40, 163, 200), content=Box(10, 0, 80, 100)
)


def field(*boxes: tuple[int, int, int, int], plan: Preparation = PLAN, level: float = 1.0) -> LungField:
    return LungField(np.where(mask(*boxes), level, 0.0).astype(np.float32), plan)


@pytest.mark.parametrize(("level", "cells"), [(0.5, 2000), (0.499, 0)])
def test_half_a_probability_is_lung(level: float, cells: int) -> None:
    assert lung_grid(field(LEFT, RIGHT, level=level)).sum() == cells


@pytest.mark.parametrize(
    ("second", "parts"),
    [
        ((60, 20, 10, 10), 2),  # a hundredth of the film
        ((60, 20, 9, 11), 1),
        # what hangs together by a corner alone does not
        ((30, 70, 20, 20), 2),
        ((30, 69, 20, 20), 1),
    ],
)
def test_a_part_is_at_least_a_hundredth_of_the_film(second: tuple[int, int, int, int], parts: int) -> None:
    assert len(lung_parts(field(LEFT, second))) == parts


@pytest.mark.parametrize(("width", "parts"), [(20, 2), (19, 1)])
def test_the_second_lung_is_at_least_a_tenth_of_the_first(width: int, parts: int) -> None:
    """Of 40 x 50 cells."""
    assert len(lung_parts(field((0, 20, 40, 50), (60, 20, width, 10)))) == parts


def test_the_largest_comes_first_and_a_third_is_left_out() -> None:
    found = lung_parts(field((60, 20, 20, 30), LEFT, (40, 80, 30, 10)))
    assert [int(part.sum()) for part in found] == [1000, 600]
    assert found[0][30, 15]


@pytest.mark.parametrize(("height", "found"), [(15, True), (14, False)])
def test_lungs_are_at_least_three_hundredths_of_the_film(height: int, found: bool) -> None:
    assert bool(lung_grid(field((10, 20, 10, height), (60, 20, 10, 15))).any()) is found


def test_what_is_beside_the_film_is_no_lung() -> None:
    plan = replace(PLAN, content=Box(20, 5, 60, 90))
    assert np.argwhere(lung_grid(field((0, 0, 100, 100), plan=plan))).tolist()[0] == [5, 20]
    assert lung_grid(field((0, 0, 100, 100), plan=plan)).sum() == 60 * 90


def test_holes_are_filled_and_bays_are_not() -> None:
    part = mask((10, 10, 30, 30))
    part[20:25, 15:20] = part[10:15, 30:33] = False
    expected = mask((10, 10, 30, 30))
    expected[10:15, 30:33] = False
    np.testing.assert_array_equal(_filled(part), expected)


def test_wider_is_by_one_cell_each_way() -> None:
    np.testing.assert_array_equal(wider(mask((10, 20, 3, 4))), mask((9, 19, 5, 6)))


@pytest.mark.parametrize(
    ("plan", "grid", "content"),
    [
        (CROPPED, 100, Box(10, 0, 80, 100)),
        (CROPPED, 50, Box(5, 0, 40, 50)),
        (replace(CROPPED, content=Box(13, 7, 71, 83)), 50, Box(6, 4, 36, 41)),
        (replace(CROPPED, content=Box(40, 60, 1, 2)), 20, Box(8, 12, 1, 1)),
    ],
)
def test_the_cells_that_show_the_film_are_those_nearest_to_it(
    plan: Preparation, grid: int, content: Box
) -> None:
    assert content_of(LungField(np.zeros((grid, grid), np.float32), plan)) == content


def test_the_box_holds_every_pixel_that_a_cell_touches() -> None:
    # cells 20-79 of the input's columns are (20 - 10) / 80 to (80 - 10) / 80 of 163 pixels from 30 on
    assert lung_box(field((20, 10, 20, 40), (60, 15, 20, 35), plan=CROPPED)) == Box(50, 60, 173 - 50, 80)
    coarse = mask((10, 5, 10, 20), (30, 7, 10, 18), side=50).astype(np.float32)
    for finer in ((1, 1), (2, 1), (1, 4)):
        grid = np.kron(coarse, np.ones(finer, np.float32))
        assert lung_box(LungField(grid, CROPPED)) == Box(50, 60, 173 - 50, 80)


@pytest.mark.parametrize(
    ("cells", "across", "ends"),
    [((20, 79), True, (50, 173)), ((10, 49), False, (60, 140)), ((0, 99), True, (9, 214))],
)
def test_cells_come_to_pixels_in_either_direction(
    cells: tuple[int, int], across: bool, ends: tuple[int, int]
) -> None:
    assert _along(np.array(cells), 100, CROPPED, across=across) == ends


def test_cells_end_at_the_film_and_are_at_least_a_pixel() -> None:
    near = replace(CROPPED, crop=Box(2, 40, 163, 200), film_width=170)
    assert _along(np.array([0, 99]), 100, near, across=True) == (0, 170)
    far = replace(CROPPED, crop=Box(140, 40, 163, 200), film_width=300)
    assert _along(np.array([99, 99]), 100, far, across=True) == (321, 322)


def test_measures_are_shares_of_the_film() -> None:
    probability = field(LEFT, (60, 20, 20, 30)).probability
    probability[20:30, 10:30] = 0.6
    found = measure_lungs(LungField(probability, replace(PLAN, content=Box(0, 10, 100, 80))))
    assert found.area_share == pytest.approx(1600 / 8000)
    assert (found.left_share, found.right_share) == (1000 / 8000, 600 / 8000)
    assert found.balance == pytest.approx(0.6)
    assert found.certainty == pytest.approx((200 * 0.6 + 1400) / 1600)
    assert found.touches == ()
    nothing = measure_lungs(field())
    assert (nothing.area_share, nothing.parts, nothing.balance, nothing.certainty) == (0.0, 0, 0.0, 0.0)
    assert (nothing.left_share, nothing.right_share, nothing.touches) == (0.0, 0.0, ())


def test_between_two_lungs_is_half_way_between_their_centres() -> None:
    # centres at 19.5 and 69.5, and at 19.5 and 75.5
    assert _middle([mask(LEFT), mask(RIGHT)]) == 44
    assert _middle([mask(LEFT), mask((70, 20, 12, 50))]) == 48
    assert _middle([mask((30, 20, 41, 50))]) == 50
    assert _middle([mask((30, 20, 40, 50))]) == 50


@pytest.mark.parametrize(("cells", "touched"), [(4, False), (5, True)])
def test_a_border_is_touched_by_more_than_a_25th_of_it(cells: int, touched: bool) -> None:
    for name, box in {
        "top": (30, 0, cells, 9),
        "bottom": (30, 91, cells, 9),
        "left": (0, 30, 9, cells),
        "right": (91, 30, 9, cells),
    }.items():
        assert borders_touched(mask(box)) == ((name,) if touched else ())


def test_on_the_film_nothing_comes_back_that_was_dropped_and_holes_stay_filled() -> None:
    plan = replace(PLAN, film_width=400, film_height=400, crop=Box(0, 0, 400, 400))
    probability = field(LEFT, RIGHT, (40, 5, 4, 4)).probability
    probability[40:44, 15:19] = 0.0
    found = film_mask(LungField(probability, plan))
    expected = np.kron(mask(LEFT, RIGHT), np.ones((4, 4))).astype(bool)
    assert (found != expected).sum() <= 8, "but for corners"
