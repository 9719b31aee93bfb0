"""What the sheet is put together from: stacks of text, the table, pictures, the legend, lines for notes."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import cv2
import numpy as np
from numpy.typing import NDArray
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table, TableStyle

from cxr_dash import imaging, palette, typeface
from cxr_dash.services.report.sheet_text import Block, ReportContent

LEGEND_HEIGHT = 11.0
_BLACK, _GREY, _LINE, _SHADE = (
    colors.HexColor(one)
    for one in (palette.PAPER_INK, palette.PAPER_SOFT, palette.PAPER_LINE, palette.PAPER_SHADE)
)
_REGULAR, _BOLD = typeface.FAMILY, f"{typeface.FAMILY}-Bold"
_TABLE_SHARES = (0.185, 0.1, 0.075, 0.15, 0.1, 0.13, 0.13, 0.13)
# 300 dots an inch on half an A4's width
_MOST_PIXELS = 1050
_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Fit:
    """How much is given up to stay on one page.

    Attributes
    ----------
    scale : float
        Of the letters.
    items : int
        Most items of a list.
    characters : int
        Most characters of a text.
    """

    scale: float
    items: int
    characters: int


class Stack:
    """Pieces under each other.

    Parameters
    ----------
    pieces : sequence
        Paragraphs and tables of reportlab.
    width : float
        Points.

    Attributes
    ----------
    height : float
        Points.
    """

    def __init__(self, pieces: Sequence[Any], width: float) -> None:
        self._pieces = [(piece, piece.wrap(width, 10_000.0)[1], piece.getSpaceAfter()) for piece in pieces]
        self.height = float(sum(height + after for _, height, after in self._pieces))

    def draw(self, canvas: Canvas, x: float, top: float) -> float:
        """Draw below ``top``; returns where the next thing may begin."""
        for piece, height, after in self._pieces:
            piece.drawOn(canvas, x, top - height)
            top -= height + after
        return top


def register_letters() -> None:
    """Make the typeface known to reportlab, once a process; it goes into the file with the letters used."""
    for name, path in ((_REGULAR, typeface.REGULAR), (_BOLD, typeface.BOLD)):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, path))


def printable(text: str) -> str:
    """The text with the letters that the typeface has; others as near as they come."""
    known = pdfmetrics.getFont(_REGULAR).face.charToGlyph
    kept = []
    for letter in text:
        if ord(letter) in known:
            kept.append(letter)
        else:
            plain = "".join(one for one in unicodedata.normalize("NFKD", letter) if ord(one) in known)
            kept.append(plain or "?")
    return "".join(kept)


def shortened(text: str, characters: int) -> str:
    """The text up to a word's end, with an ellipsis where something is left out."""
    if len(text) <= characters:
        return text
    return text[:characters].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def small(text: str, fit: Fit) -> Paragraph:
    """Small print."""
    return _paragraph(shortened(text, fit.characters), 7.4, fit, colour=_GREY)


def head(content: ReportContent, fit: Fit, width: float) -> Stack:
    """Title, which film and when, headline and summary."""
    line = Table(
        [
            [
                _paragraph(content.title, 8.6, fit, bold=True),
                _paragraph(f"{content.film} · {content.moment}", 8.6, fit, right=True),
            ]
        ],
        colWidths=[width * 0.5, width * 0.5],
        style=[("LINEBELOW", (0, 0), (-1, 0), 0.8, _BLACK), *_padding(0, 3)],
        spaceAfter=7,
    )
    return Stack(
        [
            line,
            *(
                _paragraph(shortened(one, fit.characters), 9.2, fit, bold=True, after=5)
                for one in (content.patient, content.film_label)
                if one
            ),
            _paragraph(content.headline, 14.0, fit, bold=True, after=2),
            _paragraph(content.summary, 9.2, fit, after=5 if content.first_of_all else 0),
            *([_boxed(content.first_of_all, fit, width)] if content.first_of_all else []),
        ],
        width,
    )


def _boxed(text: str, fit: Fit, width: float) -> Table:
    """What must be read before anything below it: bold in a thick frame, so that grey print shows it too."""
    return Table(
        [[_paragraph(text, 10.0, fit, bold=True)]],
        colWidths=[width],
        style=[("BOX", (0, 0), (-1, -1), 1.6, _BLACK), *_padding(6, 5)],
    )


def table(content: ReportContent, fit: Fit, width: float) -> Stack:
    """Findings; what lies above its cut is bold, shaded and said in words: grey print shows it too."""
    if not content.rows:
        return Stack([], width)
    cells = [[_paragraph(name, 6.8, fit, bold=True, colour=_GREY) for name in content.columns]]
    style: list[tuple[Any, ...]] = [
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, _BLACK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        *_padding(2, 1.1 * fit.scale**3),
    ]
    for number, row in enumerate(content.rows, start=1):
        cells.append([_paragraph(cell, 7.6, fit, bold=row.above) for cell in row.cells])
        if row.above:
            style.append(("BACKGROUND", (0, number), (-1, number), _SHADE))
    whole = Table(
        cells, colWidths=[width * share for share in _TABLE_SHARES], style=TableStyle(style), spaceAfter=3
    )
    return Stack(
        [whole, _paragraph(shortened(content.table_note, 2 * fit.characters), 6.8, fit, colour=_GREY)], width
    )


