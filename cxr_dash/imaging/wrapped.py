"""Whether grey levels ran over the end of their range and came out at its other end.

A program that brightens a film without saturation, or reads signed levels as unsigned, turns the brightest
parts black or the darkest white. Across such a contour neighbours differ by nearly the whole range, hardly
ever by half of it (a real edge is blurred), and the levels climb on both sides towards the jump: what letters
and edges of collimators never do. Each jump counts by the longer side of the film, straight edges left out.

Chosen on 2,762 shared films of seven sources, none of which is called wrapped (the likest has 0.029 climbs),
and on wrapped copies of 60 of them; what those come to stands in docs/films.md. A film of which next to
nothing wrapped, or of which only letters did, is not noticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import GreyArray
from cxr_dash.imaging.window import contiguous, level_counts

# A jump is this share of the range; a steep edge, which may be a letter's, from the lower one on.
_JUMP, _EDGE = 0.85, 0.4
# Fewer jumps than these by side are looked at no further.
_FEWEST = 0.1
# Nearly every steep edge is a jump; or there are many of them; or many lie between two climbs.
_PURE_SHARE, _MANY, _MANY_SHARE = 0.92, 1.3, 0.8
_CLIMBS, _CLIMBS_SHARE = 0.032, 0.35
# How far a climb is followed, in pixels; it is a climb of at least, and at most, these shares of the range.
_REACH, _LEAST_CLIMB, _MOST_CLIMB = 3, 0.008, 0.25
# Text, collimator and film borders run straight: lines in which more than this share jumps do not count.
_STRAIGHT = 0.12
# Borders of the film are left out: a margin may meet it there.
_RIM = 0.03
# A lowest or highest level that stands out from the next ones: letters, hot pixels or padding, not the film.
_SPIKE = 3.0


@dataclass(frozen=True, slots=True)
class Jumps:
    """Jumps between neighbours, by the longer side of the film.

    Attributes
    ----------
    count : float
        Jumps of nearly the whole range.
    share : float
        Of all steep edges, 0-1.
    climbs : float
        Jumps with a climb on either side.
    """

    count: float
    share: float
    climbs: float


def levels_wrapped(film: GreyArray) -> bool:
    """Decide whether a film's levels wrapped round.

    Parameters
    ----------
    film : ndarray of uint8 or uint16, shape (H, W)
        Stored levels, without margins.
    """
    rim_y, rim_x = (int(_RIM * side) + 1 for side in film.shape)
    inner: GreyArray = contiguous(film[rim_y:-rim_y, rim_x:-rim_x])
    if min(inner.shape) < 4 * _REACH:
        return False
    counts = level_counts(inner)
    return any(_is_wrapped(measure_jumps(inner, size, counts)) for size in _ranges(inner.dtype, counts))


def _ranges(dtype: np.dtype[np.generic], counts: NDArray[np.float32]) -> set[int]:
    """How many levels the numbers may have had: all that are stored, or a power of two just above them."""
    stored = counts.size
    last = int(np.flatnonzero(counts)[-1])
    return {stored, max(1 << last.bit_length(), 256)} if dtype == np.uint16 else {stored}


def _is_wrapped(jumps: Jumps) -> bool:
    if jumps.count < _FEWEST:
        return False
    return (
        jumps.share >= _PURE_SHARE
        or (jumps.count >= _MANY and jumps.share >= _MANY_SHARE)
        or (jumps.climbs >= _CLIMBS and jumps.share >= _CLIMBS_SHARE)
    )


def measure_jumps(film: GreyArray, size: int, counts: NDArray[np.float32]) -> Jumps:
    """Count jumps of a film.

    Parameters
    ----------
    film : ndarray of uint8 or uint16, shape (H, W)
    size : int
        Levels that the range has.
    counts : ndarray of float32
        Pixels at every level.
    """
    side = max(film.shape)
    steep_edges = jumps = climbs = 0.0
    for down in (False, True):
        before, after = (film[:-1], film[1:]) if down else (film[:, :-1], film[:, 1:])
        steep = np.asarray(cv2.absdiff(before, after))
        if _at_least(steep, _JUMP * size) >= _FEWEST / 4 * side:
            lines, along = (film.T, steep.T) if down else (film, steep)
            found = _jumps_along(lines, along, size, _spikes(counts, size))
            steep_edges, jumps, climbs = steep_edges + found[0], jumps + found[1], climbs + found[2]
        elif jumps:
            steep_edges += _at_least(steep, _EDGE * size)
    return Jumps(jumps / side, jumps / max(steep_edges, 1.0), climbs / side)


def _at_least(values: NDArray[Any], limit: float) -> int:
    return cv2.countNonZero(cv2.compare(values, float(np.ceil(limit)), cv2.CMP_GE))  # type: ignore[call-overload]


def _spikes(counts: NDArray[np.float32], size: int) -> tuple[int, int]:
    """Lowest and highest level where they stand out like letters; -1 where they do not."""
    occupied = np.flatnonzero(counts)
    low, high = int(occupied[0]), int(occupied[-1])
    near = size // 32
    beside_low = float(counts[low + 1 : low + 1 + near].max(initial=0.0))
    beside_high = float(counts[max(high - near, 0) : high].max(initial=0.0))
    return (
        low if counts[low] > _SPIKE * beside_low else -1,
        high if counts[high] > _SPIKE * beside_high else -1,
    )


def _jumps_along(
    lines: NDArray[Any], steep: NDArray[Any], size: int, spikes: tuple[int, int]
) -> tuple[int, int, int]:
    """Steep edges, jumps, and jumps between climbs, along the rows."""
    rows, columns = np.nonzero(steep >= _EDGE * size)
    left, right = lines[rows, columns].astype(np.int64), lines[rows, columns + 1].astype(np.int64)
    film = (np.minimum(left, right) != spikes[0]) & (np.maximum(left, right) != spikes[1])
    rows, columns, left, right = rows[film], columns[film], left[film], right[film]
    band = np.convolve(np.bincount(columns, minlength=lines.shape[1]), (1, 1, 1), "same")
    curved = band[columns] <= _STRAIGHT * lines.shape[0]
    rows, columns, left, right = rows[curved], columns[curved], left[curved], right[curved]
    jump = np.abs(left - right) >= _JUMP * size
    total = rows.size
    inside = jump & (columns >= _REACH) & (columns + 1 + _REACH < lines.shape[1])
    rows, columns, left, right = rows[inside], columns[inside], left[inside], right[inside]
    upward = np.sign(left - right)
    climb_left = (left - lines[rows, columns - _REACH].astype(np.int64)) * upward
    climb_right = (lines[rows, columns + 1 + _REACH].astype(np.int64) - right) * upward
    least, most = _LEAST_CLIMB * size, _MOST_CLIMB * size
    climbs = (climb_left > least) & (climb_left < most) & (climb_right > least) & (climb_right < most)
    return total, int(np.count_nonzero(jump)), int(np.count_nonzero(climbs))
