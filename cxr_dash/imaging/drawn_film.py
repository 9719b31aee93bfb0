"""From a drawn chest to a film of any size, marked as what it is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array

_LEAST_SIDE = 64


def refuse_small(height: int, width: int) -> None:
    """Refuse a size at which nothing would be seen.

    Raises
    ------
    ValueError
        If a side is shorter than 64 pixels.
    """
    if min(height, width) < _LEAST_SIDE:
        raise ValueError(f"`height` and `width` must be 64 or more; received {height} and {width}")


def framed(drawn: Float32Array, height: int, width: int) -> Float32Array:
    """Put a square drawing in the middle of a frame, as large as its shorter side.

    Parameters
    ----------
    drawn : ndarray of float32, shape (side, side)
    height, width : int
        Of the frame, pixels.

    Returns
    -------
    ndarray of float32, shape (height, width)
        0 beside the drawing.
    """
    side = min(height, width)
    frame = np.zeros((height, width), np.float32)
    top, left = (height - side) // 2, (width - side) // 2
    smaller = side < drawn.shape[0]
    frame[top : top + side, left : left + side] = cv2.resize(
        drawn, (side, side), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    )
    return frame


def marked_phantom(film: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Write "PHANTOM" and the side on a film, in place."""
    height, width = film.shape
    scale = min(height, width) / 1024.0
    for text, x, y, size in (("PHANTOM", 0.02, 0.045, 0.9), ("L", 0.94, 0.06, 1.4)):
        cv2.putText(
            film,
            text,
            (round(x * width), round(y * min(height, width))),
            cv2.FONT_HERSHEY_SIMPLEX,
            size * scale,
            (240,),
            max(1, round(2.2 * size * scale)),
            cv2.LINE_AA,
        )
    return film
