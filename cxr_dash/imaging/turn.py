"""Turning a picture about its middle by a small angle, and a map back again."""

from __future__ import annotations

import cv2
import numpy as np

from cxr_dash.domain import Float32Array, Float64Array


def turn_matrix(middle: tuple[float, float], degrees: float) -> Float64Array:
    """A turn about a point as a matrix for (x, y, 1), shape (3, 3); degrees as of :func:`turned`."""
    return np.vstack([cv2.getRotationMatrix2D(middle, degrees, 1.0), [0.0, 0.0, 1.0]])


def turned(picture: Float32Array, degrees: float, fill: float) -> Float32Array:
    """Turn a picture about its middle; its size stays, so that its corners leave it.

    Parameters
    ----------
    picture : ndarray of float32, shape (h, w)
    degrees : float
        Counter-clockwise as it is seen; negative turns clockwise.
    fill : float
        Level of the corners that come in.

    Returns
    -------
    ndarray of float32, shape (h, w)
        Linear between pixels, so that it never leaves the range of ``picture`` and ``fill``; the picture
        itself at 0 degrees.
    """
    if not degrees:
        return picture
    height, width = picture.shape
    # pixels are centred on whole numbers here: the middle of 4 of them is 1.5
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    made = cv2.warpAffine(
        picture,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(fill,),
    )
    return made.astype("float32", copy=False)
