"""Marks on a film and the caption under a picture: lengths, places and sizes as they are asked for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cxr_dash import imaging, palette, typeface
from cxr_dash.imaging import Mark
from cxr_dash.imaging.caption import Caption, caption_strip, wrap

GREY = 120
SOFT = palette.rgb(palette.INK_SOFT)


def drawn(mark: Mark, height: int = 400, width: int = 600) -> np.ndarray:
    return imaging.marked(np.full((height, width), GREY, np.uint8), [mark])


def extent(found: np.ndarray) -> tuple[int, int, int, int]:
    """First and last column, first and last row."""
    rows, columns = np.nonzero(found)
    return columns.min(), columns.max(), rows.min(), rows.max()


def test_a_ruler_is_a_line_with_a_short_one_across_each_end() -> None:
    """Two pixels wide on a film of 400, over a black one of five; the ends reach eight to each side."""
    found = drawn(Mark("ruler", (100.0, 200.0), (300.0, 200.0)))
    left, right, top, bottom = extent(found == 255)
    assert (left, right) == (pytest.approx(99, abs=1), pytest.approx(301, abs=1))
    assert (top, bottom) == (pytest.approx(191, abs=1), pytest.approx(209, abs=1))
    left, right, top, bottom = extent(found != GREY)
    assert (left, right) == (pytest.approx(97, abs=1), pytest.approx(303, abs=1))
    assert (top, bottom) == (pytest.approx(189, abs=1), pytest.approx(211, abs=1))
    # between its ends nothing but the line
    assert extent(found[:, 110:290] != GREY)[2:] == (pytest.approx(197, abs=1), pytest.approx(203, abs=1))
    upright = drawn(Mark("ruler", (300.0, 100.0), (300.0, 300.0)))
    assert extent(upright == 255)[:2] == (pytest.approx(291, abs=1), pytest.approx(309, abs=1))


@pytest.mark.parametrize(
    ("start", "end"), [((100.0, 200.0), (300.0, 200.0)), ((500.0, 100.0), (500.0, 300.0))]
)
def test_an_arrow_has_two_barbs_behind_its_tip(start: tuple[float, float], end: tuple[float, float]) -> None:
    """Sixteen pixels back along it, and eight to each side."""
    found = drawn(Mark("arrow", start, end))
    if start[0] == end[0]:
        found = found.T
    tip = 300
    middle = 200 if start[0] != end[0] else 500
    white = found == 255
    assert extent(white)[1] == pytest.approx(tip + 1, abs=1)
    assert extent(white)[2:] == (pytest.approx(middle - 8, abs=2), pytest.approx(middle + 8, abs=2))
    barbs = white.copy()
    barbs[middle - 3 : middle + 4] = False
    assert extent(barbs)[:2] == (pytest.approx(tip - 17, abs=2), pytest.approx(tip - 6, abs=3))
    # at its other end there is the line alone
    assert extent(white[:, 90:200])[2:] == (
        pytest.approx(middle - 1, abs=1),
        pytest.approx(middle + 1, abs=1),
    )


@pytest.mark.parametrize(("side", "width"), [(400, 2), (1251, 3)])
def test_lines_grow_with_the_film_and_a_mark_without_length_is_drawn(side: int, width: int) -> None:
    found = drawn(Mark("ruler", (100.0, 200.0), (300.0, 200.0)), side, side)
    # smoothed, it covers half a pixel more on either side or one
    assert (found[:, 200] == 255).sum() == 2 * width - 1
    assert extent((found == 255)[:, 90:110])[2:] == (
        pytest.approx(200 - 4 * width, abs=2),
        pytest.approx(200 + 4 * width, abs=2),
    )
    point = drawn(Mark("ruler", (100.0, 200.0), (100.0, 200.0)))
    assert (point == 255).any()


def test_marks_on_colour_are_of_no_colour_and_drawn_one_on_the_other() -> None:
    film = np.zeros((200, 200, 3), np.uint8)
    film[:] = (10, 120, 200)
    marks = [Mark("ruler", (20.0, 100.0), (180.0, 100.0)), Mark("L", (100.0, 100.0), (100.0, 100.0))]
    both, alone = imaging.marked(film, marks), imaging.marked(film, marks[1:])
    assert (np.ptp(both[(both != film).any(axis=2)], axis=1) < 200).all()
    white = (alone == 255).all(axis=2)
    assert (both[white] == 255).all()
    assert not (both == alone).all()


# the caption


def caption(title: str = "Title", lines: tuple[str, ...] = ("one line",)) -> Caption:
    return Caption(title, lines, ("little", "much"), imaging.colour_table("inferno"))


@pytest.mark.parametrize(
    ("width", "size"), [(300, 13), (1147, 13), (1149, 14), (1700, 20), (1742, 20), (1743, 21)]
)
@pytest.mark.parametrize("lines", [(), ("one line",), ("one", "two", "three")])
def test_a_caption_has_a_row_for_the_legend_and_each_line_between_two_margins(
    width: int, size: int, lines: tuple[str, ...]
) -> None:
    """Letters of an 85th of the width, 13 pixels at least; rows of 1.4 of them."""
    strip = caption_strip(caption(lines=lines), width)
    assert strip.shape == (2 * size + round(1.4 * size) * (2 + len(lines)), width, 3)
    ground = palette.rgb(palette.GROUND)
    for edge in (strip[: size // 2], strip[-size // 2 :], strip[:, : size - 2]):
        assert (edge == ground).all()


@pytest.mark.parametrize(("width", "size"), [(300, 13), (1700, 20)])
def test_the_legend_is_a_bar_of_all_colours_between_its_two_words(width: int, size: int) -> None:
    strip = caption_strip(caption(), width)
    face = cv2.FontFace(str(typeface.REGULAR))

    def wide(text: str) -> int:
        box = cv2.getTextSize((0, 0), text, (0, 0), face, size, 400)
        return int(box[0] + box[2])

    left, length = size + wide("little") + size // 2, 9 * size
    colours = imaging.colour_table("inferno")[np.linspace(0, 255, length).astype(int)]
    for row in (size, size + size // 2, 2 * size - 1):
        np.testing.assert_array_equal(strip[row, left : left + length], colours)
    ground = palette.rgb(palette.GROUND)
    assert (strip[[size - 1, 2 * size], left + length // 2] == ground).all()
    assert (strip[size : 2 * size, left - 2] == ground).all()
    after = (strip[: 2 * size + 3, left + length :] != ground).any(axis=2)
    first, last, _, bottom = extent(after)
    assert first == pytest.approx(size // 2, abs=2)
    assert last - first == pytest.approx(wide("much"), abs=4)
    assert bottom == pytest.approx(2 * size - 1, abs=2)
    assert (strip[size : 2 * size, size : left - 2] == SOFT).all(axis=2).any()


def test_lines_are_broken_between_words_where_they_would_be_too_wide() -> None:
    text = "one two three four"
    face = cv2.FontFace(str(typeface.REGULAR))
    box = cv2.getTextSize((0, 0), "one two three", (0, 0), face, 20, 400)
    room = int(box[0] + box[2])
    assert wrap(text, room, 20, 400) == ["one two three", "four"]
    assert wrap(text, room - 1, 20, 400) == ["one two", "three four"]
    assert wrap(text, 1, 20, 400) == ["one", "two", "three", "four"]
    assert wrap("", 100, 20, 400) == [""]
    wide = caption_strip(caption(text * 20), 1000)
    assert (wide[:, -12:] == palette.rgb(palette.GROUND)).all()