def blocks(contents: Sequence[Block], fit: Fit, width: float) -> Stack:
    """Headings with what stands under them."""
    pieces = []
    for block in contents:
        pieces.append(_paragraph(block.heading, 8.4, fit, bold=True, after=1.5))
        pieces += [_paragraph(shortened(line, fit.characters), 7.6, fit, after=1) for line in block.lines]
        if block.items:
            pieces.append(_paragraph(block.items_heading, 7.6, fit, bold=True, after=1))
            shown = [shortened(item, fit.characters) for item in block.items[: fit.items]]
            if len(block.items) > fit.items:
                shown.append(block.items_left_out)
            pieces += [_paragraph(f"– {item}", 7.2, fit, after=0.5) for item in shown]
        pieces[-1].style.spaceAfter = 5
    return Stack(pieces, width)


def footer(content: ReportContent, fit: Fit, width: float) -> Stack:
    """The disclaimer, and where the sheet comes from."""
    first, *rest = content.footer
    return Stack(
        [
            _paragraph(first, 8.6, fit, bold=True, after=1),
            *(_paragraph(one, 6.6, fit, colour=_GREY) for one in rest),
        ],
        width,
    )


def picture(
    canvas: Canvas, pixels: NDArray[np.uint8], corner: tuple[float, float], room: tuple[float, float]
) -> None:
    """A picture as large as its room allows, in its own proportions, at most 300 dots an inch."""
    height, width = pixels.shape[:2]
    share = min(1.0, _MOST_PIXELS / max(height, width))
    if share < 1.0:
        size = (max(1, round(width * share)), max(1, round(height * share)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    reader = ImageReader(io.BytesIO(imaging.encode_jpeg(pixels, _JPEG_QUALITY)))
    shown = min(room[0] / width, room[1] / height)
    left = corner[0] + (room[0] - width * shown) / 2
    canvas.drawImage(reader, left, corner[1], width * shown, height * shown)


def legend(
    canvas: Canvas, colour_map: str, ends: tuple[str, str], place: tuple[float, float], fit: Fit
) -> None:
    """What the colours mean, cold to hot."""
    x, top = place
    size = 7.2 * fit.scale
    canvas.setFont(_REGULAR, size)
    canvas.setFillColor(_BLACK)
    canvas.drawString(x, top - 8, printable(ends[0]))
    x += canvas.stringWidth(printable(ends[0]), _REGULAR, size) + 4
    for index, colour in enumerate(imaging.colour_table(colour_map)[::4]):
        canvas.setFillColorRGB(*(float(part) / 255.0 for part in colour))
        canvas.rect(x + 1.5 * index, top - 8.5, 1.6, 6.5, stroke=0, fill=1)
    canvas.setFillColor(_BLACK)
    canvas.drawString(x + 1.5 * 64 + 5, top - 8, printable(ends[1]))


def notes(
    canvas: Canvas, content: ReportContent, corner: tuple[float, float], room: tuple[float, float], fit: Fit
) -> None:
    """A frame to write in, with a line for the reader's hand."""
    (x, y), (width, height) = corner, room
    if height < 20:
        return
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.6)
    canvas.rect(x, y, width, height, stroke=1, fill=0)
    canvas.setFillColor(_GREY)
    canvas.setFont(_REGULAR, 7.2 * fit.scale)
    canvas.drawString(x + 5, y + height - 10, printable(content.notes))
    text = printable(content.signature)
    line = width * 0.42
    canvas.line(x + width - line - 6, y + 14, x + width - 6, y + 14)
    canvas.drawString(x + width - line - 6, y + 5, text)


def _paragraph(
    text: str,
    size: float,
    fit: Fit,
    *,
    bold: bool = False,
    right: bool = False,
    after: float = 0.0,
    colour: colors.Color = _BLACK,
) -> Paragraph:
    size *= fit.scale
    style = ParagraphStyle(
        "line",
        fontName=_BOLD if bold else _REGULAR,
        fontSize=size,
        leading=size * 1.2,
        textColor=colour,
        alignment=2 if right else 0,
        spaceAfter=after,
        splitLongWords=1,
    )
    return Paragraph(escape(printable(text)), style)


def _padding(side: float, vertical: float) -> list[tuple[Any, ...]]:
    everywhere = ((0, 0), (-1, -1))
    return [
        ("LEFTPADDING", *everywhere, side),
        ("RIGHTPADDING", *everywhere, side),
        ("TOPPADDING", *everywhere, vertical),
        ("BOTTOMPADDING", *everywhere, vertical),
    ]
