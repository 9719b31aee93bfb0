"""What the sheet is put together from lies where it should, to the point."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sheet_material import sheet_content

from cxr_dash.services.report import parts, sheet
from cxr_dash.services.report.parts import Fit
from cxr_dash.services.report.sheet_text import ReportContent

FIT = Fit(1.0, 3, 40)


class Paper:
    """Remembers what is drawn on it."""

    def __init__(self) -> None:
        self.drawn: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *values, **named: self.drawn.append((name, *values, *named.values()))

    def stringWidth(self, text: str, _font: str, size: float) -> float:  # noqa: N802 - reportlab's name
        return len(text) * size

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [one[1:] for one in self.drawn if one[0] == name]


@pytest.fixture(autouse=True)
def _letters() -> None:
    parts.register_letters()


@pytest.fixture
def content() -> ReportContent:
    return sheet_content()


def test_a_text_ends_at_a_word_and_says_that_something_is_left_out() -> None:
    assert parts.shortened("four words of it", 16) == "four words of it"
    assert parts.shortened("four words of it", 15) == "four words of…"
    assert parts.shortened("four words, of it", 12) == "four words…"


def test_letters_that_the_typeface_lacks_are_said_as_near_as_they_come() -> None:
    assert parts.printable("Lungs – 40 %") == "Lungs – 40 %"
    assert parts.printable("ﬁlm \U0001f600") == "film ?"


@pytest.mark.parametrize(
    ("shape", "place"),
    [
        ((100, 200), (10.0, 20.0, 100.0, 50.0)),
        ((200, 100), (47.5, 20.0, 25.0, 50.0)),
        ((100, 100), (35.0, 20.0, 50.0, 50.0)),
    ],
)
def test_a_picture_fills_its_room_in_its_own_proportions_and_stands_in_the_middle(
    shape: tuple[int, int], place: tuple[float, ...]
) -> None:
    paper = Paper()
    parts.picture(paper, np.zeros(shape, np.uint8), (10.0, 20.0), (100.0, 50.0))  # type: ignore[arg-type]
    ((reader, *found),) = paper.of("drawImage")
    assert found == pytest.approx(place)
    assert reader.getSize() == shape[::-1]


def test_a_large_picture_is_sent_with_1050_pixels_and_a_smaller_one_as_it_is() -> None:
    for shape, sent in (((2100, 1000), (500, 1050)), ((1050, 700), (700, 1050)), ((1000, 2100), (1050, 500))):
        paper = Paper()
        parts.picture(paper, np.zeros(shape, np.uint8), (0.0, 0.0), (9.0, 9.0))  # type: ignore[arg-type]
        assert paper.of("drawImage")[0][0].getSize() == sent


def test_the_legend_goes_from_cold_to_hot_between_its_words() -> None:
    paper = Paper()
    parts.legend(paper, "inferno", ("cold", "hot"), (100.0, 500.0), FIT)  # type: ignore[arg-type]
    (first, second), bars = paper.of("drawString"), paper.of("rect")
    begin = 100.0 + 4 * 7.2 + 4
    assert first == (100.0, 492.0, "cold")
    assert second == (pytest.approx(begin + 96 + 5), 492.0, "hot")
    assert len(bars) == 64
    assert bars[0][:4] == pytest.approx((begin, 491.5, 1.6, 6.5))
    assert bars[63][0] == pytest.approx(begin + 94.5)
    assert [one[4:] for one in bars] == [(0, 1)] * 64
    colours = paper.of("setFillColorRGB")
    assert sum(colours[0]) < 0.1
    assert sum(colours[-1]) > 1.5
    assert max(max(one) for one in colours) <= 1.0


def test_there_is_a_frame_to_write_in_and_a_line_to_sign_where_there_is_room(content: ReportContent) -> None:
    paper = Paper()
    parts.notes(paper, content, (30.0, 40.0), (500.0, 60.0), FIT)  # type: ignore[arg-type]
    assert paper.of("rect") == [(30.0, 40.0, 500.0, 60.0, 1, 0)]
    assert paper.of("line") == [(pytest.approx(314.0), 54.0, 524.0, 54.0)]
    assert paper.of("drawString") == [(35.0, 90.0, "Notes"), (pytest.approx(314.0), 45.0, "Signed")]
    assert paper.of("setFont")[0][1] == pytest.approx(7.2)
    for height, drawn in ((19.9, 0), (20.0, 1)):
        narrow = Paper()
        parts.notes(narrow, content, (0.0, 0.0), (500.0, height), FIT)  # type: ignore[arg-type]
        assert len(narrow.of("rect")) == drawn


def test_pieces_stand_under_each_other_and_the_stack_knows_its_height() -> None:
    class Piece:
        def __init__(self, height: float, after: float) -> None:
            self.height, self.after = height, after

        def wrap(self, width: float, _: float) -> tuple[float, float]:
            return width, self.height

        def getSpaceAfter(self) -> float:  # noqa: N802 - reportlab's name
            return self.after

        def drawOn(self, canvas: Paper, x: float, y: float) -> None:  # noqa: N802
            canvas.piece(x, y)

    stack, paper = parts.Stack([Piece(10.0, 2.0), Piece(20.0, 3.0)], 100.0), Paper()
    assert stack.height == 35.0
    assert stack.draw(paper, 5.0, 100.0) == 65.0  # type: ignore[arg-type]
    assert paper.of("piece") == [(5.0, 90.0), (5.0, 68.0)]


def test_heights_are_what_letters_and_gaps_come_to(content: ReportContent) -> None:
    heights = {
        "head": parts.head(content, FIT, 500.0).height,
        "head with a patient and a warning": parts.head(
            replace(content, patient="Name", first_of_all="Not for children."), FIT, 500.0
        ).height,
        "table": parts.table(content, FIT, 500.0).height,
        "no table": parts.table(replace(content, rows=()), FIT, 500.0).height,
        "blocks": parts.blocks(content.left, FIT, 250.0).height,
        "all of the items": parts.blocks(content.left, Fit(1.0, 5, 400), 250.0).height,
        "footer": parts.footer(content, FIT, 500.0).height,
        "small print": parts.Stack([parts.small("a b", Fit(0.5, 1, 9))], 500.0).height,
    }
    assert heights == pytest.approx(HEIGHTS, abs=0.01)


def printed(stack: parts.Stack) -> list[tuple[str, bool, float, str]]:
    """Every text of a stack, cells of tables too, as it is set: words, bold, size, colour."""
    found = []
    for piece, *_ in stack._pieces:
        cells = (
            [cell for row in piece._cellvalues for cell in row] if hasattr(piece, "_cellvalues") else [piece]
        )
        for one in (part for cell in cells for part in (cell if isinstance(cell, list | tuple) else [cell])):
            style = one.style
            colour = {parts._BLACK: "ink", parts._GREY: "soft"}[style.textColor]
            found.append(
                (one.getPlainText(), style.fontName.endswith("-Bold"), round(style.fontSize, 2), colour)
            )
    return found


def test_headings_are_bold_and_what_stands_under_them_is_not(content: ReportContent) -> None:
    warned = replace(content, patient="Name", film_label="Follow-up", first_of_all="Not for children.")
    assert printed(parts.head(warned, FIT, 500.0)) == [
        ("Report", True, 8.6, "ink"),
        ("Film 7 · 2026-03-01", False, 8.6, "ink"),
        ("Name", True, 9.2, "ink"),
        ("Follow-up", True, 9.2, "ink"),
        ("One finding to check", True, 14.0, "ink"),
        ("Of thirteen.", False, 9.2, "ink"),
        ("Not for children.", True, 10.0, "ink"),
    ]
    assert [one[1:] for one in printed(parts.blocks(content.left, FIT, 250.0))] == [
        (True, 8.4, "ink"),
        *[(False, 7.6, "ink")] * 2,
        (True, 7.6, "ink"),
        *[(False, 7.2, "ink")] * 4,
    ]
    assert printed(parts.footer(content, FIT, 500.0)) == [
        ("No diagnosis.", True, 8.6, "ink"),
        ("Version 1", False, 6.6, "soft"),
    ]
    assert printed(parts.table(content, FIT, 500.0))[-1] == ("Note.", False, 6.8, "soft")
    assert printed(parts.Stack([parts.small("a b", FIT)], 500.0)) == [("a b", False, 7.4, "soft")]


def test_what_is_above_its_cut_is_shaded_and_bold(content: ReportContent) -> None:
    pieces = parts.table(content, FIT, 500.0)._pieces
    whole = pieces[0][0]
    assert [width / 500 for width in whole._colWidths] == pytest.approx(
        [0.185, 0.1, 0.075, 0.15, 0.1, 0.13, 0.13, 0.13]
    )
    shaded = [command[1:3] for command in whole._bkgrndcmds]
    assert shaded == [((0, 1), (-1, 1))]
    fonts = [[cell[0].style.fontName.endswith("-Bold") for cell in row] for row in whole._cellvalues]
    assert fonts == [[True] * 8, [True] * 8, [False] * 8]
    assert [row[0][0].style.fontSize for row in whole._cellvalues] == pytest.approx([6.8, 7.6, 7.6])


def test_of_a_long_list_the_first_items_stay_and_the_rest_is_counted(content: ReportContent) -> None:
    texts = [piece.getPlainText() for piece, *_ in parts.blocks(content.left, FIT, 250.0)._pieces]
    assert texts == [
        "Measured",
        "words that go on for so long that not…",
        "short",
        "Cautions",
        *("– one", "– two", "– three", "– and 2 more"),
    ]
    all_of_them = parts.blocks(content.left, Fit(1.0, 5, 400), 250.0)._pieces
    assert all_of_them[-1][0].getPlainText() == "– five"


def test_what_is_given_up_grows_from_fit_to_fit() -> None:
    fits = sheet._FITS
    assert [(one.scale, one.items, one.characters) for one in fits] == [
        *((1.0, 99, 2000), (0.94, 99, 2000), (0.9, 4, 420), (0.86, 3, 300), (0.82, 2, 220)),
        *((0.78, 2, 140), (0.74, 1, 90)),
    ]
    for before, after in pairwise(fits):
        assert before.scale > after.scale
        assert before.items >= after.items
        assert before.characters >= after.characters


# Points: letters, 1.2 of their size a line, and what lies between.
HEIGHTS = {
    "head": 53.16,
    "head with a patient and a warning": 96.2,
    "table": 44.16,
    "no table": 0.0,
    "blocks": 83.0,
    "all of the items": 92.14,
    "footer": 19.24,
    "small print": 4.44,
}
