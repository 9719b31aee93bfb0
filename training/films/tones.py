"""Changes of a film's tone that viewers and converters make, and models trained without them read wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]
Change = Callable[[ByteArray], ByteArray]

_TILES = 8
_SHARPEN_WIDTH = 0.01  # of the film's longer side
_SHARPEN_AMOUNT = 1.5


def adaptive(clip: float) -> Change:
    """Contrast-limited adaptive equalisation (Zuiderveld 1994) in 8 x 8 tiles."""

    def change(film: ByteArray) -> ByteArray:
        return np.asarray(cv2.createCLAHE(clip, (_TILES, _TILES)).apply(film), np.uint8)

    return change


def curve(power: float) -> Change:
    """Grey levels as shares of white, to a power."""

    def change(film: ByteArray) -> ByteArray:
        return np.asarray(np.rint(255.0 * (film / 255.0) ** power), np.uint8)

    return change


def equalised(film: ByteArray) -> ByteArray:
    """Every grey level as frequent as any other."""
    return np.asarray(cv2.equalizeHist(film), np.uint8)


def sharpened(film: ByteArray) -> ByteArray:
    """An unsharp mask: one and a half times what a blurred copy lacks is added."""
    grey = film.astype(np.float32)
    blurred = cv2.GaussianBlur(grey, (0, 0), _SHARPEN_WIDTH * max(film.shape))
    return np.asarray(np.rint(np.clip(grey + _SHARPEN_AMOUNT * (grey - blurred), 0, 255)), np.uint8)


# By the direction in which they move a film's measures: those that move it alike stand together.
TONES: Mapping[str, Mapping[str, Change]] = {
    "adaptive": {"CLAHE, clip 2": adaptive(2.0), "CLAHE, clip 4": adaptive(4.0)},
    "equalised": {"equalised": equalised},
    "sharpened": {"unsharp mask": sharpened},
    "brightened": {"gamma 0.5": curve(0.5)},
    "darkened": {"gamma 2": curve(2.0)},
}

EVERY_TONE: Mapping[str, Change] = {name: change for kind in TONES.values() for name, change in kind.items()}
