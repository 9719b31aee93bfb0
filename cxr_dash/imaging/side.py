"""Whether a film was turned over: by the outlines of lungs and heart, and by its coarse cells."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, LungField, SideRule
from cxr_dash.imaging.boxes import cut
from cxr_dash.imaging.lungs import content_of, lung_parts, wider
from cxr_dash.imaging.tilt import measure_tilt, tilt_to_undo

SIDE_GRID = 16  # cells along the box around the lungs, either way
_FINER = 4  # outlines are brought there on a grid so much finer, and averaged
# of the box around the lungs, on each side: the stomach's air lies below it, the shoulders beside it
_AROUND = 0.15
# cells that differ by less than a tenth of a level are alike: else a film turned over ranks otherwise
_LEVELS = 10.0


def side_maps(field: LungField, seen: Float32Array | None = None) -> Float32Array | None:
    """Lungs, heart and film in the upright box around the lungs, so that films of any shape compare.

    Of the film only the order of its cells counts, in a box somewhat larger: no curve of tone changes it.

    Parameters
    ----------
    field : LungField
    seen : ndarray of float32, shape (H, W), optional
        The film as the segmenter saw it, grey levels.

    Returns
    -------
    ndarray of float32, shape (3, 16, 16), or None
        Probabilities of lung and heart, 0-1, and the ranks of the film's cells as shares of all, 0-1 (0.5
        everywhere where the film is not given). None where no lungs were found, or the segmenter
        draws no heart.
    """
    parts = lung_parts(field)
    if not parts or field.heart is None:
        return None
    lungs = np.any(parts, axis=0)
    lean = math.radians(tilt_to_undo(measure_tilt(field)))
    box = _into_the_box(lungs, lean)
    lung = np.where(wider(lungs), field.probability, np.float32(0.0))
    return np.stack([_cells(lung, box), _cells(field.heart, box), _film_ranks(field, seen, lungs, lean)])


def _cells(
    plane: Float32Array, inverse: NDArray[np.float64], border: int = cv2.BORDER_CONSTANT
) -> Float32Array:
    """The mean of each cell of a box, shape (16, 16)."""
    side = SIDE_GRID * _FINER
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(plane, inverse, (side, side), flags=flags, borderMode=border)
    return np.asarray(cv2.resize(moved, (SIDE_GRID, SIDE_GRID), interpolation=cv2.INTER_AREA), np.float32)


def _film_ranks(
    field: LungField, seen: Float32Array | None, lungs: NDArray[np.bool_], lean: float
) -> Float32Array:
    """Of each cell the share of all that are darker, those as bright counted half; shape (16, 16)."""
    if seen is None:
        return np.full((SIDE_GRID, SIDE_GRID), 0.5, np.float32)
    levels = seen
    if seen.shape != lungs.shape:
        levels = np.asarray(cv2.resize(seen, lungs.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)
    # bars of the letterbox are no part of the film: beyond its edge the film's last line goes on
    content = content_of(field)
    inside = cut(levels, content)
    inverse = _into_the_box(lungs, lean, around=_AROUND)
    inverse[:, 2] -= content.x, content.y
    cells = np.rint(_cells(inside, inverse, cv2.BORDER_REPLICATE) * _LEVELS).ravel()
    ordered = np.sort(cells)
    ranks = np.searchsorted(ordered, cells, "left") + np.searchsorted(ordered, cells, "right")
    return np.asarray(ranks / (2.0 * cells.size), np.float32).reshape(SIDE_GRID, SIDE_GRID)


def _into_the_box(lungs: NDArray[np.bool_], lean: float, around: float = 0.0) -> NDArray[np.float64]:
    """Where each pixel of the box, made larger by a share of itself on every side, comes from on the grid."""
    rows, columns = np.nonzero(lungs)
    cosine, sine = math.cos(lean), math.sin(lean)
    across, down = columns * cosine + rows * sine, rows * cosine - columns * sine
    width, height = (float(along.max() - along.min() + 1.0) for along in (across, down))
    left, top = float(across.min()) - 0.5 - around * width, float(down.min()) - 0.5 - around * height
    side = SIDE_GRID * _FINER
    step_x, step_y = (extent * (1.0 + 2.0 * around) / side for extent in (width, height))
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
    maps : ndarray of float32, shape (..., 16, 16)

    Returns
    -------
    ndarray of float32, shape (..., 16, 8)
    """
    return (maps - maps[..., ::-1])[..., : maps.shape[-1] // 2]


def side_of(maps: Float32Array, rule: SideRule) -> float:
    """The logit of a film that was not turned over."""
    return float((half_difference(maps[: len(rule.weights)]) * rule.weights).sum())
