"""Stored levels before any window, and the windows that the file brings (PS3.3, C.11.1 and C.11.2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import CODES, Float64Array, GreyArray, LevelWindow
from cxr_dash.imaging.formats.base import StoredLevels
from cxr_dash.imaging.formats.dicom.description import PixelDescription
from cxr_dash.imaging.formats.dicom.grey import (
    display_table,
    padding_of,
    patterns_in,
    presented,
    rescale_line,
    stored_levels,
    usable_window,
    window_function,
)
from cxr_dash.imaging.formats.dicom.lookup import LookupTable, read_item, read_sequence
from cxr_dash.imaging.formats.dicom.values import Values

# A menu of more is none that a reader would look through.
_MOST_WINDOWS = 8
_MOST_CHARACTERS = 64
# A window of one level has no width: all up to a level is black, the next is white.
_STEP = 1e-6
# Between these shares a table is compared with a straight line.
_INNER = (0.1, 0.9)


def own_levels(
    stored: GreyArray, description: PixelDescription, values: Values, *, big_endian: bool = False
) -> StoredLevels:
    """The levels after the modality's table or line, and before any window.

    Parameters
    ----------
    stored : ndarray of uint8 or uint16, shape (H, W)
        As the file or its decoder gives them.
    description : PixelDescription
    values : Values
    big_endian : bool
        How the words of lookup tables are written.

    Returns
    -------
    StoredLevels
        Padding has one code, which no level of the film has.
    """
    seen = patterns_in(stored)
    raw = np.arange(len(seen), dtype=np.int64)
    levels = stored_levels(raw, description)
    padding = padding_of(raw, levels, description, values)
    codes, slope, intercept = _modality(levels, description, values, big_endian)
    pad = _free_code(codes[~padding]) if (padding & seen).any() else None
    if pad is not None:
        codes[padding] = pad
    picture = display_table(description, values, lambda: seen, patterns=len(seen), big_endian=big_endian)
    shown = _shown(codes[~padding], picture[~padding])
    if pad is not None:
        shown[pad] = 0
    black, white = presented(np.array([0.0, 1.0]), description, values, big_endian)
    real = slope * np.arange(CODES, dtype=np.float64) + intercept
    function = window_function(values)
    return StoredLevels(
        pixels=np.asarray(cv2.LUT(stored, codes.astype(np.uint16)), np.uint16),
        slope=slope,
        intercept=intercept,
        unit=_unit(values),
        shown=shown,
        padding=pad,
        # no more are made than are shown: each table takes 64 kB, and a small file can name thousands
        windows=tuple(islice(_windows(values, description, real, function, big_endian), _MOST_WINDOWS)),
        inclusive=function == "LINEAR",
        turned=bool(black > white),
    )


def _shown(codes: NDArray[np.int64], picture: GreyArray) -> NDArray[np.uint16]:
    """What every code is shown as; one that no level has, as the levels on both sides of it.

    A page that shows a film smaller takes means of codes, and between those of a modality's table are gaps.
    """
    if not codes.size:
        return np.zeros(CODES, np.uint16)
    known, first = np.unique(codes, return_index=True)
    return np.rint(np.interp(np.arange(CODES), known, picture[first])).astype(np.uint16)


def _modality(
    levels: NDArray[np.int64], description: PixelDescription, values: Values, big_endian: bool
) -> tuple[NDArray[np.int64], float, float]:
    """A code for every pattern, and the line that makes levels of codes."""
    table = read_sequence(values, "ModalityLUTSequence", signed=description.signed, big_endian=big_endian)
    if table is not None:
        return table.of(levels.astype(np.float64)).astype(np.int64), 1.0, 0.0
    slope, intercept = rescale_line(values)
    least = -(2 ** (description.bits_stored - 1)) if description.signed else 0
    return levels - least, slope, least * slope + intercept


def _free_code(taken: NDArray[np.int64]) -> int:
    """The highest code that no level has; there is one, as padding has a pattern of its own."""
    free = np.ones(CODES, np.bool_)
    free[taken] = False
    return int(np.flatnonzero(free)[-1]) if free.any() else CODES - 1


def _unit(values: Values) -> str:
    unit = _words(values.get("RescaleType"))
    # "unspecified" names nothing
    return "" if unit.upper() == "US" else unit


def _windows(
    values: Values, description: PixelDescription, real: Float64Array, function: str, big_endian: bool
) -> Iterator[LevelWindow]:
    """Tables first, as they come before windows where a film is shown."""
    signed = description.signed or bool(real.min() < 0)
    items = values.get("VOILUTSequence")
    for item in items if isinstance(items, tuple) else ():
        table = read_item(item, signed=signed, big_endian=big_endian)
        if table is not None:
            yield _of_table(table, real, _words(item.get("LUTExplanation")))
    centres, widths = (_several(values.get(name)) for name in ("WindowCenter", "WindowWidth"))
    names = _several(values.get("WindowCenterWidthExplanation"))
    for index, pair in enumerate(zip(centres, widths, strict=False)):
        window = usable_window(*pair)
        if window is not None:
            name = _words(names[index]) if index < len(names) else ""
            yield _of_pair(name, *window, function)


def _of_pair(name: str, centre: float, width: float, function: str) -> LevelWindow:
    if function == "SIGMOID":
        return LevelWindow(name, width, centre, "sigmoid")
    if function == "LINEAR_EXACT" or width < 1.0:
        return LevelWindow(name, width, centre)
    # both ends counted in, about a middle of half a level less: the same line
    return LevelWindow(name, max(width - 1.0, _STEP), centre - 0.5)


def _of_table(table: LookupTable, real: Float64Array, name: str) -> LevelWindow:
    share = table.share_of(real)
    inner = real[(share > _INNER[0]) & (share < _INNER[1])]
    low, high = (
        (float(inner.min()), float(inner.max())) if inner.size > 1 else (float(real.min()), float(real.max()))
    )
    span = (high - low) / (_INNER[1] - _INNER[0]) if inner.size > 1 else high - low
    return LevelWindow(
        name, max(span, _STEP), (low + high) / 2, "table", np.rint(255.0 * share).astype(np.uint8)
    )


def _words(value: Any) -> str:
    words = _several(value)[:1]
    return str(words[0]).strip()[:_MOST_CHARACTERS] if words else ""


def _several(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)
