"""Boxes of whole pixels: cut out, grown, or their middle."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from cxr_dash.domain import Box


def cut(pixels: NDArray[Any], box: Box) -> NDArray[Any]:
    """Give the part of a picture inside a box, as a view."""
    return pixels[box.y : box.y + box.height, box.x : box.x + box.width]


def grow_box(box: Box, margin: float, film_width: int, film_height: int) -> Box:
    """Add a share of a box's sides to each of them, as far as the film reaches."""
    wide, high = round(box.width * margin), round(box.height * margin)
    left, top = max(box.x - wide, 0), max(box.y - high, 0)
    right = min(box.x + box.width + wide, film_width)
    bottom = min(box.y + box.height + high, film_height)
    return Box(left, top, right - left, bottom - top)


def middle_of(box: Box, width: int, height: int) -> Box:
    """The largest part of a box that has the aspect of ``width`` x ``height``, in whole pixels, centred."""
    scale = min(box.width / width, box.height / height)
    wide = min(max(round(width * scale), 1), box.width)
    high = min(max(round(height * scale), 1), box.height)
    return Box(box.x + (box.width - wide) // 2, box.y + (box.height - high) // 2, wide, high)
