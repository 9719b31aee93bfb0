"""A jump in level from one block on: what a wrong byte leaves in a JPEG when its decoder noticed nothing.

The level of each block is coded as the difference to the block before. A wrong byte that the code survives
shifts every block after it. Above and below, the shift can be seen at exactly as many block edges as one row
has: from the wrong block to the end of its row, and in the next row from the first block to the one before
it. No picture has such an edge by itself: edges of a body run on in both rows, edges of a frame end with one.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# Of 1. In three samples of 5,000 to 6,000 intact films two different films were above it: docs/adr/0005.
JUMP = 0.25
# How much of the mean of n edges may be chance: this over the square root of n.
_CHANCE = 0.8
# The share of that which edges beside a jump are forgiven: an edge of the picture runs on there.
_BENEFIT = 0.4
# An edge counts half when it is this many times the film's middle one.
_HALF = 2.0
_LEAST_LEVEL = 0.25
_LEAST_UNITS = 3
_BLOCK = 8
_USUAL_SAMPLES = 1024


def level_jump(pixels: NDArray[Any], height: int) -> float:
    """How much the picture looks as if its level jumped inside a row of coded units.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W)
        Decoded levels, as stored.
    height : int
        Rows of pixels that are coded together, from left to right: 8, or more where colour is coarser.

    Returns
    -------
    float
        At most 1: all edges of one row's length jump the same way, and none beside them does. 0 or less
        where no place is worth a closer look: none can be above `JUMP`.
    """
    width = _BLOCK
    down, across = pixels.shape[0] // height, pixels.shape[1] // width
    if down < _LEAST_UNITS or across < _LEAST_UNITS:
        return 0.0
    step = _edges(pixels[: down * height, : across * width], width, height)
    size = np.abs(step)
    sample = size[:: max(1, size.size // _USUAL_SAMPLES)]
    sample = sample[sample > 0]
    middle = sample.size // 2
    usual = (float(np.partition(sample, middle)[middle]) if sample.size else 0.0) + _LEAST_LEVEL
    return _strongest(step / (size + _HALF * usual), across)


def _edges(pixels: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """Steps in level from each unit to the one below it, in the order of coding, without the slopes there."""
    before, above = (pixels[height - back :: height][:-1] for back in (2, 1))
    below, after = pixels[height::height], pixels[height + 1 :: height]
    # Three halves of the step less half a slope on either side, in whole numbers: twice as much.
    step = cv2.subtract(below, above, dtype=cv2.CV_16S)
    step = cv2.scaleAdd(step, 3.0, cv2.subtract(before, after, dtype=cv2.CV_16S))
    size = (pixels.shape[1] // width, step.shape[0])
    means = cv2.resize(step.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return means.ravel() / 2


def _strongest(step: NDArray[Any], across: int) -> float:
    """The strongest jump; a step of exactly nothing is one between two black or two white units: unseen."""
    sums = np.concatenate([[0.0], np.cumsum(step, dtype=np.float64)])
    counts = np.concatenate([[0], np.cumsum(step != 0)])
    start = np.arange(step.size - across)
    together = np.abs(sums[across:-1] - sums[: -across - 1])[: start.size]
    seen = (counts[across:-1] - counts[: -across - 1])[: start.size]
    # A jump is never stronger than the mean step: few places, if any, are worth a closer look.
    start = start[(together > JUMP * seen) & (start % across > 0)]
    if start.size == 0:
        return 0.0
    column = start % across
    row = start - column

    def part(first: NDArray[Any], last: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        count = np.maximum(counts[last] - counts[first], 1e-9)
        return (sums[last] - sums[first]) / count, _CHANCE / np.sqrt(count)

    (right, may_right), (left, may_left) = part(start, row + across), part(row + across, start + across)
    other_left, other_right = part(row, start)[0], part(start + across, row + 2 * across)[0]
    sign = np.sign(right + left)
    inside = np.minimum(sign * right - may_right, sign * left - may_left)
    beside = np.maximum(np.abs(other_left) - _BENEFIT * may_left, np.abs(other_right) - _BENEFIT * may_right)
    return float((inside - np.maximum(beside, 0.0)).max())
