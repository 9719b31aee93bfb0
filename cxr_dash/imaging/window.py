"""The percentile window: stored grey levels -> 0-255."""

from __future__ import annotations

import cv2
import numpy as np

from cxr_dash.domain import Float32Array, Float64Array, GreyArray


def contiguous(pixels: GreyArray) -> GreyArray:
    """The same levels in rows without gaps, as OpenCV wants them; no copy where they are."""
    return np.ascontiguousarray(pixels)  # type: ignore[return-value]


def level_counts(pixels: GreyArray) -> Float32Array:
    """Count the pixels at every grey level.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)

    Returns
    -------
    ndarray of float32, shape (256,) or (65536,)
        One count per level that the dtype can hold.
    """
    levels = int(np.iinfo(pixels.dtype).max) + 1
    counts = cv2.calcHist([pixels], [0], None, [levels], [0, levels])
    return np.asarray(counts, np.float32).reshape(levels)


def percentile_window(
    pixels: GreyArray, low_percentile: float, high_percentile: float
) -> tuple[float, float]:
    """Find the grey levels that become 0 and 255.

    A percentile p is the lowest level that at least p % of the pixels do not exceed. Where both fall on one
    level (a nearly constant film), the film's smallest and largest level are taken, and where these are equal
    too, a window one level wide: the film is then black, and nothing divides by zero.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)
    low_percentile, high_percentile : float
        0-100, low < high.

    Returns
    -------
    tuple of (float, float)
        Stored levels, low < high.
    """
    return window_of_counts(level_counts(pixels), low_percentile, high_percentile)


def window_of_counts(
    counts: Float32Array, low_percentile: float, high_percentile: float
) -> tuple[float, float]:
    """:func:`percentile_window` of the pixels that were counted at every level."""
    cumulative = np.cumsum(counts, dtype=np.float64)
    total = cumulative[-1]
    low, high = (
        int(np.searchsorted(cumulative, total * percentile / 100.0))
        for percentile in (low_percentile, high_percentile)
    )
    if low >= high:
        low = int(np.searchsorted(cumulative, 0.0, side="right"))
        high = int(np.searchsorted(cumulative, total))
    return float(low), float(max(high, low + 1))


def apply_window(pixels: GreyArray, low: float, high: float, *, inverted: bool = False) -> Float32Array:
    """Map stored levels to grey levels, linearly between ``low`` and ``high``, clipped outside.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)
    low, high : float
        Stored levels that become 0 and 255; ``low < high``.
    inverted : bool
        Swap black and white afterwards.

    Returns
    -------
    ndarray of float32, shape (H, W)
        0-255.
    """
    return np.asarray(cv2.LUT(pixels, window_table(pixels.dtype, low, high, inverted=inverted)), np.float32)


def window_table(dtype: np.dtype[np.generic], low: float, high: float, *, inverted: bool) -> Float32Array:
    """Tabulate the window: one grey level, 0-255, for every level that ``dtype`` can hold.

    Returns
    -------
    ndarray of float32, shape (256,) or (65536,), as one column
    """
    levels = np.arange(int(np.iinfo(dtype).max) + 1, dtype=np.float64)  # type: ignore[type-var]
    return windowed(levels, low, high, inverted=inverted).astype(np.float32)


def windowed(levels: Float64Array, low: float, high: float, *, inverted: bool) -> Float64Array:
    """The grey level, 0-255, of each stored level, in double precision."""
    grey = np.clip((levels - low) * (255.0 / (high - low)), 0.0, 255.0)
    return 255.0 - grey if inverted else grey
