"""Black margins of a film: collimator edges, scanner beds, the bars of a screenshot."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Box, GreyArray

# A pixel is near-black below this windowed grey level, of 255.
_BLACK_BELOW = 10.0
# A row or column belongs to a margin while at most this share of it is brighter: letters and dust, no body.
_BRIGHT_SHARE = 0.02
# What is kept is at least this share of the film each way, so that one bright mark on a dark film is not
# taken for the whole film.
_MIN_KEPT = 0.25


def find_borders(pixels: GreyArray, low: float, high: float, *, inverted: bool = False) -> Box:
    """Find what lies inside the near-black margins.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)
        Stored levels.
    low, high : float
        The window: stored levels that become 0 and 255.
    inverted : bool
        Whether black and white are swapped after the window.

    Returns
    -------
    Box
        What to keep.
    """
    reach = (high - low) * _BLACK_BELOW / 255.0
    if inverted:
        bright = _compare(pixels, float(np.ceil(high - reach)), cv2.CMP_LT)
    else:
        bright = _compare(pixels, float(np.floor(low + reach)), cv2.CMP_GT)
    height, width = pixels.shape
    left, right = _margins(bright, axis=0)
    top, bottom = _margins(bright[:, left : width - right], axis=1)
    # Bars above and below diluted the columns: look at them again without.
    left, right = _margins(bright[top : height - bottom], axis=0)
    return Box(left, top, width - left - right, height - top - bottom)


def _compare(pixels: GreyArray, level: float, comparison: int) -> NDArray[np.uint8]:
    # OpenCV compares with a number as well; its type stub does not know.
    return cv2.compare(pixels, level, comparison)  # type: ignore[call-overload, no-any-return]


def _margins(bright: NDArray[np.uint8], axis: int) -> tuple[int, int]:
    lines = cv2.reduce(bright, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    across = bright.shape[axis]
    filled = np.flatnonzero(lines > _BRIGHT_SHARE * 255 * across)
    if filled.size == 0 or filled[-1] + 1 - filled[0] < _MIN_KEPT * lines.size:
        return 0, 0
    return int(filled[0]), int(lines.size - 1 - filled[-1])
