"""Lines of text and a legend of colours under a picture: what has to stay with it when it travels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash import palette, typeface

ByteArray = NDArray[np.uint8]

_GROUND, _INK, _SOFT = (palette.rgb(one) for one in (palette.GROUND, palette.INK, palette.INK_SOFT))
_BOLD, _REGULAR = 700, 400
_LINE_HEIGHT = 1.4  # of the size of the letters
_LEGEND_WIDTH = 9.0  # of the size of the letters


@dataclass(frozen=True, slots=True, eq=False)
class Caption:
    """What stands under a picture.

    Attributes
    ----------
    title : str
        The first line, in bold.
    lines : tuple of str
        The others.
    legend : tuple of str
        What the cold and the hot end of the colours mean.
    colours : ndarray of uint8, shape (256, 3)
        RGB, cold to hot.
    """

    title: str
    lines: tuple[str, ...]
    legend: tuple[str, str]
    colours: ByteArray


def caption_strip(caption: Caption, width: int) -> ByteArray:
    """Draw a caption as wide as the picture it belongs to, as high as its lines need.

    Parameters
    ----------
    caption : Caption
    width : int
        Pixels; letters grow with it.

    Returns
    -------
    ndarray of uint8, shape (h, width, 3)
        RGB, dark.
    """
    size = max(13, round(width / 85))
    margin = size
    room = width - 2 * margin
    rows = [(text, _BOLD) for text in wrap(caption.title, room, size, _BOLD)]
    for line in caption.lines:
        rows += [(text, _REGULAR) for text in wrap(line, room, size, _REGULAR)]
    step = round(size * _LINE_HEIGHT)
    strip = np.full((2 * margin + step * (len(rows) + 1), width, 3), _GROUND, np.uint8)
    _draw_legend(strip, caption, margin, size)
    for index, (text, weight) in enumerate(rows, start=1):
        _write(
            strip,
            text,
            (margin, margin + step * index + size),
            colour=_INK if weight == _BOLD else _SOFT,
            size=size,
            weight=weight,
        )
    return strip


def wrap(text: str, room: int, size: int, weight: int) -> list[str]:
    """The text in lines of at most ``room`` pixels, broken between words; a longer word has its own line."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _text_width(longer, size, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _draw_legend(strip: ByteArray, caption: Caption, margin: int, size: int) -> None:
    cold, hot = caption.legend
    left = margin + _text_width(cold, size, _REGULAR) + size // 2
    length = round(_LEGEND_WIDTH * size)
    bar = caption.colours[np.linspace(0, 255, length).astype(int)]
    room = max(strip.shape[1] - left, 0)  # none on a film of a few pixels
    strip[margin : margin + size, left : left + length] = bar[:room]
    _write(strip, cold, (margin, margin + size), colour=_SOFT, size=size)
    _write(strip, hot, (left + length + size // 2, margin + size), colour=_SOFT, size=size)


def _write(
    strip: ByteArray,
    text: str,
    place: tuple[int, int],
    *,
    colour: tuple[int, int, int],
    size: int,
    weight: int = _REGULAR,
) -> None:
    cv2.putText(strip, text, place, colour, _face(weight), size, weight)


def _text_width(text: str, size: int, weight: int) -> int:
    box = cv2.getTextSize((0, 0), text, (0, 0), _face(weight), size, weight)
    return int(box[0] + box[2])


def _face(weight: int) -> cv2.FontFace:
    # read anew each time, in a thirtieth of a millisecond: a face has a state, which threads must not share
    return cv2.FontFace(str(typeface.BOLD if weight == _BOLD else typeface.REGULAR))
