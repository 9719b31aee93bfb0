"""The own levels of a film with more than 8 bits, and what the page's first picture makes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cxr_dash.domain import (
    CODES,
    DecodeLimits,
    FilmLevels,
    Float64Array,
    LevelWindow,
    Radiograph,
)
from cxr_dash.imaging.decode import decode_stored, turn_upright
from cxr_dash.imaging.formats import read_header
from cxr_dash.imaging.formats.base import StoredLevels
from cxr_dash.imaging.prepare import first_plan
from cxr_dash.imaging.window import windowed

# Greys between which the first picture is compared with a straight line; linear ones are met exactly.
_INNER = (25.5, 229.5)


def has_levels(data: bytes) -> bool:
    """Whether a film has more than 8 bits, by its header alone.

    Raises
    ------
    FilmError
    """
    return read_header(data).bits > 8


def film_levels(data: bytes, limits: DecodeLimits) -> FilmLevels | None:
    """A film's own levels; None for one of 8 bits, whose picture has them all.

    Parameters
    ----------
    data : bytes
        The whole file.
    limits : DecodeLimits

    Returns
    -------
    FilmLevels or None
        Of DICOM: after rescaling and before any window, padding with a code of its own. Otherwise the file's.

    Raises
    ------
    FilmError
        As :func:`~cxr_dash.imaging.decode`.
    """
    if not has_levels(data):
        return None
    radiograph, stored, orientation = decode_stored(data, limits)
    if radiograph.pixels.dtype != np.uint16:
        return None
    own = stored.own_levels() if stored.own_levels else _as_decoded(radiograph)
    pixels = turn_upright(own.pixels, orientation) if stored.own_levels else own.pixels
    plan = first_plan(radiograph)
    # of every code, finer than the picture has it
    grey = windowed(own.shown.astype(np.float64), plan.window_low, plan.window_high, inverted=plan.inverted)
    real = own.slope * np.arange(CODES, dtype=np.float64) + own.intercept
    present = np.zeros(CODES, np.bool_)
    present[pixels.ravel()] = True
    if own.padding is not None:
        present[own.padding] = False
    if not present.any():
        present[0] = True  # nothing but padding: any level will do
    levels = real[present]
    black, white = _line(levels, grey[present])
    return FilmLevels(
        pixels=np.asarray(pixels, np.uint16),
        slope=own.slope,
        intercept=own.intercept,
        unit=own.unit,
        # in single precision, as `display_pixels` rounds it
        shown=np.rint(grey.astype(np.float32)).astype(np.uint8),
        black=black,
        white=white,
        lowest=float(levels.min()),
        highest=float(levels.max()),
        padding=own.padding,
        windows=tuple(_turned(one, own.padding, inverted=own.turned != plan.inverted) for one in own.windows),
        inclusive=own.inclusive,
    )


def _as_decoded(radiograph: Radiograph) -> StoredLevels:
    pixels = np.asarray(radiograph.pixels, np.uint16)
    return StoredLevels(pixels, 1.0, 0.0, "", np.arange(CODES, dtype=np.uint16))


def _line(levels: Float64Array, grey: Float64Array) -> tuple[float, float]:
    """The levels at which a straight line through the first picture's greys is black and white."""
    order = np.argsort(levels)
    levels, grey = levels[order], grey[order]
    inner = np.flatnonzero((grey > _INNER[0]) & (grey < _INNER[1]))
    first, last = (inner[0], inner[-1]) if inner.size else (0, 0)
    if grey[first] != grey[last] and levels[first] != levels[last]:
        slope = (levels[last] - levels[first]) / (grey[last] - grey[first])
        black = levels[first] - slope * grey[first]
        return float(black), float(black + 255.0 * slope)
    low, high = float(levels[0]), float(max(levels[-1], levels[0] + 1.0))
    falls = bool(grey.size > 1 and grey[0] > grey[-1])
    return (high, low) if falls else (low, high)


def _turned(window: LevelWindow, padding: int | None, *, inverted: bool) -> LevelWindow:
    """A table as it is shown: black and white as in the first picture, padding black."""
    if window.table is None:
        return window
    table = 255 - window.table if inverted else window.table.copy()
    if padding is not None:
        table[padding] = 0
    return replace(window, table=table)
