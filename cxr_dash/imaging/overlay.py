"""Film and heat as a person sees them.

Colours and opacity of the heat layer, which the browser repeats pixel by pixel: for heat ``h`` in 0-1,
``colour = colour_table(name)[round(255 h)]`` and ``alpha = opacity * min(1, h / 0.5)``; over a film of grey
level ``g``, ``shown = g + alpha * (colour - g)``. Cold regions stay as they are.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import N_, Float32Array, Preparation, Radiograph
from cxr_dash.errors import RequestError
from cxr_dash.imaging.window import window_table

ByteArray = NDArray[np.uint8]

# Perceptually uniform, readable by the colour-blind, equally ordered in grey print.
COLOUR_MAPS = ("inferno", "viridis", "cividis", "magma")
# Heat from here on is shown at the full opacity.
FULL_ALPHA_HEAT = 0.5


def colour_table(name: str) -> ByteArray:
    """Give the 256 colours of a map, cold to hot.

    Returns
    -------
    ndarray of uint8, shape (256, 3)
        RGB.

    Raises
    ------
    RequestError
        If `name` is not one of :data:`COLOUR_MAPS`.
    """
    if name not in COLOUR_MAPS:
        raise RequestError(
            N_("`colour_map` must be one of {known}; received {received!r}."),
            remedy=N_("Choose one of the listed maps."),
            known=", ".join(COLOUR_MAPS),
            received=name,
        )
    code = int(getattr(cv2, f"COLORMAP_{name.upper()}"))
    bgr = cv2.applyColorMap(np.arange(256, dtype=np.uint8).reshape(256, 1), code)
    return np.ascontiguousarray(np.asarray(bgr, np.uint8).reshape(256, 3)[:, ::-1])


def display_pixels(radiograph: Radiograph, preparation: Preparation) -> ByteArray:
    """Give the film in its own frame, with the window applied and polarity put right.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        0 black, 255 white.
    """
    table = window_table(
        radiograph.pixels.dtype,
        preparation.window_low,
        preparation.window_high,
        inverted=preparation.inverted,
    )
    return np.asarray(cv2.LUT(radiograph.pixels, np.rint(table).astype(np.uint8)), np.uint8)


def heat_rgba(heat: Float32Array, colour_map: str, opacity: float) -> ByteArray:
    """Draw heat as a layer to lay over a film.

    Parameters
    ----------
    heat : ndarray of float32, shape (H, W)
        0-1; what lies outside is clipped, NaN counts as 0.
    colour_map : str
        One of :data:`COLOUR_MAPS`.
    opacity : float
        Alpha of the hot regions, 0-1.

    Returns
    -------
    ndarray of uint8, shape (H, W, 4)
        RGBA, not premultiplied.
    """
    colours = np.column_stack([colour_table(colour_map), _alpha_table(opacity)])
    return _coloured(_levels(heat), colours)


def blend_overlay(display: ByteArray, heat: Float32Array, colour_map: str, opacity: float) -> ByteArray:
    """Lay heat over a film.

    Parameters
    ----------
    display : ndarray of uint8, shape (H, W)
        From :func:`display_pixels`.
    heat : ndarray of float32, shape (H, W)
        0-1.
    colour_map : str
    opacity : float
        0-1.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB.

    Raises
    ------
    ValueError
        If the two shapes differ.
    """
    if display.shape != heat.shape:
        raise ValueError(f"`heat` must have the film's shape {display.shape}; received {heat.shape}")
    levels = _levels(heat)
    alpha = _alpha_table(opacity)
    # shown = grey * (255 - alpha) / 255 + colour * alpha / 255: the second term depends on heat alone.
    added = np.rint(colour_table(colour_map) * (alpha[:, np.newaxis] / 255.0)).astype(np.uint8)
    kept = cv2.multiply(display, cv2.LUT(levels, 255 - alpha), scale=1.0 / 255.0)
    return np.ascontiguousarray(cv2.add(cv2.merge([kept, kept, kept]), _coloured(levels, added)))


def _alpha_table(opacity: float) -> ByteArray:
    if not 0.0 <= opacity <= 1.0:
        raise RequestError(
            N_("`opacity` must be between 0 and 1; received {received}."),
            remedy=N_("Move the slider back."),
            received=opacity,
        )
    ramp = np.minimum(np.arange(256) / 255.0 / FULL_ALPHA_HEAT, 1.0)
    # a half goes up, as in the browser, and in the same order of steps: the same to the last level
    return np.floor(255.0 * opacity * ramp + 0.5).astype(np.uint8)


def _levels(heat: Float32Array) -> ByteArray:
    # OpenCV compares with a number as well; its type stub does not know.
    positive = cv2.max(heat, 0.0)  # type: ignore[call-overload]
    # Rounds and saturates at 255; below zero it would take the magnitude, so that is cut off first.
    return np.asarray(cv2.convertScaleAbs(positive, alpha=255.0), np.uint8)


def _coloured(levels: ByteArray, table: ByteArray) -> ByteArray:
    channels = [cv2.LUT(levels, np.ascontiguousarray(table[:, index])) for index in range(table.shape[1])]
    return np.asarray(cv2.merge(channels), np.uint8)
