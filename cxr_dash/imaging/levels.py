"""Which stored levels are the film's own: text, padding and margins stand apart from them and are left out.

A film's levels follow one another; what was written or laid beside it has levels of its own, with next to
nothing between (12-bit levels with letters at 65535; levels raised by 32768 beside a padding of 0). Whatever
lies beyond such a gap has no say in the window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array, GreyArray
from cxr_dash.imaging.window import level_counts, window_of_counts

_BINS = 256
# A bin is empty while it holds less than this share of the pixels: rims of letters lie between the levels.
_EMPTY_BIN = 3e-4
# Rims of letters are this share of a film at most, all bins of the gap together.
_RIM_SHARE = 0.015
# A gap is at least this share of the levels wide: the widest inside a real film is narrower.
_GAP = 0.25
# One level that stands alone, such as that of burnt-in letters, needs a narrower gap, and no rims.
_GAP_BEFORE_SPIKE, _SPIKE = 0.025, 0.7
# What is left out is never more than this share of the pixels: padding may be large, but the film is larger.
_MOST_LEFT_OUT = 0.45
_ROUNDS = 4
# A film has more levels than these; with fewer it is a drawing, of which no part stands apart.
_FEWEST_LEVELS = 16


@dataclass(frozen=True, slots=True)
class FilmWindow:
    """A film's window, and its own levels.

    Attributes
    ----------
    low, high : float
        Stored levels that become 0 and 255, low < high.
    own : tuple of (int, int) or None
        First and last level of the film itself where others stand apart from them; None where none do.
    """

    low: float
    high: float
    own: tuple[int, int] | None


def film_window(pixels: GreyArray, low_percentile: float, high_percentile: float) -> FilmWindow:
    """Find the grey levels that become 0 and 255, from the film's own levels alone.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)
        The film, without its margins.
    low_percentile, high_percentile : float
        0-100, low < high.

    Returns
    -------
    FilmWindow
        :func:`~cxr_dash.imaging.window.percentile_window` of what :func:`own_levels` keeps.
    """
    counts = level_counts(pixels)
    occupied = np.flatnonzero(counts)
    first, last = own_levels(counts)
    kept = np.zeros_like(counts)
    kept[first : last + 1] = counts[first : last + 1]
    apart = (first, last) != (int(occupied[0]), int(occupied[-1]))
    return FilmWindow(
        *window_of_counts(kept, low_percentile, high_percentile), own=(first, last) if apart else None
    )


def own_levels(counts: Float32Array) -> tuple[int, int]:
    """Find the first and the last level of the film itself.

    Parameters
    ----------
    counts : ndarray of float32, shape (256,) or (65536,)
        Pixels at every level.

    Returns
    -------
    tuple of (int, int)
        Inclusive; all that occur where nothing stands apart.
    """
    occupied = np.flatnonzero(counts)
    first, last = int(occupied[0]), int(occupied[-1])
    total = float(counts.sum(dtype=np.float64))
    for _ in range(_ROUNDS):
        part = counts[first : last + 1]
        kept = _without_one_group(part, total)
        if kept is None:
            break
        inside = np.flatnonzero(part[kept[0] : kept[1] + 1])
        if inside.size < _FEWEST_LEVELS:
            break
        first, last = first + kept[0] + int(inside[0]), first + kept[0] + int(inside[-1])
    return first, last


def _without_one_group(counts: Float32Array, total: float) -> tuple[int, int] | None:
    """The levels left when the group beyond the widest gap is taken away; None where there is no such gap."""
    if counts.size < 16:
        return None
    edges = np.linspace(0, counts.size, min(_BINS, counts.size) + 1).astype(np.intp)
    shares = np.add.reduceat(counts, edges[:-1], dtype=np.float64) / total
    for start, end in _empty_runs(shares):
        width, rims = (end - start) / shares.size, float(shares[start:end].sum())
        below, above = float(shares[:start].sum()), float(shares[end:].sum())
        smaller = min(below, above)
        if smaller > _MOST_LEFT_OUT or rims > _RIM_SHARE:
            continue
        group = counts[: edges[start]] if below < above else counts[edges[end] :]
        lone = float(group.max()) >= _SPIKE * float(group.sum(dtype=np.float64))
        if width >= _GAP or (lone and width >= _GAP_BEFORE_SPIKE):
            return (int(edges[end]), counts.size - 1) if below < above else (0, int(edges[start]) - 1)
    return None


def _empty_runs(shares: Float64Array) -> list[tuple[int, int]]:
    """Runs of empty bins between occupied ones, the widest first."""
    empty = np.concatenate(([False], shares < _EMPTY_BIN, [False]))
    edges: NDArray[np.intp] = np.flatnonzero(np.diff(empty.astype(np.int8)))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    inner = [run for run in runs if run[0] > 0 and run[1] < shares.size]
    return sorted(inner, key=lambda run: run[0] - run[1])
