"""Whether lungs and heart lie as on a film that was not turned over, by their outlines alone."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, LungField, SideRule
from cxr_dash.imaging.lungs import lung_parts, wider
from cxr_dash.imaging.tilt import tilt_of, tilt_to_undo

SIDE_GRID = 16  # cells along the box around the lungs, either way
_FINER = 4  # outlines are brought there on a grid so much finer, and averaged


def side_maps(field: LungField, parts: list[NDArray[np.bool_]] | None = None) -> Float32Array | None:
    """Lungs and heart in the upright box around the lungs, so that films of any shape compare.

    Parameters
    ----------
    field : LungField
    parts : list of ndarray of bool, optional
        :func:`cxr_dash.imaging.lungs.lung_parts` where they are known already.

    Returns
    -------
    ndarray of float32, shape (2, 16, 16), or None
        Probabilities, 0-1. None where no lungs were found, or the segmenter draws no heart.
    """
    parts = lung_parts(field) if parts is None else parts
    if not parts or field.heart is None:
        return None
    lungs = np.any(parts, axis=0)
    lean = math.radians(tilt_to_undo(tilt_of(parts, field)))
    inverse = _into_the_box(lungs, lean)
    side = SIDE_GRID * _FINER
    made = np.empty((2, SIDE_GRID, SIDE_GRID), np.float32)
    for target, plane in zip(
        made, (np.where(wider(lungs), field.probability, np.float32(0.0)), field.heart), strict=True
    ):
        moved = cv2.warpAffine(plane, inverse, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        target[:] = cv2.resize(moved, (SIDE_GRID, SIDE_GRID), interpolation=cv2.INTER_AREA)
    return made


def _into_the_box(lungs: NDArray[np.bool_], lean: float) -> NDArray[np.float64]:
    """Where each pixel of the box comes from on the segmenter's grid."""
    rows, columns = np.nonzero(lungs)
    cosine, sine = math.cos(lean), math.sin(lean)
    across, down = columns * cosine + rows * sine, rows * cosine - columns * sine
    left, top = float(across.min()) - 0.5, float(down.min()) - 0.5
    side = SIDE_GRID * _FINER
    step_x, step_y = (float(along.max() - along.min() + 1.0) / side for along in (across, down))
    x, y = left + step_x / 2, top + step_y / 2
    return np.array(
        [
            [step_x * cosine, -step_y * sine, x * cosine - y * sine],
            [step_x * sine, step_y * cosine, x * sine + y * cosine],
        ]
    )


def half_difference(maps: Float32Array) -> Float32Array:
    """The left half less the right half turned over: changes its sign, and nothing else, with the film.

    Parameters
    ----------
    maps : ndarray of float32, shape (..., 2, 16, 16)

    Returns
    -------
    ndarray of float32, shape (..., 2, 16, 8)
    """
    return (maps - maps[..., ::-1])[..., : maps.shape[-1] // 2]


def side_of(maps: Float32Array, rule: SideRule) -> float:
    """The logit of a film that was not turned over."""
    return float((half_difference(maps) * rule.weights).sum())
