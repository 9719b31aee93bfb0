"""How far a film is turned about its middle, from the lungs alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import LungField
from cxr_dash.imaging.lungs import lung_parts

# More is not a film that hangs askew but one that lies on its side, or lungs that were not found rightly.
LARGEST_TILT = 15.0

# Chosen on the val films of `findings`: 8 % of them lean by more than this as they are, and straightening
# them leaves its macro AUROC no worse (0.800; 0.798 as they are; from 5 on the same, with 13 % of the films
# turned and warned of; from 8 on 0.798). Of films turned by 7, 10 and 13 degrees, 29, 36 and 43 % have a
# finding that changes sides; 40, 47 and 52 % as they are (50 films, both ways).
DEAD_BAND = 6.0

_END = 0.1  # share of a lung's height that is its top, and its bottom


@lru_cache(maxsize=2)
def measure_tilt(field: LungField) -> float | None:
    """How far the film leans, from the axis of the lung field.

    The mean of two axes, which disease bends differently: the line from the middle of the two lungs' tops to
    the middle of their bottoms, and the mean of both lungs' own long axes (the first principal axis of each).
    Tops and bottoms of leaning lungs are their corners, so that a lean is measured about a sixth too small.
    Measured in the lungs' own frame it is right, and films straightened by that were read worse (340 val
    films of `findings`): what disease bends is then taken for a lean the more.

    Parameters
    ----------
    field : LungField

    Returns
    -------
    float or None
        Degrees, about -90 to 90. Positive: turned clockwise as it is seen, so that turning it as far
        counter-clockwise (:func:`cxr_dash.imaging.turn.turned`) puts it upright. None where there are not two
        lungs.
    """
    parts = lung_parts(field)
    if len(parts) < 2:
        return None
    height, width = field.probability.shape
    # a coarser grid may be coarser one way than the other
    across, down = field.preparation.input_width / width, field.preparation.input_height / height
    lungs = [(columns * across, rows * down) for rows, columns in map(np.nonzero, parts)]
    tops = np.mean([_end(x, y, top=True) for x, y in lungs], axis=0)
    bottoms = np.mean([_end(x, y, top=False) for x, y in lungs], axis=0)
    axes = float(np.mean([_lean(*_long_axis(x, y)) for x, y in lungs]))
    return (_lean(*(bottoms - tops)) + axes) / 2


def tilt_to_undo(tilt: float | None) -> float:
    """The degrees that a spec which straightens turns a film back by.

    Parameters
    ----------
    tilt : float or None
        From :func:`measure_tilt`.

    Returns
    -------
    float
        0 where the film hangs about straight (:data:`DEAD_BAND`), leans too far to be turned back
        (:data:`LARGEST_TILT`), or has no two lungs.
    """
    return tilt if tilt is not None and DEAD_BAND < abs(tilt) <= LARGEST_TILT else 0.0


def _end(x: NDArray[np.float64], y: NDArray[np.float64], *, top: bool) -> tuple[float, float]:
    """Centre of a lung's uppermost or lowest tenth."""
    cells = y <= np.quantile(y, _END) if top else y >= np.quantile(y, 1.0 - _END)
    return float(x[cells].mean()), float(y[cells].mean())


def _long_axis(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Direction of the largest spread, pointing down."""
    _, directions = np.linalg.eigh(np.cov(np.stack([x, y])))
    right, below = (float(one) for one in directions[:, 1])
    return (right, below) if below >= 0.0 else (-right, -below)


def _lean(right: float, below: float) -> float:
    """Degrees by which a line that should point down is turned clockwise: then its foot lies to the left."""
    return -float(np.degrees(np.arctan2(right, below)))
