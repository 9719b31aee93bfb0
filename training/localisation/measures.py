"""How well one map points at the boxes of one film.

- Pointing game (Zhang et al. 2018): is the highest point inside any box? With tolerance: is any box within
  15 pixels of it, on a film whose longer side is 320.
- Energy (Wang et al. 2020): the share of all heat that lies inside the boxes.
- IoU: what lies at or above a share of the peak, against all boxes together.

A flat map points nowhere: it misses, and has no energy and no IoU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from training.films.boxes import Region, box_mask

TOLERANCE = 15 / 320  # of the film's longer side
CUTS = tuple(round(0.05 * step, 2) for step in range(1, 20))


@dataclass(frozen=True, slots=True, eq=False)
class MapMeasures:
    """What one map scores on one film.

    Attributes
    ----------
    pointing, tolerant : float
        1 for a hit, 0 for a miss; a mean of several maps lies between.
    energy : float
        0-1.
    ious : ndarray of float64, shape (len(CUTS),)
        0-1, by cut.
    flat : bool
    """

    pointing: float
    tolerant: float
    energy: float
    ious: Float64Array
    flat: bool


def measure_map(heat: Float32Array, regions: Sequence[Region], *, flat: bool = False) -> MapMeasures:
    """Compare a map with the boxes of its film.

    Parameters
    ----------
    heat : ndarray of float32, shape (H, W)
        In the film's own frame; what is below 0 counts as 0.
    regions : sequence of Region
    flat : bool
        Whether the map shows no evidence; a map that is 0 everywhere is flat whatever this says.
    """
    values = np.maximum(heat, 0.0).astype(np.float64)
    peak = float(values.max())
    if flat or peak <= 0.0:
        return MapMeasures(0.0, 0.0, 0.0, np.zeros(len(CUTS)), flat=True)
    inside = box_mask(regions, heat.shape[0], heat.shape[1])
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    ious = [_iou(values >= cut * peak, inside) for cut in CUTS]
    return MapMeasures(
        pointing=float(inside[row, column]),
        tolerant=float(_distance(inside, int(row), int(column)) <= TOLERANCE * max(values.shape)),
        energy=float(values[inside].sum() / values.sum()),
        ious=np.asarray(ious, dtype=np.float64),
        flat=False,
    )


def mean_measures(several: Sequence[MapMeasures]) -> MapMeasures:
    """The mean of what several maps score on the same film; flat when all are."""
    return MapMeasures(
        pointing=float(np.mean([one.pointing for one in several])),
        tolerant=float(np.mean([one.tolerant for one in several])),
        energy=float(np.mean([one.energy for one in several])),
        ious=np.mean([one.ious for one in several], axis=0),
        flat=all(one.flat for one in several),
    )


def _distance(inside: NDArray[np.bool_], row: int, column: int) -> float:
    """From a pixel to the nearest one inside, pixels."""
    rows, columns = np.nonzero(inside)
    return float(np.sqrt(((rows - row) ** 2 + (columns - column) ** 2).min()))


def _iou(shown: NDArray[np.bool_], inside: NDArray[np.bool_]) -> float:
    return float((shown & inside).sum() / (shown | inside).sum())
