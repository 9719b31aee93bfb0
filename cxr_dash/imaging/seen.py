"""A film as its reader had set the screen: grey window, inversion, lines of equal heat."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash import palette
from cxr_dash.domain import Float32Array

ByteArray = NDArray[np.uint8]

# Of the shorter side: as thin as on the screen, and still seen on a film of 3,000 pixels.
_THIN = 1 / 500


def line_width(film: ByteArray) -> int:
    """How wide a line that is drawn on a film is, in its own pixels."""
    return max(2, round(int(min(film.shape[:2])) * _THIN))


def toned(display: ByteArray, width: float, level: float, *, invert: bool) -> ByteArray:
    """The film through a grey window, by the rule of ``assets/js/5-film/53-film-sheet.js``.

    Parameters
    ----------
    display : ndarray of uint8, shape (H, W)
        0 black, 255 white.
    width : float
        Grey levels between black and white, > 0; 255 leaves them as they are.
    level : float
        The grey level that becomes the middle one, 0-255.
    invert : bool
        Whether black and white are swapped afterwards.

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    shares = np.arange(256) / width + 0.5 - level / width
    table = np.floor(255.0 * np.clip(shares, 0.0, 1.0) + 0.5).astype(np.uint8)
    return np.asarray(cv2.LUT(display, 255 - table if invert else table), np.uint8)


def outlined(
    display: ByteArray, heat: Float32Array, lines: Sequence[tuple[float, tuple[int, int, int]]]
) -> ByteArray:
    """Lines of equal heat on a film, each over a dark one, so that it is seen on lung and on bone.

    Parameters
    ----------
    display : ndarray of uint8, shape (H, W)
    heat : ndarray of float32, shape (H, W)
        0-1, as a share of the map's own peak.
    lines : sequence of (float, (int, int, int))
        Level, 0-1, and colour, RGB.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB.
    """
    pixels = np.ascontiguousarray(cv2.merge([display, display, display]), np.uint8)
    thick = line_width(display)
    for share, colour in lines:
        above = (heat >= share).astype(np.uint8)
        found, _ = cv2.findContours(above, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for ink, wide in ((palette.rgb(palette.BLACK), 2 * thick), (colour, thick)):
            cv2.drawContours(pixels, found, -1, ink, wide, cv2.LINE_AA)
    return np.asarray(pixels, np.uint8)
