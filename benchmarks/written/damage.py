"""Ways in which a film's file is damaged on its way and still opens."""

from __future__ import annotations

import re
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SCAN_START = b"\xff\xda"
_END = b"\xff\xd9"


def jpeg(film: NDArray[Any], quality: int = 95, *, progressive: bool = False) -> bytes:
    """A whole JPEG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return bytes(cv2.imencode(".jpg", film, options)[1])


def png(film: NDArray[Any]) -> bytes:
    """A whole PNG."""
    return bytes(cv2.imencode(".png", film)[1])


def webp(film: NDArray[Any], quality: int = 90) -> bytes:
    """A whole WebP, lossy."""
    return bytes(cv2.imencode(".webp", film, [cv2.IMWRITE_WEBP_QUALITY, quality])[1])


def cut(data: bytes, share: float) -> bytes:
    """Cut short, its end marker put back."""
    kept = data[: round(len(data) * share)]
    return kept.rstrip(b"\xff") + _END


def tail_zeroed(data: bytes, share: float) -> bytes:
    """Zeros instead of the rest, its end marker in place."""
    kept = round(len(data) * share)
    return data[:kept] + b"\0" * (len(data) - kept - 2) + _END


def one_wrong_byte(data: bytes, rng: np.random.Generator) -> bytes:
    """One byte of the entropy-coded data changed; never into or out of a marker."""
    start = scan_start(data)
    while True:
        at = int(rng.integers(start + 200, len(data) - 200))
        byte = int(rng.integers(0, 255))
        if byte != data[at] and 0xFF not in (data[at - 1], data[at], byte):
            return data[:at] + bytes([byte]) + data[at + 1 :]


def first_scans(data: bytes, count: int) -> bytes:
    """A progressive JPEG that ends after its first scans."""
    starts = [found.start() for found in re.finditer(re.escape(_SCAN_START), data)]
    if len(starts) <= count:
        raise ValueError(f"`data` must have more than {count} scans; received {len(starts)}")
    # tables may stand between scans: cut where the last kept scan's data ends
    end = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]").search(data, starts[count - 1] + 4)
    assert end is not None  # noqa: S101 - the next scan's marker is there
    return data[: end.start()] + _END


def hole(data: bytes, rng: np.random.Generator, length: int = 400) -> bytes:
    """A run of zeros in the middle, as a lost block leaves it."""
    at = int(rng.integers(len(data) // 3, max(len(data) * 2 // 3 - length, len(data) // 3 + 1)))
    return data[:at] + b"\0" * length + data[at + length :]


def scan_start(data: bytes) -> int:
    """Where the entropy-coded data of the first scan begin."""
    at = data.index(_SCAN_START)
    return at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
