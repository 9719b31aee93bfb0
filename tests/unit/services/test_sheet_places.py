"""Where everything stands on the sheet, in points: an A4 page with margins of half an inch."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sheet_material import sheet_content

from cxr_dash.services.report import parts, sheet
from cxr_dash.services.report.parts import Fit

FIT = Fit(1.0, 3, 40)
LEFT, RIGHT, HALF, WHOLE = 36.0, 306.64, 252.64, 523.28
TOP, BOTTOM, GAP = 805.89, 36.0, 9.0


@pytest.fixture
def placed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is drawn: its name, and where."""
    found: list[tuple[Any, ...]] = []

    def stack(self: parts.Stack, _canvas: object, x: float, top: float) -> float:
        found.append(("text", x, top, self.height))
        return top - self.height

    def note(name: str, *numbers: Any) -> None:
        found.append((name, *np.ravel(np.hstack(numbers)).tolist()))

    monkeypatch.setattr(parts.Stack, "draw", stack)
    monkeypatch.setattr(parts, "picture", lambda _, pixels, *room: note("picture", pixels.ndim, *room))
    monkeypatch.setattr(parts, "legend", lambda _canvas, _map, _ends, place, _fit: note("legend", place))
    monkeypatch.setattr(parts, "notes", lambda _canvas, _content, *rest: note("notes", *rest[:2]))
    return found


def drawn(shape: tuple[int, int], *, heat: bool = True) -> sheet._Pieces:
    parts.register_letters()
    content = sheet_content()
    overlay = np.zeros((*shape, 3), np.uint8) if heat else None
    pieces = sheet._Pieces(content, FIT)
    sheet._draw(None, pieces, content, sheet.Pictures(np.zeros(shape, np.uint8), overlay, "inferno"))  # type: ignore[arg-type]
    return pieces


def test_films_stand_side_by_side_under_the_head_and_texts_below_them(placed: list[tuple[Any, ...]]) -> None:
    pieces = drawn((300, 240))
    films = TOP - pieces.head.height - GAP - 262.0
    captions = films - 2.0
    table = captions - parts.LEGEND_HEIGHT - pieces.captions[1].height - GAP
    blocks = table - pieces.table.height - GAP
    notes = BOTTOM + pieces.footer.height + GAP
    expected = [
        ("text", LEFT, TOP, pieces.head.height),
        ("picture", 2, LEFT, films, HALF, 262.0),
        ("picture", 3, RIGHT, films, HALF, 262.0),
        ("legend", RIGHT, captions),
        ("text", LEFT, captions, pieces.captions[0].height),
        ("text", RIGHT, captions - 11.0, pieces.captions[1].height),
        ("text", LEFT, table, pieces.table.height),
        ("text", LEFT, blocks, pieces.left.height),
        ("text", RIGHT, blocks, pieces.right.height),
        ("notes", LEFT, notes, WHOLE, blocks - pieces.left.height - GAP - notes),
        ("text", LEFT, BOTTOM + pieces.footer.height, pieces.footer.height),
    ]
    assert [one[0] for one in placed] == [one[0] for one in expected]
    for one, other in zip(placed, expected, strict=True):
        assert one[1:] == pytest.approx(other[1:], abs=0.01)


def test_a_wide_film_is_as_high_as_its_room_is_wide_and_a_square_one_no_higher_than_allowed(
    placed: list[tuple[Any, ...]],
) -> None:
    for shape, tall in (
        ((200, 900), HALF * 200 / 900),
        ((900, 900), HALF),
        ((900, 200), 262.0),
        ((10, 900), 40.0),
    ):
        placed.clear()
        drawn(shape)
        assert placed[1][-1] == pytest.approx(tall, abs=0.01)


def test_without_heat_there_is_one_film_and_no_legend(placed: list[tuple[Any, ...]]) -> None:
    drawn((300, 240), heat=False)
    assert [one[0] for one in placed[:4]] == ["text", "picture", "text", "text"]


def test_what_is_left_for_the_films_is_the_page_less_all_that_stands_on_it() -> None:
    parts.register_letters()
    content = sheet_content()
    pieces = sheet._Pieces(content, FIT)
    texts = [pieces.head, pieces.table, pieces.left, pieces.footer, pieces.captions[0]]
    assert pieces.left.height > pieces.right.height
    assert pieces.captions[0].height == pieces.captions[1].height
    used = sum(one.height for one in texts) + parts.LEGEND_HEIGHT + 5 * GAP
    assert pieces.spare() == pytest.approx(TOP - BOTTOM - used, abs=0.01)


def test_the_sheet_gives_up_no_more_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first fit that leaves 172 points is taken, and the last one where none does."""
    taken: list[Fit] = []
    monkeypatch.setattr(sheet, "_draw", lambda _canvas, pieces, *_rest: taken.append(pieces.fit))
    pictures = sheet.Pictures(np.zeros((9, 9), np.uint8), None, "inferno")
    about = dict.fromkeys(("title", "author", "subject", "keywords"), "")
    for spare, number in ((172.0, 0), (171.9, len(sheet._FITS) - 1)):
        monkeypatch.setattr(sheet._Pieces, "spare", lambda _self, spare=spare: spare)
        sheet.draw_sheet(sheet_content(), pictures, language="en", about=about)
        assert taken[-1] == sheet._FITS[number]


def test_tables_have_their_lines_and_their_cells_their_room() -> None:
    parts.register_letters()
    content = replace(sheet_content(), first_of_all="Not for children.")
    head, findings = parts.head(content, FIT, 500.0), parts.table(content, FIT, 500.0)
    tables = [piece for piece, *_ in (*head._pieces, *findings._pieces) if hasattr(piece, "_linecmds")]
    lines = [[(one[0], one[1], one[2], one[3]) for one in table._linecmds] for table in tables]
    assert lines == [
        [("LINEBELOW", (0, 0), (-1, 0), 0.8)],
        [("BOX", (0, 0), (-1, -1), 1.6)],
        [("LINEBELOW", (0, 0), (-1, 0), 0.6), ("LINEBELOW", (0, 1), (-1, -1), 0.25)],
    ]
    room = [
        {
            (one.leftPadding, one.rightPadding, one.topPadding, one.bottomPadding)
            for row in table._cellStyles
            for one in row
        }
        for table in tables
    ]
    assert room == [{(0, 0, 3, 3)}, {(6, 6, 5, 5)}, {(2, 2, 1.1, 1.1)}]
    assert tables[0]._argW == [250.0, 250.0]
    title, moment = tables[0]._cellvalues[0]
    assert [part[0].style.alignment for part in (title, moment)] == [0, 2], "left and right"


def test_smaller_letters_have_less_room_around_them_too() -> None:
    parts.register_letters()
    whole, small = (parts.table(sheet_content(), Fit(scale, 3, 40), 500.0) for scale in (1.0, 0.5))
    assert small._pieces[0][0]._cellStyles[1][0].topPadding == pytest.approx(1.1 / 8)
    heights = [stack.height for stack in (whole, small)]
    assert heights[1] < 0.5 * heights[0]
    assert all(before.scale > after.scale for before, after in pairwise(sheet._FITS))
