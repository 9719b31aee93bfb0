"""Where the film lies in its picture: margins of any one level are no part of it, also several, nested."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Box, GreyArray

# A pixel belongs to a margin when its level is this near to the margin's, as a share of the film's levels: a
# scanner's noise, and no more.
_NEAR = 0.024
# A row or column is a margin while at most this share of it is anything else: letters and dust.
_OTHER_SHARE = 0.02
# A caption may stand in a margin: rows of which most is the margin itself, if it goes on behind them within
# this share of the film.
_CAPTION_OTHER, _CAPTION_HEIGHT = 0.4, 0.06
# Lossy files ring beside an edge, over a block of 8 pixels at most: pixels there are only about their margin.
_ABOUT, _ABOUT_SHARE, _BLOCK = 0.08, 0.1, 8
_LOSSY = frozenset({"jpeg", "webp"})
# What is kept is at least this share of the picture each way.
_MIN_KEPT = 0.25
_ROUNDS = 6


def find_film(pixels: GreyArray, levels: float, *, lossy: bool = False) -> Box:
    """Find what lies inside uniform margins.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)
        Stored levels.
    levels : float
        How many levels the film has, about: what is near is a share of it.
    lossy : bool
        Whether the file's compression blurs the edge of a margin.

    Returns
    -------
    Box
        The whole picture where it has no margins, or where next to nothing would be left.
    """
    height, width = pixels.shape
    box = Box(0, 0, width, height)
    for _ in range(_ROUNDS):
        smaller = _without_margins(pixels, box, levels, lossy=lossy)
        if smaller.width < _MIN_KEPT * width or smaller.height < _MIN_KEPT * height or smaller == box:
            break
        box = smaller
    return box


def is_lossy(file_format: str) -> bool:
    """Whether files of that format do not keep every level."""
    return file_format in _LOSSY


def _without_margins(pixels: GreyArray, box: Box, levels: float, *, lossy: bool) -> Box:
    """The box less one margin on each of its sides, the widest share of it first."""
    left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    top += _margin(pixels[top:bottom, left:right], levels, lossy=lossy)
    bottom -= _margin(pixels[top:bottom, left:right][::-1], levels, lossy=lossy)
    left += _margin(pixels[top:bottom, left:right].T, levels, lossy=lossy)
    right -= _margin(pixels[top:bottom, left:right][:, ::-1].T, levels, lossy=lossy)
    return Box(left, top, max(right - left, 0), max(bottom - top, 0))


def _margin(picture: GreyArray, levels: float, *, lossy: bool) -> int:
    """Rows at the top that are a margin of one level."""
    if not picture.size:
        return 0
    level = float(np.median(picture[0]))
    near = max(_NEAR * levels, 1.0 if levels > 16 else 0.0)
    count = _rows_of(picture, level, near)
    if 0 < count < picture.shape[0]:
        count += _captioned(picture[count:], level, near)
    if lossy and 0 < count < picture.shape[0]:
        about = _ABOUT * levels
        for row in picture[count : count + _BLOCK]:
            if _share_off(row, level, about) > _ABOUT_SHARE:
                break
            count += 1
    return count


def _rows_of(picture: GreyArray, level: float, near: float) -> int:
    count = 0
    while count < picture.shape[0] and _share_off(picture[count], level, near) <= _OTHER_SHARE:
        count += 1
    return count


def _captioned(picture: GreyArray, level: float, near: float) -> int:
    """Rows at the top that hold a caption, and what of the margin lies behind it; 0 where none does."""
    most = max(1, round(_CAPTION_HEIGHT * picture.shape[0]))
    end = 0
    for number, row in enumerate(picture):
        off = _share_off(row, level, near)
        if off <= _OTHER_SHARE:
            end = number + 1
        elif off > _CAPTION_OTHER or number + 1 - end >= most:
            break
    return end


def _share_off(line: NDArray[np.uint8] | NDArray[np.uint16], level: float, near: float) -> float:
    low, high = max(level - near, 0.0), level + near
    return 1.0 - float(np.count_nonzero((line >= low) & (line <= high))) / line.size
