"""A film's own grey levels, before any window: what 8 bits cannot hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

WindowCurve = Literal["linear", "sigmoid", "table"]

CODES = 65_536
"""How many codes a film of 16 bits may have."""


@dataclass(frozen=True, slots=True, eq=False)
class LevelWindow:
    """One way to show levels, as a file brings it.

    Attributes
    ----------
    name : str
        What the file calls it; empty where it does not.
    width, level : float
        In the film's own unit: black to white lie from ``level - width / 2`` to ``level + width / 2``; of a
        table that is its nearest straight line. ``width`` > 0.
    curve : {"linear", "sigmoid", "table"}
    table : ndarray of uint8, shape (65536,), or None
        Grey of every code, 0 black, with polarity put right; of a table alone.
    """

    name: str
    width: float
    level: float
    curve: WindowCurve = "linear"
    table: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FilmLevels:
    """The levels of a film with more than 8 bits.

    Attributes
    ----------
    pixels : ndarray of uint16, shape (H, W)
        Codes, upright; the level is ``slope * code + intercept``.
    slope, intercept : float
        ``slope`` != 0.
    unit : str
        As the file names it, such as ``"HU"``; empty where it does not.
    shown : ndarray of uint8, shape (65536,)
        Grey of every code in the picture that the page shows first: 0 black, 255 white.
    black, white : float
        Levels that this picture shows black and white, or would by its nearest straight line; ``black`` is
        the higher one in a film whose black and white are swapped.
    lowest, highest : float
        Of the levels that occur, padding left out.
    padding : int or None
        Code of what is no part of the film, and black in every window.
    windows : tuple of LevelWindow
        What the file brings, in its order.
    inclusive : bool
        Whether the file's widths count both ends (DICOM's ``LINEAR``): figures for people then do, too.
    """

    pixels: NDArray[np.uint16]
    slope: float
    intercept: float
    unit: str
    shown: NDArray[np.uint8]
    black: float
    white: float
    lowest: float
    highest: float
    padding: int | None = None
    windows: tuple[LevelWindow, ...] = ()
    inclusive: bool = False
