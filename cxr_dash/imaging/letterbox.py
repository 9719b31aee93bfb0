"""A picture fitted into a model's frame, never stretched; letters may be left out of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Box, Float32Array, Preparation
from cxr_dash.imaging.boxes import cut
from cxr_dash.imaging.turn import turned

# A letter's blurred rim is one pixel wide, and one more for every so many pixels of the film's side.
_RIM_SIDE = 1500
# A cell of the picture is the film's while this share of it is.
_LEAST_SHARE = 0.2


def letterbox_content(width: int, height: int, input_width: int, input_height: int) -> Box:
    """Find where a picture lies when it is fitted into a frame, centred, with its aspect kept.

    Returns
    -------
    Box
        At least one pixel each way; touches two opposite sides of the frame (up to rounding).
    """
    scale = min(input_width / width, input_height / height)
    fitted_width = min(max(round(width * scale), 1), input_width)
    fitted_height = min(max(round(height * scale), 1), input_height)
    return Box(
        x=(input_width - fitted_width) // 2,
        y=(input_height - fitted_height) // 2,
        width=fitted_width,
        height=fitted_height,
    )


def letterbox(grey: Float32Array, preparation: Preparation) -> Float32Array:
    """Resize a picture into the content box and fill the rest with ``pad_value``.

    Parameters
    ----------
    grey : ndarray of float32, shape (crop.height, crop.width)
        Grey levels 0-255.
    preparation : Preparation

    Returns
    -------
    ndarray of float32, shape (input_height, input_width)
        Grey levels 0-255: means of the covered pixels where it shrinks, linear in between where it grows.
    """
    content = preparation.content
    shrinks = content.width < grey.shape[1] or content.height < grey.shape[0]
    frame = np.full((preparation.input_height, preparation.input_width), preparation.pad_value, np.float32)
    fitted = cv2.resize(
        grey, (content.width, content.height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    cut(frame, content)[:] = np.clip(fitted, 0.0, 255.0)
    return frame


def letterbox_without(
    grey: Float32Array, foreign: NDArray[np.bool_], preparation: Preparation
) -> Float32Array:
    """Like :func:`letterbox`, of what is not foreign alone: letters leave no trace.

    Parameters
    ----------
    grey : ndarray of float32, shape (crop.height, crop.width)
        Grey levels 0-255, upright.
    foreign : ndarray of bool, same shape
        Pixels that are no part of the film, before it was turned; their blurred rims go with them.
    preparation : Preparation

    Returns
    -------
    ndarray of float32, shape (input_height, input_width)
        Means of the covered pixels that are the film; where there are none, what lies around is continued
        (Telea 2004).
    """
    rim = 1 + max(grey.shape) // _RIM_SIDE
    near = cv2.dilate(foreign.astype(np.uint8), np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))
    own = (turned(near.astype(np.float32), preparation.tilt_degrees, 0.0) <= 0.0).astype(np.float32)
    share = cut(letterbox(own * np.float32(255.0), preparation), preparation.content) / 255.0
    frame = letterbox(grey * own, preparation)
    content = cut(frame, preparation.content)
    content /= np.maximum(share, _LEAST_SHARE)
    np.clip(content, 0.0, 255.0, out=content)
    holes = (share < _LEAST_SHARE).astype(np.uint8)
    if holes.any():
        filled = cv2.inpaint(np.rint(content).astype(np.uint8), holes, 3.0, cv2.INPAINT_TELEA)
        content[holes > 0] = filled[holes > 0]
    return frame
