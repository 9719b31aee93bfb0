"""A reader's marks on a film: ruler, arrow, L and R, drawn as the page draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash import typeface
from cxr_dash.imaging.seen import line_width

ByteArray = NDArray[np.uint8]
Point = tuple[float, float]

KINDS = ("ruler", "arrow", "L", "R")
_INK, _UNDER = (255, 255, 255), (0, 0, 0)
_LETTERS = 1 / 40  # of the shorter side
_WEIGHT = 700


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    start, end : (float, float)
        x and y in the film's own pixels; the same point for L and R.
    text : str
        What a ruler measured, as the page words it; empty for the others.
    """

    kind: str
    start: Point
    end: Point
    text: str = ""


def marked(film: ByteArray, marks: Sequence[Mark]) -> ByteArray:
    """The film with marks in white over black, so that they are seen on lung and on bone.

    Parameters
    ----------
    film : ndarray of uint8, shape (H, W) or (H, W, 3)
        Left as it is.
    marks : sequence of Mark

    Returns
    -------
    ndarray of uint8, of the same shape
    """
    if not marks:
        return film
    pixels = np.ascontiguousarray(film).copy()
    side = min(pixels.shape[:2])
    for mark in marks:
        if mark.kind in ("L", "R"):
            _letters(pixels, mark.kind, mark.end, 2.0 * _LETTERS * side)
            continue
        _line(pixels, mark, line_width(pixels))
        middle = ((mark.start[0] + mark.end[0]) / 2, (mark.start[1] + mark.end[1]) / 2 - _LETTERS * side)
        _letters(pixels, mark.text, middle, _LETTERS * side)
    return pixels


def _line(pixels: ByteArray, mark: Mark, thick: int) -> None:
    start, end = np.array(mark.start), np.array(mark.end)
    length = float(np.hypot(*(end - start))) or 1.0
    along = (end - start) / length
    across = np.array([-along[1], along[0]])
    pieces = [(start, end)]
    if mark.kind == "arrow":
        pieces += [(end, end - 8 * thick * (along + 0.5 * turn * across)) for turn in (-1, 1)]
    else:
        pieces += [(point - 4 * thick * across, point + 4 * thick * across) for point in (start, end)]
    for ink, wide in ((_UNDER, 2 * thick + 1), (_INK, thick)):
        for one, other in pieces:
            cv2.line(pixels, _pixel(one), _pixel(other), ink, wide, cv2.LINE_AA)


def _letters(pixels: ByteArray, text: str, centre: Point, size: float) -> None:
    """Centred; on an edge moved into the film."""
    if not text:
        return
    face, height = cv2.FontFace(str(typeface.BOLD)), max(11, round(size))
    box = cv2.getTextSize((0, 0), text, (0, 0), face, height, _WEIGHT)
    width = int(box[0] + box[2])
    left = min(max(2, round(centre[0] - width / 2)), max(2, pixels.shape[1] - width - 2))
    foot = min(max(height, round(centre[1] + height / 3)), pixels.shape[0] - 4)
    rim = max(1, height // 12)
    for place in ((left - rim, foot), (left + rim, foot), (left, foot - rim), (left, foot + rim)):
        cv2.putText(pixels, text, place, _UNDER, face, height, _WEIGHT)
    cv2.putText(pixels, text, (left, foot), _INK, face, height, _WEIGHT)


def _pixel(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
