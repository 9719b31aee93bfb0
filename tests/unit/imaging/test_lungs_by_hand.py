"""Lungs and heart on grids of which every cell is counted: limits on their edge, places to the pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxr_dash.domain import Box, HeartMeasures, LungField, Preparation, RatioObstacle
from cxr_dash.imaging import film_mask, heart, lung_box, measure_heart, measure_lungs
from cxr_dash.imaging.heart import _Extent, _extent, _largest, _of_the_lungs
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

WHOLE = Box(0, 0, 100, 100)
PLAN = Preparation(100, 100, 0.0, 255.0, False, WHOLE, WHOLE, 100, 100, 0.0)
CROPPED = replace(
    PLAN, film_width=300, film_height=280, crop=Box(30, 40, 163, 200), content=Box(10, 0, 80, 100)
)


def mask(*boxes: tuple[int, int, int, int], side: int = 100) -> np.ndarray:
    """True in boxes: x, y, width, height."""
    found = np.zeros((side, side), bool)
    for x, y, width, height in boxes:
        found[y : y + height, x : x + width] = True
    return found


def field(*boxes: tuple[int, int, int, int], plan: Preparation = PLAN, level: float = 1.0) -> LungField:
    return LungField(np.where(mask(*boxes), level, 0.0).astype(np.float32), plan)


LEFT, RIGHT = (10, 20, 20, 50), (60, 20, 20, 50)


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
    coarse = np.kron(mask((10, 5, 10, 20), (30, 7, 10, 18), side=50), 1).astype(np.float32)
    assert lung_box(LungField(coarse, CROPPED)) == Box(50, 60, 173 - 50, 80)


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


# the heart


def hearted(heart_cells: np.ndarray, level: float = 1.0, lungs: float = 1.0) -> LungField:
    both = field(LEFT, RIGHT, level=lungs)
    return replace(both, heart=np.where(heart_cells, level, 0.0).astype(np.float32))


def measured(given: LungField) -> HeartMeasures:
    found = measure_heart(given)
    assert found is not None
    return found


# 8 % of 2,000 cells of lung
@pytest.mark.parametrize(
    ("box", "obstacle"), [((35, 50, 20, 8), None), ((35, 50, 53, 3), RatioObstacle.NO_HEART)]
)
def test_a_heart_is_at_least_a_twelfth_of_the_lungs(
    box: tuple[int, int, int, int], obstacle: RatioObstacle | None
) -> None:
    assert measured(hearted(mask(box))).obstacle is obstacle


def test_the_ratio_is_that_of_the_outlines_in_the_films_pixels() -> None:
    assert measured(hearted(mask((30, 45, 28, 20)))).ratio == pytest.approx(28 / 70)


@pytest.mark.parametrize(("level", "sure"), [(0.75, True), (0.749, False)])
def test_an_outline_of_which_the_segmenter_is_unsure_has_no_ratio(level: float, sure: bool) -> None:
    found = measured(hearted(mask((30, 45, 28, 20)), level))
    assert found.obstacle is (None if sure else RatioObstacle.IMPLAUSIBLE)


@pytest.mark.parametrize(
    ("outline", "ratio"),
    [
        ((30.0, 55.0, 40.0), 0.25),
        ((30.0, 54.9, 40.0), None),
        ((5.0, 90.0, 40.0), 0.85),
        ((5.0, 90.1, 40.0), None),
        ((30.0, 70.0, 0.0), None),
        ((30.0, 70.0, 0.1), 0.4),
        ((30.0, 70.0, 99.9), 0.4),
        ((30.0, 70.0, 100.0), None),
    ],
)
def test_the_heart_is_a_quarter_to_85_hundredths_of_the_thorax_and_lies_in_it(
    monkeypatch: pytest.MonkeyPatch, outline: tuple[float, float, float], ratio: float | None
) -> None:
    extents = iter([_Extent(*outline), _Extent(0.0, 40.0, 20.0), _Extent(60.0, 100.0, 80.0)])
    monkeypatch.setattr(heart, "_extent", lambda *_: next(extents))
    found = measured(hearted(mask((30, 45, 28, 20))))
    assert found.ratio == (None if ratio is None else pytest.approx(ratio))
    assert found.obstacle is (RatioObstacle.IMPLAUSIBLE if ratio is None else None)


ONE, BOTH = [mask(LEFT)], [mask(LEFT), mask(RIGHT)]
AT_THE_LEFT, AT_THE_TOP = [mask((0, 20, 20, 50)), mask(RIGHT)], [mask((10, 0, 20, 50)), mask(RIGHT)]


@pytest.mark.parametrize(
    ("parts", "tilt", "obstacle"),
    [
        (BOTH, 0.0, None),
        (BOTH, None, None),
        (BOTH, 15.0, None),
        (BOTH, -15.0, None),
        (BOTH, 15.1, RatioObstacle.ROTATED),
        (BOTH, -15.1, RatioObstacle.ROTATED),
        (AT_THE_TOP, 0.0, None),
        (AT_THE_LEFT, 0.0, RatioObstacle.LUNGS_CUT_OFF),
        ([mask(LEFT), mask((90, 20, 10, 50))], 0.0, RatioObstacle.LUNGS_CUT_OFF),
        (AT_THE_LEFT, 40.0, RatioObstacle.LUNGS_CUT_OFF),
        (AT_THE_LEFT[:1], None, RatioObstacle.ONE_LUNG),
        (ONE, None, RatioObstacle.ONE_LUNG),
        ([], None, RatioObstacle.NO_LUNGS),
    ],
)
def test_what_is_wrong_with_the_lungs_is_said_first(
    parts: list[np.ndarray], tilt: float | None, obstacle: RatioObstacle | None
) -> None:
    assert _of_the_lungs(parts, WHOLE, tilt) is obstacle


def test_of_several_parts_the_heart_is_the_largest_on_the_film() -> None:
    cells = np.where(mask((30, 40, 5, 5), (36, 46, 7, 7), (0, 0, 20, 100)), 0.5, 0.49).astype(np.float32)
    cells[40:45, 30:35] = 1.0
    np.testing.assert_array_equal(_largest(cells, Box(20, 0, 80, 100)), mask((36, 46, 7, 7)))
    np.testing.assert_array_equal(_largest(cells, Box(20, 0, 16, 100)), mask((30, 40, 5, 5)))
    # by a corner alone they are two
    cells[45, 35] = 0.5
    assert _largest(cells, Box(20, 0, 80, 100)).sum() == 49
    assert not _largest(np.full((100, 100), 0.4, np.float32), WHOLE).any()


@pytest.mark.parametrize("degrees", [0.0, 12.0, -12.0])
def test_an_extent_is_that_of_the_outline_turned_upright(degrees: float) -> None:
    """A disc, whose extent is its diameter whichever way it is turned; pixels two by three to a cell."""
    plan = replace(PLAN, film_width=200, film_height=300, crop=Box(0, 0, 200, 300))
    rows, columns = np.mgrid[0:100, 0:100] + 0.5
    away = np.hypot(2 * (columns - 40), 3 * (rows - 55))
    soft = np.clip(0.5 + (60 - away) / 6, 0, 1).astype(np.float32)
    lean = np.radians(degrees)
    found = _extent(soft, soft >= 0.5, LungField(soft, plan), lean)
    centre = 80 * np.cos(lean) + 165 * np.sin(lean)
    assert found.centre == pytest.approx(centre, abs=0.3)
    assert (found.left, found.right) == (
        pytest.approx(centre - 60, abs=0.5),
        pytest.approx(centre + 60, abs=0.5),
    )


@pytest.mark.parametrize("degrees", [30.0, -30.0])
def test_the_corners_of_a_leaning_outline_end_between_its_cells(degrees: float) -> None:
    """A square, of whose corners the last of the nine parts of a cell is left out as less than half of it."""
    square = mask((20, 30, 40, 50))
    lean = np.radians(degrees)
    found = _extent(square.astype(np.float32), square, LungField(square.astype(np.float32), PLAN), lean)
    cosine, sine = np.cos(lean), abs(np.sin(lean))
    top, bottom = (30.5, 79.5) if degrees > 0 else (-79.5, -30.5)
    assert found.left == pytest.approx(20 * cosine + top * sine)
    assert found.right == pytest.approx(60 * cosine + bottom * sine)
    assert found.centre == pytest.approx(40 * cosine + 55 * np.sin(lean))
