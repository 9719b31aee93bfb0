"""What is refused before a pixel is decoded, on each limit; a film's own levels and what a budget counts."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from cxr_dash.domain import CODES, DecodeLimits, LevelWindow
from cxr_dash.errors import FilmError, FilmShapeError, FilmTooLargeError, UnsupportedFormatError
from cxr_dash.imaging import decode, encode_png
from cxr_dash.imaging.budget import DecodingBudget
from cxr_dash.imaging.decode import check_limits, turn_upright
from cxr_dash.imaging.film_levels import _line, _turned, has_levels
from cxr_dash.imaging.formats import ImageHeader

LIMITS = DecodeLimits(
    max_pixels=40_000, min_side=50, max_aspect_ratio=4.0, max_decoded_bytes=3 * 2**20, max_bytes=10_000
)
HEADER = ImageHeader("png", 100, 100, 8)


@pytest.mark.parametrize(
    ("allowed", "refused", "error", "said"),
    [
        ({"frames": 1}, {"frames": 2}, UnsupportedFormatError, "an animated PNG"),
        (
            {"width": 400, "height": 100},
            {"width": 397, "height": 101},
            FilmTooLargeError,
            "40000 pixels or less; received 397 x 101 = 40097",
        ),
        ({"width": 50}, {"width": 49}, FilmShapeError, "50 pixels or more; received 49 x 100"),
        ({"height": 50}, {"height": 49}, FilmShapeError, "50 pixels or more; received 100 x 49"),
        ({"width": 400}, {"width": 398, "height": 99}, FilmShapeError, "at most 4 times the shorter"),
        ({"height": 400}, {"width": 60, "height": 241}, FilmShapeError, "received 60 x 241"),
    ],
)
def test_on_a_limit_a_picture_is_taken_and_beyond_it_refused(
    allowed: dict[str, int], refused: dict[str, int], error: type[FilmError], said: str
) -> None:
    check_limits(replace(HEADER, **allowed), LIMITS)
    with pytest.raises(error) as raised:
        check_limits(replace(HEADER, **refused), LIMITS)
    assert said in str(raised.value)


def test_what_a_picture_takes_once_decoded_is_limited_in_mebibytes() -> None:
    # 4 channels of 16 bits: 8 bytes a pixel
    deep = replace(HEADER, width=512, height=768, bits=16, channels=4)
    limits = replace(LIMITS, max_pixels=10**9)
    check_limits(deep, limits)
    with pytest.raises(FilmTooLargeError) as raised:
        check_limits(replace(deep, height=1024), limits)
    assert "must take 3 MB or less; received 512 x 1024 with 4 channels of 16 bits = 4 MB" in str(
        raised.value
    )


def test_a_file_may_be_as_long_as_is_allowed() -> None:
    data = encode_png(np.random.default_rng(0).integers(0, 255, (60, 60), np.uint8), {})
    assert decode(data, replace(LIMITS, max_bytes=len(data))).width == 60
    with pytest.raises(FilmTooLargeError, match=f"{len(data) - 1} bytes or less; received {len(data)}"):
        decode(data, replace(LIMITS, max_bytes=len(data) - 1))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_stored_corner_comes_to_where_exif_says(orientation: int) -> None:
    """The 0th row and column of the file, by the table of Exif 3.0, tag 0x0112."""
    row, column = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }[orientation]
    stored = np.zeros((3, 5), np.uint8)
    stored[0], stored[:, 0] = 1, 2
    upright = turn_upright(stored, orientation)
    sides = {"top": upright[0], "bottom": upright[-1], "left": upright[:, 0], "right": upright[:, -1]}
    assert sorted(sides[row].tolist()) == [1, 1, 1, 1, 2]
    assert sides[column].tolist() == [2, 2, 2]
    assert upright.flags.c_contiguous


def png_of(dtype: type) -> bytes:
    return cv2.imencode(".png", np.full((60, 60), 7, dtype))[1].tobytes()


def test_only_a_film_of_more_than_8_bits_has_levels_of_its_own() -> None:
    assert (has_levels(png_of(np.uint8)), has_levels(png_of(np.uint16))) == (False, True)


LEVELS = np.arange(0.0, 1000.0, 10.0)


@pytest.mark.parametrize(
    ("grey", "line"),
    [
        # straight: 0.3 of a grey a level, from level 100 on
        (0.3 * (LEVELS - 100), (100.0, 950.0)),
        (255 - 0.3 * (LEVELS - 100), (950.0, 100.0)),
        # clipped at both ends: those do not count
        (np.clip(0.5 * (LEVELS - 300), 0, 255), (300.0, 810.0)),
        # a curve is met where it is 25.5 and 229.5, which do not count themselves
        (np.interp(LEVELS, [100, 200, 210, 790, 800, 900], [0, 25.5, 40, 200, 229.5, 255]), (65.0, 989.375)),
    ],
)
def test_a_line_is_laid_through_the_inner_greys(grey: np.ndarray, line: tuple[float, float]) -> None:
    assert _line(LEVELS, grey) == pytest.approx(line)
    # in whatever order the codes have them
    assert _line(LEVELS[::-1].copy(), grey[::-1].copy()) == pytest.approx(line)


@pytest.mark.parametrize(
    ("levels", "grey", "line"),
    [
        ([5.0, 9.0], [0.0, 255.0], (5.0, 9.0)),
        ([5.0, 9.0], [255.0, 0.0], (9.0, 5.0)),
        ([5.0, 9.0], [0.0, 100.0], (5.0, 9.0)),  # one grey between is no line
        ([5.0, 9.0], [100.0, 0.0], (9.0, 5.0)),
        ([5.0, 9.0], [100.0, 100.0], (5.0, 9.0)),
        ([5.0], [100.0], (5.0, 6.0)),
        ([5.0, 9.0, 13.0], [0.0, 0.0, 255.0], (5.0, 13.0)),
        ([5.0, 9.0, 13.0], [255.0, 255.0, 0.0], (13.0, 5.0)),
        ([5.0, 5.0], [100.0, 130.0], (5.0, 6.0)),
        ([5.0, 9.0, 13.0], [100.0, 255.0, 150.0], (-11.0, 29.8)),
    ],
)
def test_a_film_of_a_few_levels_has_a_line_too(
    levels: list[float], grey: list[float], line: tuple[float, float]
) -> None:
    assert _line(np.array(levels), np.array(grey)) == pytest.approx(line)


def test_a_table_is_turned_over_with_the_film_and_its_padding_is_black() -> None:
    table = (np.arange(CODES) // 256).astype(np.uint8)
    given = LevelWindow("G", 1.0, 1.0, "table", table)
    for inverted in (False, True):
        expected = 255 - table if inverted else table.copy()
        found = _turned(given, None, inverted=inverted)
        np.testing.assert_array_equal(found.table, expected)
        expected[0xFFFF] = 0
        padded = _turned(given, 0xFFFF, inverted=inverted)
        np.testing.assert_array_equal(padded.table, expected)
        assert _turned(given, 0, inverted=True).table[0] == 0
    assert table[0xFFFF] == 255, "the file's own is left as it is"
    plain = LevelWindow("P", 100.0, 50.0)
    assert _turned(plain, 3, inverted=True) is plain


@pytest.mark.parametrize(("needed", "taken"), [(100, 0), (101, 101), (1600, 1600), (9000, 1600)])
def test_a_picture_of_more_than_a_sixteenth_is_counted(needed: int, taken: int) -> None:
    budget = DecodingBudget(1600)
    with budget.hold(needed):
        assert budget.taken == taken
    assert budget.taken == 0
