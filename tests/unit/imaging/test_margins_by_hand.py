"""Margins of one level and black ones: every limit on its edge, on pictures of a hundred pixels a side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cxr_dash.domain import Box
from cxr_dash.imaging.borders import find_borders
from cxr_dash.imaging.film_area import _margin, _share_off, find_film, is_lossy

SIDES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "top": lambda p: p,
    "bottom": lambda p: p[::-1],
    "left": lambda p: p.T,
    "right": lambda p: p.T[:, ::-1],
}


def film(height: int = 100, width: int = 100, seed: int = 3) -> np.ndarray:
    """Levels of which no row or column is of one level."""
    return np.random.default_rng(seed).integers(60, 200, (height, width), np.uint8)


def rows_off(picture: np.ndarray, side: str = "top", levels: float = 250.0, *, lossy: bool = False) -> int:
    """How many rows are taken away at one side; none may be at the others."""
    turned = np.ascontiguousarray(SIDES[side](picture))
    box = find_film(turned, levels, lossy=lossy)
    height, width = turned.shape
    off = {
        "top": box.y,
        "bottom": height - box.y - box.height,
        "left": box.x,
        "right": width - box.x - box.width,
    }
    wanted = off.pop(side)
    assert set(off.values()) == {0}
    return wanted


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("rows", [1, 2, 7, 40])
def test_a_margin_is_found_to_the_row_at_each_side(side: str, rows: int) -> None:
    picture = film()
    picture[:rows] = 220
    assert rows_off(picture, side) == rows


@pytest.mark.parametrize(
    ("levels", "apart", "found"),
    [
        (250.0, 6, 1),  # 0.024 of 250 levels is 6
        (250.0, 7, 0),
        (17.0, 1, 1),  # at least one level for a film of more than 16
        (17.0, 2, 0),
        (16.0, 1, 0),
        (16.0, 0, 1),
    ],
)
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_row_belongs_to_a_margin_while_its_noise_is_small(
    levels: float, apart: int, found: int, sign: int
) -> None:
    picture = film()
    picture[0] = 220
    picture[0, ::5] = 220 + sign * apart  # the median stays
    assert rows_off(picture, levels=levels) == found


@pytest.mark.parametrize(("dust", "found"), [(1, 5), (3, 4)])
def test_dust_may_be_a_fiftieth_of_a_row(dust: int, found: int) -> None:
    picture = film()
    picture[:5] = 220
    picture[4, :dust] = 20
    assert _margin(picture, 250.0, lossy=False) == found


def captioned(other: int, height: int, behind: int = 4) -> np.ndarray:
    """A margin of ten rows above a hundred others, which begin with a caption and more of the margin."""
    picture = np.vstack([np.full((10, 100), 220, np.uint8), film()])
    picture[10 : 10 + height + behind] = 220
    picture[10 : 10 + height, 30 : 30 + other] = 20
    return picture


@pytest.mark.parametrize(
    ("other", "height", "behind", "found"),
    [
        (40, 5, 4, 19),  # two fifths of a row, over less than 0.06 of the hundred rows that are left
        (41, 5, 4, 10),
        (40, 6, 4, 10),
        (40, 5, 0, 10),  # nothing of the margin behind it
        (40, 5, 1, 16),
        (3, 1, 1, 12),
    ],
)
def test_a_caption_goes_with_its_margin_where_that_goes_on_behind_it(
    other: int, height: int, behind: int, found: int
) -> None:
    assert _margin(captioned(other, height, behind), 250.0, lossy=False) == found


def test_a_margin_of_one_row_may_have_a_caption_or_a_blurred_edge_too() -> None:
    assert _margin(captioned(40, 5)[9:], 250.0, lossy=False) == 10
    blurred = film() // 2
    blurred[0], blurred[1:4] = 220, 200
    assert _margin(blurred, 250.0, lossy=True) == 4


def test_a_margin_of_a_narrow_film_may_be_higher_than_the_film_is_wide() -> None:
    narrow = film(100, 30) // 2
    narrow[:40], narrow[40:43] = 220, 200
    assert _margin(narrow, 250.0, lossy=True) == 43
    captioned_one = np.vstack([np.full((40, 30), 220, np.uint8), captioned(40, 5)[10:, 20:50]])
    captioned_one[40:45, :18] = 220
    assert _margin(captioned_one, 250.0, lossy=False) == 49


def test_a_second_caption_is_counted_from_the_end_of_the_first() -> None:
    picture = captioned(40, 5)
    picture[19:28] = 220
    picture[19:24, 30:70] = 20
    assert _margin(picture, 250.0, lossy=False) == 28


def test_in_a_low_film_no_row_is_a_caption() -> None:
    picture = np.vstack([np.full((4, 100), 220, np.uint8), film(12)])
    picture[4:6] = 220
    picture[4, :30] = 20
    assert _margin(picture, 250.0, lossy=False) == 4


@pytest.mark.parametrize(
    ("off", "blurred", "rows", "found"),
    [
        (20, 100, 8, 18),  # 0.08 of 250 levels, over a block of 8 pixels
        (21, 100, 8, 10),
        (20, 100, 9, 18),
        (20, 100, 3, 13),
        (60, 10, 3, 13),  # a tenth of a row may be anything
        (60, 11, 3, 10),
    ],
)
def test_a_lossy_files_blurred_edge_goes_with_the_margin(
    off: int, blurred: int, rows: int, found: int
) -> None:
    picture = film() // 2
    picture[: 10 + rows] = 220
    picture[10 : 10 + rows, :blurred] = 220 - off
    assert _margin(picture, 250.0, lossy=True) == found
    assert _margin(picture, 250.0, lossy=False) == 10


def test_without_a_margin_a_lossy_film_has_no_edge_to_lose() -> None:
    picture = film()
    picture[1:4] = 220
    assert rows_off(picture, lossy=True) == 0


@pytest.mark.parametrize("rings", [1, 5, 6, 7])
def test_nested_margins_are_found_to_the_sixth(rings: int) -> None:
    picture = film(60, 60)
    for number in range(rings):
        picture = np.pad(picture, 2, constant_values=(30, 220)[number % 2])
    outer = 2 * min(rings, 6)
    side = 60 + 4 * rings
    assert find_film(picture, 250.0) == Box(outer, outer, side - 2 * outer, side - 2 * outer)


@pytest.mark.parametrize(
    ("height", "width", "kept"), [(25, 100, True), (24, 100, False), (100, 25, True), (100, 24, False)]
)
def test_what_is_kept_is_a_quarter_of_the_picture_each_way(height: int, width: int, kept: bool) -> None:
    picture = np.full((100, 100), 220, np.uint8)
    picture[:height, 100 - width :] = film(height, width)
    expected = Box(100 - width, 0, width, height) if kept else Box(0, 0, 100, 100)
    assert find_film(picture, 250.0) == expected


def test_a_share_counts_levels_from_one_end_to_the_other_with_both() -> None:
    row = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], np.uint8)
    assert _share_off(row, 4.0, 2.0) == pytest.approx(0.5)
    assert _share_off(row, 1.0, 3.0) == pytest.approx(0.5)
    assert _share_off(row, 9.0, 0.0) == pytest.approx(0.9)


def test_jpeg_and_webp_are_lossy() -> None:
    assert [is_lossy(name) for name in ("jpeg", "webp", "png", "dicom")] == [True, True, False, False]


# black margins: level 10 of 255 is the brightest near-black one


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("level", "found"), [(10, 30), (11, 0)])
@pytest.mark.parametrize("inverted", [False, True])
def test_near_black_rows_are_a_margin(side: str, level: int, found: int, inverted: bool) -> None:
    picture = film()
    picture[:30] = level
    turned = np.ascontiguousarray(SIDES[side](picture))
    box = find_borders(255 - turned if inverted else turned, 0.0, 255.0, inverted=inverted)
    left, top = (found if side == "left" else 0), (found if side == "top" else 0)
    width = 100 - (found if side in ("left", "right") else 0)
    height = 100 - (found if side in ("top", "bottom") else 0)
    assert box == Box(left, top, width, height)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize(("level", "found"), [(1039, 30), (1040, 0)])
def test_near_black_is_a_share_of_the_window(level: int, found: int, inverted: bool) -> None:
    """Of the window from 1000 to 2000 it is 39.2 levels."""
    picture = film().astype(np.uint16) * 5 + 1000
    picture[:30] = level
    if inverted:
        picture = (3000 - picture.astype(int)).astype(np.uint16)
    assert find_borders(picture, 1000.0, 2000.0, inverted=inverted) == Box(0, found, 100, 100 - found)


@pytest.mark.parametrize(("bright", "found"), [(2, 20), (3, 19)])
def test_a_fiftieth_of_a_black_row_may_be_brighter(bright: int, found: int) -> None:
    picture = film()
    picture[:20] = 3
    picture[19, :bright] = 250
    assert find_borders(picture, 0.0, 255.0) == Box(0, found, 100, 100 - found)


def test_columns_are_looked_at_again_without_the_bars_above_and_below() -> None:
    """Two of a hundred pixels in a column are bright, which are four of the fifty between the bars."""
    picture = np.zeros((100, 100), np.uint8)
    picture[25:75, 20:80] = film(50, 60)
    picture[30:32, 10:20] = picture[30:32, 80:85] = 200
    assert find_borders(picture, 0.0, 255.0) == Box(10, 25, 75, 50)


@pytest.mark.parametrize(("height", "kept"), [(25, True), (24, False)])
def test_black_margins_leave_a_quarter_each_way(height: int, kept: bool) -> None:
    picture = np.zeros((100, 100), np.uint8)
    picture[40 : 40 + height] = 200
    expected = Box(0, 40, 100, height) if kept else Box(0, 0, 100, 100)
    assert find_borders(picture, 0.0, 255.0) == expected
    turned = Box(40, 0, height, 100) if kept else Box(0, 0, 100, 100)
    assert find_borders(np.ascontiguousarray(picture.T), 0.0, 255.0) == turned
