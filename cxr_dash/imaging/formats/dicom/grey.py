"""Stored levels -> the grey that a viewer shows: modality, window, presentation, polarity (PS3.3, C.11).

A film has at most 65,536 different levels, so everything is worked out once for each of them, in double
precision, and the picture is looked up in the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array, GreyArray
from cxr_dash.imaging.formats.dicom.description import PixelDescription
from cxr_dash.imaging.formats.dicom.lookup import read_sequence
from cxr_dash.imaging.formats.dicom.values import Values

# Slopes and windows beyond these are no film's: products of them would leave the range of numbers.
_MOST, _NARROWEST = 1e15, 1e-12

Present = Callable[[], NDArray[np.bool_]]


def display_levels(
    stored: GreyArray, description: PixelDescription, values: Values, *, big_endian: bool = False
) -> GreyArray:
    """The picture as a viewer shows it, black air and white bone.

    Parameters
    ----------
    stored : ndarray of uint8 or uint16, shape (H, W)
        As the file or its decoder gives them, bits that are no part of the level included.
    description : PixelDescription
    values : Values
    big_endian : bool
        How the words of lookup tables are written.

    Returns
    -------
    ndarray, shape (H, W)
        uint8 for levels of up to 8 bits, uint16 above, spread over the whole type. What the window leaves out
        is black or white; padding is black.
    """
    patterns = 2 ** (8 * stored.dtype.itemsize)
    table = display_table(
        description, values, lambda: patterns_in(stored), patterns=patterns, big_endian=big_endian
    )
    shown: NDArray[Any] = cv2.LUT(stored, table)
    return shown


def display_table(
    description: PixelDescription,
    values: Values,
    present: Present,
    *,
    patterns: int,
    big_endian: bool = False,
) -> GreyArray:
    """What each stored pattern of bits is shown as.

    Parameters
    ----------
    description : PixelDescription
    values : Values
    present : callable
        Which patterns the picture has; asked only where the file brings no window of its own.
    patterns : int
        256 or 65,536.
    big_endian : bool

    Returns
    -------
    ndarray of uint8 or uint16, shape (patterns,)
    """
    raw = np.arange(patterns, dtype=np.int64)
    levels = stored_levels(raw, description)
    padding = padding_of(raw, levels, description, values)
    real = _modality(levels.astype(np.float64), description, values, big_endian)
    share = _window(real, description, values, big_endian)
    if share is None:
        share = _whole_range(real, present() & ~padding)
    share = presented(share, description, values, big_endian)
    share[padding] = 0.0
    dtype: Any = np.uint8 if description.bits_stored <= 8 else np.uint16
    return np.rint(share * np.iinfo(dtype).max).astype(dtype)


def patterns_in(stored: GreyArray) -> NDArray[np.bool_]:
    """Which of all patterns of bits a picture has."""
    seen = np.zeros(2 ** (8 * stored.dtype.itemsize), np.bool_)
    seen[stored.ravel()] = True
    return seen


def stored_levels(raw: NDArray[np.int64], description: PixelDescription) -> NDArray[np.int64]:
    """The levels in patterns of bits: overlays in unused bits masked away, the sign applied."""
    shift = description.high_bit + 1 - description.bits_stored
    levels: NDArray[np.int64] = (raw >> shift) & (2**description.bits_stored - 1)
    if description.signed:
        levels[levels >= 2 ** (description.bits_stored - 1)] -= 2**description.bits_stored
    return levels


def padding_of(
    raw: NDArray[np.int64], levels: NDArray[np.int64], description: PixelDescription, values: Values
) -> NDArray[np.bool_]:
    """Which patterns are padding (PS3.3, C.7.5.1.1.2): a level, or all from it to a limit."""
    first = _padding_word(values, "PixelPaddingValue", description)
    if first is None:
        return np.zeros(len(raw), np.bool_)
    lowest, highest = -(2 ** (description.bits_stored - 1)), 2 ** (description.bits_stored - 1) - 1
    if not description.signed:
        lowest, highest = 0, 2**description.bits_stored - 1
    if not lowest <= first <= highest:
        # A value that no level can have stands for the whole word.
        word: NDArray[np.bool_] = raw == first % 2**description.bits_allocated
        return word
    last = _padding_word(values, "PixelPaddingRangeLimit", description)
    if last is None or not lowest <= last <= highest:
        last = first
    low, high = sorted((first, last))
    inside: NDArray[np.bool_] = (levels >= low) & (levels <= high)
    return inside


def _padding_word(values: Values, keyword: str, description: PixelDescription) -> int | None:
    value = _first(values.get(keyword))
    if not isinstance(value, int):
        return None
    word: int = value % 2**description.bits_allocated
    negative = description.signed and word >= 2 ** (description.bits_allocated - 1)
    return word - 2**description.bits_allocated if negative else word


def _modality(
    levels: Float64Array, description: PixelDescription, values: Values, big_endian: bool
) -> Float64Array:
    table = read_sequence(values, "ModalityLUTSequence", signed=description.signed, big_endian=big_endian)
    if table is not None:
        return table.of(levels)
    slope, intercept = rescale_line(values)
    return levels * slope + intercept


def rescale_line(values: Values) -> tuple[float, float]:
    """Slope and intercept that make levels of stored ones; 1 and 0 where the file has none to be used."""
    slope, intercept = (_usable_number(values.get(f"Rescale{name}")) for name in ("Slope", "Intercept"))
    return slope or 1.0, intercept or 0.0


def _window(
    real: Float64Array, description: PixelDescription, values: Values, big_endian: bool
) -> Float64Array | None:
    """Shares 0-1 by the first table or window; None where the file has none that can be used."""
    signed = description.signed or bool(real.min() < 0)
    table = read_sequence(values, "VOILUTSequence", signed=signed, big_endian=big_endian)
    if table is not None:
        return table.share_of(real)
    window = usable_window(values.get("WindowCenter"), values.get("WindowWidth"))
    return None if window is None else window_shares(real, *window, window_function(values))


def usable_window(centre: Any, width: Any) -> tuple[float, float] | None:
    """Centre and width, the first of each; None where they are none that a film can have."""
    middle, across = _usable_number(centre), _usable_number(width)
    return None if middle is None or across is None or across < _NARROWEST else (middle, across)


def window_function(values: Values) -> str:
    """``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID``, as the file says; what is none of these is ``LINEAR``."""
    stated = str(_first(values.get("VOILUTFunction", "LINEAR"))).upper()
    return stated if stated in ("LINEAR_EXACT", "SIGMOID") else "LINEAR"


def window_shares(real: Float64Array, centre: float, width: float, function: str) -> Float64Array:
    """Shares 0-1 of a window (PS3.3, C.11.2.1.2 and C.11.2.1.3).

    Parameters
    ----------
    real : ndarray of float64
        After the modality's table.
    centre, width : float
        `width` > 0.
    function : str
        ``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID``; anything else counts as ``LINEAR``.
    """
    if function == "SIGMOID":
        # Beyond +-700 exp overflows, and the share is 0 or 1 anyway.
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (real - centre) / width, -700.0, 700.0)))
    # A linear window of less than one level has no meaning in integers; viewers take it for an exact one.
    if function == "LINEAR_EXACT" or width < 1.0:
        return np.clip((real - centre) / width + 0.5, 0.0, 1.0)
    if width == 1.0:
        return (real > centre - 0.5).astype(np.float64)
    return np.clip((real - (centre - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0)


def _whole_range(real: Float64Array, present: NDArray[np.bool_]) -> Float64Array:
    if not present.any():
        return np.zeros(len(real))
    low, high = float(real[present].min()), float(real[present].max())
    if high <= low:
        return np.zeros(len(real))
    return np.clip((real - low) / (high - low), 0.0, 1.0)


def presented(
    share: Float64Array, description: PixelDescription, values: Values, big_endian: bool
) -> Float64Array:
    """Shares 0-1 after a window as the file wants them shown: black air, white bone."""
    table = read_sequence(values, "PresentationLUTSequence", signed=False, big_endian=big_endian)
    if table is not None:
        # Its input is the whole range, whatever the depth before it; it gives black to white.
        return table.share_of(share * (len(table.entries) - 1) + table.first)
    inverse = str(_first(values.get("PresentationLUTShape", ""))).upper() == "INVERSE"
    # The two say the same thing twice where a file has both (PS3.3, C.8.11.3.1.2).
    return 1.0 - share if inverse or description.photometric == "MONOCHROME1" else share


def _first(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, tuple) else value


def _usable_number(value: Any) -> float | None:
    """The first number of a value; None where it is none, or beyond what a film can have."""
    one = _first(value)
    return float(one) if isinstance(one, int | float) and abs(one) <= _MOST else None
