"""Ways to write a film as another file that must not change what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.imaging import encode_jpeg, encode_png
from training.films.tones import adaptive, curve, equalised

ByteArray = NDArray[np.uint8]

_FRAME = 10  # pixels
_SQUASHED = 0.8
_JPEG_QUALITY = 30


@dataclass(frozen=True, slots=True)
class Written:
    """One way.

    Attributes
    ----------
    name : str
    write : callable
        A film, uint8 (H, W), to the bytes of a file.
    judged : bool
        Whether it counts for the verdict: a film made very small has lost what small findings are made of.
    """

    name: str
    write: Callable[[ByteArray], bytes]
    judged: bool = True


def as_it_is(film: ByteArray) -> bytes:
    """What the others are compared with: the same levels as a PNG."""
    return encode_png(film, {})


def _png(change: Callable[[ByteArray], ByteArray]) -> Callable[[ByteArray], bytes]:
    return lambda film: encode_png(np.ascontiguousarray(change(film)), {})


def framed(level: int) -> Callable[[ByteArray], ByteArray]:
    """In a frame of one level, 10 pixels wide."""

    def change(film: ByteArray) -> ByteArray:
        border = cv2.copyMakeBorder(film, *(_FRAME,) * 4, cv2.BORDER_CONSTANT, value=(float(level),))
        return np.asarray(border, np.uint8)

    return change


def tilted(degrees: float) -> Callable[[ByteArray], ByteArray]:
    """Turned about its middle, counter-clockwise; corners that come in are black."""

    def change(film: ByteArray) -> ByteArray:
        height, width = film.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        return np.asarray(cv2.warpAffine(film, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)

    return change


def squashed(film: ByteArray) -> ByteArray:
    """Four fifths of its width."""
    size = (max(1, round(film.shape[1] * _SQUASHED)), film.shape[0])
    return np.asarray(cv2.resize(film, size, interpolation=cv2.INTER_AREA), np.uint8)


def shrunk(side: int) -> Callable[[ByteArray], ByteArray]:
    """The longer side so many pixels; a film that is smaller stays as it is."""

    def change(film: ByteArray) -> ByteArray:
        share = min(1.0, side / max(film.shape))
        size = max(1, round(film.shape[1] * share)), max(1, round(film.shape[0] * share))
        return np.asarray(cv2.resize(film, size, interpolation=cv2.INTER_AREA), np.uint8)

    return change


WAYS = (
    Written("gamma 0.5", _png(curve(0.5))),
    Written("gamma 2", _png(curve(2.0))),
    Written("CLAHE", _png(adaptive(4.0))),
    Written("equalised", _png(equalised)),
    Written("white frame", _png(framed(255))),
    Written("grey frame", _png(framed(128))),
    Written("black frame", _png(framed(0))),
    Written("tilt of 7 degrees", _png(tilted(7.0))),
    Written("tilt of 10 degrees", _png(tilted(-10.0))),
    Written("width x 0.8", _png(squashed)),
    Written("128 pixels", _png(shrunk(128)), judged=False),
    Written("64 pixels", _png(shrunk(64)), judged=False),
    Written("JPEG, quality 30", lambda film: encode_jpeg(film, _JPEG_QUALITY)),
)
