"""The sheet: A4, one page whatever it holds. What gives way is the size of the films, then long texts."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from cxr_dash.services.report import parts
from cxr_dash.services.report.sheet_text import ReportContent

ByteArray = NDArray[np.uint8]

_WIDTH, _HEIGHT = A4
_MARGIN = 36.0
_ROOM = _WIDTH - 2 * _MARGIN
_GAP = 9.0
_TALLEST_FILM, _SHORTEST_FILM = 262.0, 120.0
_NOTES = 52.0


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """What is shown: the film, uint8 (H, W), and with its heat, uint8 (H, W, 3); ``None`` where it is not."""

    film: ByteArray
    overlay: ByteArray | None
    colour_map: str


# How much is given up to stay on one page: size of letters, items of a list, characters of a text.
_FITS = (
    parts.Fit(1.0, 99, 2000),
    parts.Fit(0.94, 99, 2000),
    parts.Fit(0.9, 4, 420),
    parts.Fit(0.86, 3, 300),
    parts.Fit(0.82, 2, 220),
    parts.Fit(0.78, 2, 140),
    parts.Fit(0.74, 1, 90),
)


def draw_sheet(
    content: ReportContent, pictures: Pictures, *, language: str, about: Mapping[str, str]
) -> bytes:
    """Draw the page.

    Parameters
    ----------
    content : ReportContent
    pictures : Pictures
    language : str
        For screen readers.
    about : mapping of str to str
        ``title``, ``author``, ``subject`` and ``keywords`` of the file.

    Returns
    -------
    bytes
    """
    # pictures as they are: as text they would be a quarter larger, and take a second to write
    rl_config.useA85 = 0
    parts.register_letters()
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, pageCompression=1, lang=language)
    canvas.setTitle(about["title"])
    canvas.setAuthor(about["author"])
    canvas.setCreator(about["author"])
    canvas.setSubject(about["subject"])
    canvas.setKeywords(about["keywords"])
    for fit in _FITS:
        pieces = _Pieces(content, fit)
        if pieces.spare() >= _SHORTEST_FILM + _NOTES:
            break
    _draw(canvas, pieces, content, pictures)
    canvas.showPage()
    canvas.save()
    return stream.getvalue()


class _Pieces:
    """Everything but films and notes, laid out at one size."""

    def __init__(self, content: ReportContent, fit: parts.Fit) -> None:
        half = (_ROOM - 2 * _GAP) / 2
        self.fit = fit
        self.head = parts.head(content, fit, _ROOM)
        captions = [parts.small(text, fit) for text in content.picture_captions]
        self.captions = [parts.Stack([one], half) for one in captions]
        self.table = parts.table(content, fit, _ROOM)
        self.left = parts.blocks(content.left, fit, half)
        self.right = parts.blocks((content.right,), fit, half)
        self.footer = parts.footer(content, fit, _ROOM)

    def spare(self) -> float:
        """Points left for the films and the notes."""
        columns = max(self.left.height, self.right.height)
        captions = max(one.height for one in self.captions) + parts.LEGEND_HEIGHT
        used: float = self.head.height + captions + self.table.height + columns + self.footer.height
        return float(_HEIGHT) - 2 * _MARGIN - used - 5 * _GAP


def _draw(canvas: Canvas, pieces: _Pieces, content: ReportContent, pictures: Pictures) -> None:
    half = (_ROOM - 2 * _GAP) / 2
    right = _MARGIN + half + 2 * _GAP
    height, width = pictures.film.shape
    tall = max(40.0, min(_TALLEST_FILM, pieces.spare() - _NOTES, half * height / width))
    y = pieces.head.draw(canvas, _MARGIN, _HEIGHT - _MARGIN) - _GAP
    parts.picture(canvas, pictures.film, (_MARGIN, y - tall), (half, tall))
    if pictures.overlay is not None:
        parts.picture(canvas, pictures.overlay, (right, y - tall), (half, tall))
    y -= tall + 2.0
    if pictures.overlay is not None:
        parts.legend(canvas, pictures.colour_map, content.legend, (right, y), pieces.fit)
    y = min(
        pieces.captions[0].draw(canvas, _MARGIN, y),
        pieces.captions[1].draw(canvas, right, y - parts.LEGEND_HEIGHT),
    )
    y = pieces.table.draw(canvas, _MARGIN, y - _GAP) - _GAP
    y = min(pieces.left.draw(canvas, _MARGIN, y), pieces.right.draw(canvas, right, y)) - _GAP
    bottom = _MARGIN + pieces.footer.height + _GAP
    parts.notes(canvas, content, (_MARGIN, bottom), (_ROOM, y - bottom), pieces.fit)
    pieces.footer.draw(canvas, _MARGIN, _MARGIN + pieces.footer.height)
