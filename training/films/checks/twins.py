"""Films that are there twice: byte for byte, or saved again in another size, quality or brightness.

The fingerprint is a difference hash (512 bits: is a cell of a 17 x 17 grid brighter than its left and its
upper neighbour). On 300 shared films the 95th percentile of changed bits is 13 for JPEG at quality 40, 11 for
half the size, 7 for gamma 1.3, 15 for noise of 5 levels, 10 for a drawn letter, 34 for 1 % cut off around;
2 % cut off (61) and 2 degrees of rotation (57) are beyond the limit. Of the 21.7 million pairs of the 6,595
shared covid films, 4 are within it; from 48 bits on most pairs are two visits of one patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = 16
BITS = 2 * GRID * GRID
MAX_BITS = 40
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Twins:
    """Two rows with one picture; ``bits`` of the fingerprints differ, None when the bytes are equal."""

    first: int
    second: int
    bits: int | None


def fingerprint(pixels: NDArray[Any]) -> NDArray[np.uint64]:
    """The difference hash of a film.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)

    Returns
    -------
    ndarray of uint64, shape (8,)
    """
    small = cv2.resize(pixels.astype(np.float32), (GRID + 1, GRID + 1), interpolation=cv2.INTER_AREA)
    across = small[:GRID, 1:] > small[:GRID, :-1]
    down = small[1:, :GRID] > small[:-1, :GRID]
    return np.packbits(np.concatenate([across.ravel(), down.ravel()])).view(np.uint64)


def equal_files(hashes: Sequence[str]) -> list[Twins]:
    """Every file that was there before, paired with its first copy; empty hashes are left out."""
    first: dict[str, int] = {}
    return [
        Twins(first[value], row, None)
        for row, value in enumerate(hashes)
        if value and first.setdefault(value, row) != row
    ]


def near_twins(
    rows: Sequence[int], fingerprints: NDArray[np.uint64], max_bits: int = MAX_BITS
) -> list[Twins]:
    """Every pair of films whose fingerprints differ in at most ``max_bits`` of 512 bits.

    All pairs are compared, eight machine words each: 8,000 films take a third of a second, 112,000 about
    a minute.

    Parameters
    ----------
    rows : sequence of int
        The number of each film.
    fingerprints : ndarray of uint64, shape (n, 8)
    max_bits : int

    Returns
    -------
    list of Twins
        Closest first.
    """
    found: list[Twins] = []
    for start in range(0, len(fingerprints), _BLOCK):
        block = fingerprints[start : start + _BLOCK]
        distance = np.zeros((len(block), len(fingerprints) - start), dtype=np.uint16)
        for word in range(fingerprints.shape[1]):
            distance += np.bitwise_count(block[:, word, None] ^ fingerprints[None, start:, word])
        for one, other in zip(*np.nonzero(distance <= max_bits), strict=True):
            if one < other:
                pair = rows[start + int(one)], rows[start + int(other)]
                found.append(Twins(*pair, int(distance[one, other])))
    return sorted(found, key=lambda twins: (twins.bits or 0, twins.first, twins.second))
