"""A film's own levels through a reader's window, by the rule of ``assets/js/5-film/51-tones.js``.

Windows are in shown levels: 0 and 255 are the levels that the film's first picture shows black and white, and
the scale goes on beyond both. So one window means the same on films of any depth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import CODES, FilmLevels
from cxr_dash.imaging.formats.dicom.grey import window_shares


def in_shown_levels(levels: FilmLevels, width: float, level: float) -> tuple[float, float]:
    """A window in the film's own unit as one in shown levels.

    Parameters
    ----------
    levels : FilmLevels
    width, level : float
        In the film's own unit, as a person reads them: with ``levels.inclusive``, both ends counted in.
    """
    per_level = 255.0 / (levels.white - levels.black)
    if levels.inclusive and width > 1.0:
        width, level = width - 1.0, level - 0.5
    return width * abs(per_level), (level - levels.black) * per_level


def in_own_levels(levels: FilmLevels, width: float, level: float) -> tuple[float, float]:
    """The opposite of :func:`in_shown_levels`."""
    per_shown = (levels.white - levels.black) / 255.0
    width, level = width * abs(per_shown), levels.black + level * per_shown
    return (width + 1.0, level + 0.5) if levels.inclusive else (width, level)


def level_table(levels: FilmLevels, width: float, level: float, curve: str) -> NDArray[np.uint8]:
    """Grey of every code.

    Parameters
    ----------
    levels : FilmLevels
    width, level : float
        In shown levels, ``width`` > 0.
    curve : {"linear", "sigmoid"}

    Returns
    -------
    ndarray of uint8, shape (65536,)
        0 black; padding is.
    """
    real = levels.slope * np.arange(CODES, dtype=np.float64) + levels.intercept
    shown = (real - levels.black) * (255.0 / (levels.white - levels.black))
    # straight to its ends, whatever its width
    share = window_shares(shown, level, width, "SIGMOID" if curve == "sigmoid" else "LINEAR_EXACT")
    table = np.floor(255.0 * share + 0.5).astype(np.uint8)
    if levels.padding is not None:
        table[levels.padding] = 0
    return table
