"""Colour of a stored picture -> grey: an even tint is read through, what is drawn in colour is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import GreyArray, Reason, ReasonCode
from cxr_dash.imaging.formats.base import transparent_parts

# A pixel counts as coloured when its channels differ by more than this, of 255: above the chroma noise of a
# JPEG, below any drawn arrow or skin tone.
COLOUR_DIFFERENCE = 24
_COLOUR_SAMPLES_PER_SIDE = 640
# Fewer coloured pixels than this are marks on a grey film, not a tint.
_LEAST_TINTED = 0.01
# A tint explains all but this share of what is coloured; a photograph's colours differ at every brightness.
_UNEXPLAINED = 0.25
_BINS = 24
_RANGE = (0.5, 99.5)
# A channel that is clipped in a tenth of the picture is worth no more than one without any range.
_CLIPPED_COSTS = 10.0
_HARDLY_CLIPPED = 0.01
_LEAST_IN_BIN = 8
_CORNERS, _FIT_ROUNDS = 5, 12
_MAY_FALL = 4.0  # between two corners: a channel that hardly changes, and its noise
# Alpha that leaves less than this share of the picture visible was not meant to hide it.
_HARDLY_VISIBLE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class GreyPicture:
    """A stored picture in grey.

    Attributes
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)
    colour_fraction : float
        Share of pixels, 0-1, that are coloured otherwise than by an even tint.
    notes : tuple of Reason
        ``tinted``, ``alpha_ignored``.
    """

    pixels: GreyArray
    colour_fraction: float = 0.0
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Tint:
    """An even tint.

    Attributes
    ----------
    channel : int or None
        Of blue, green, red the one to take for grey: wide in range, and hardly clipped; None where no channel
        is clipped, and luminance follows the film best: a JPEG keeps it finer than any channel.
    """

    channel: int | None


def to_grey(stored: NDArray[Any]) -> GreyPicture:
    """Turn a stored picture grey.

    Colour becomes luminance (0.299 R + 0.587 G + 0.114 B, ITU-R BT.601). Where an even tint
    has pushed a channel to the brightest level, luminance would bend: the channel is taken that the tint left
    the most of. Transparent pixels are laid on black, unless alpha hides the
    whole picture or is the same everywhere: then it is left out, and that is said.

    Parameters
    ----------
    stored : ndarray of uint8 or uint16, shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)
        Blue, green, red and alpha, as OpenCV has it.
    """
    if stored.ndim == 2:
        return GreyPicture(stored)
    if stored.shape[2] == 1:
        return GreyPicture(np.ascontiguousarray(stored[:, :, 0]))
    fraction, tinted = measure_colour(stored[:, :, :3])
    notes: tuple[Reason, ...] = (Reason(ReasonCode.TINTED),) if tinted else ()
    channel = None if tinted is None else tinted.channel
    if channel is None:
        # Each channel of a tint was rounded for itself: together they know the level finer than 8 bits do.
        fine = tinted is not None and stored.dtype == np.uint8
        levels = stored.astype(np.uint16) * 257 if fine else stored
        # Equal channels keep their level exactly: the weights of cvtColor add up to one in fixed point. It
        # leaves a fourth channel out.
        grey: NDArray[Any] = cv2.cvtColor(levels, cv2.COLOR_BGR2GRAY)
    else:
        grey = cv2.extractChannel(stored, channel)
    if stored.shape[2] == 4:
        alpha = cv2.extractChannel(stored, 3)
        if _hides_nothing_or_all(alpha):
            notes += () if _is_opaque(alpha) else (Reason(ReasonCode.ALPHA_IGNORED),)
        else:
            if grey.dtype != alpha.dtype:
                alpha = alpha.astype(np.uint16) * 257
            laid = cv2.multiply(grey, alpha, scale=1.0 / np.iinfo(grey.dtype).max)
            notes += transparent_parts(grey, laid)
            grey = laid
    return GreyPicture(grey, fraction, notes)


def measure_colour(colour: NDArray[Any]) -> tuple[float, Tint | None]:
    """How much of a picture is coloured, and its even tint where it has one.

    Parameters
    ----------
    colour : ndarray of uint8 or uint16, shape (H, W, 3)

    Returns
    -------
    tuple of (float, Tint or None)
        Share of coloured pixels, 0-1, without what an even tint explains; the tint.
    """
    step = max(1, max(colour.shape[:2]) // _COLOUR_SAMPLES_PER_SIDE)
    sample = np.ascontiguousarray(colour[::step, ::step])
    blue, green, red = cv2.split(sample)
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    scale = 257 if colour.dtype == np.uint16 else 1
    fraction = float(np.count_nonzero(spread > COLOUR_DIFFERENCE * scale) / spread.size)
    if fraction < _LEAST_TINTED:
        return fraction, None
    channels = (sample.astype(np.float32) / scale).reshape(-1, 3)
    best = _clearest(channels)
    rest = _without_tint(channels, best)
    if rest is None or rest > _UNEXPLAINED * fraction:
        return fraction, None
    clips = bool((np.mean(channels >= 255, axis=0) > _HARDLY_CLIPPED).any())
    return rest, Tint(best if clips else None)


def _clearest(channels: NDArray[Any]) -> int:
    low, high = np.percentile(channels, _RANGE, axis=0)
    return int(np.argmax((high - low) * (1 - _CLIPPED_COSTS * np.mean(channels >= 255, axis=0))))


def _without_tint(channels: NDArray[Any], best: int) -> float | None:
    """Share of pixels that are off the tone curves of their picture; None where the curves do not rise."""
    level = channels[:, best]
    low, high = float(level.min()), float(level.max())
    if high - low < 1:
        return None
    bins = np.minimum((level - low) / (high - low) * _BINS, _BINS - 1).astype(int)
    order = np.argsort(bins, kind="stable")
    groups = np.split(order, np.searchsorted(bins[order], np.arange(1, _BINS)))
    groups = [group for group in groups if group.size >= _LEAST_IN_BIN]
    off = np.zeros(level.size, bool)
    for channel in range(3):
        curve = _tone_curve(level, channels[:, channel], groups)
        if curve is None:
            return None
        expected = np.clip(np.interp(level, *curve), 0, 255)
        off |= np.abs(channels[:, channel] - expected) > COLOUR_DIFFERENCE
    return float(np.count_nonzero(off) / off.size)


def _tone_curve(
    level: NDArray[Any], levels: NDArray[Any], groups: list[NDArray[Any]]
) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """A rising line with a few corners from one channel to another: its corners, and the levels there.

    Fitted to medians, each bin of the first channel counting once.
    """
    at = np.array([np.median(level[group]) for group in groups])
    medians = np.array([np.median(levels[group]) for group in groups])
    inside = (medians > 0) & (medians < 255)  # a clipped channel no longer follows its curve
    at, medians = at[inside], medians[inside]
    count = min(_CORNERS, at.size // 2)
    if count < 2 or len(groups) <= _CORNERS:
        return None
    corners = np.linspace(at[0], at[-1], count)
    table = np.stack([np.interp(at, corners, row) for row in np.eye(count)], axis=1)
    root = np.ones(at.size)
    heights: NDArray[Any] = np.zeros(count)
    for _ in range(_FIT_ROUNDS):  # least absolute residuals: a few bins full of drawings do not bend it
        heights = np.linalg.lstsq(table * root[:, np.newaxis], medians * root, rcond=None)[0]
        root[:] = 1.0 / np.sqrt(np.maximum(np.abs(medians - table @ heights), 1.0))
    if np.diff(heights).min() <= -_MAY_FALL:
        return None
    # The last piece goes on to where the channel is clipped.
    slope = max((heights[-1] - heights[-2]) / (corners[-1] - corners[-2]), 0.0)
    beyond = corners[-1] + 255.0
    return np.append(corners, beyond), np.append(heights, heights[-1] + 255.0 * slope)


def _is_opaque(alpha: NDArray[Any]) -> bool:
    return int(alpha.min()) == int(np.iinfo(alpha.dtype).max)


def _hides_nothing_or_all(alpha: NDArray[Any]) -> bool:
    if int(alpha.min()) == int(alpha.max()):
        return True
    return cv2.countNonZero(alpha) < _HARDLY_VISIBLE * alpha.size
