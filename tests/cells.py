"""A grid of 100 x 100 cells that are the film's pixels: whatever is measured on it can be counted by hand."""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Box, Preparation

WHOLE = Box(0, 0, 100, 100)
PLAN = Preparation(100, 100, 0.0, 255.0, False, WHOLE, WHOLE, 100, 100, 0.0)
# two lungs: x, y, width, height
LEFT, RIGHT = (10, 20, 20, 50), (60, 20, 20, 50)


def mask(*boxes: tuple[int, int, int, int], side: int = 100) -> np.ndarray:
    """True in boxes: x, y, width, height."""
    found = np.zeros((side, side), bool)
    for x, y, width, height in boxes:
        found[y : y + height, x : x + width] = True
    return found
