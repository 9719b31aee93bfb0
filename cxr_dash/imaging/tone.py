"""The tone of a film: how its grey levels are spread inside the lungs and over the film, and how locally.

Two kinds of evidence. The measures of the prepared film say how it looks, whatever it went through; whether
that is unlike the training films is for a bundle to know. Gaps between its stored levels say that they were
changed after they had been rounded (Stamm and Liu 2010, "Forensic detection of image manipulation using
statistical intrinsic fingerprints"), whatever it looks like; a film that was resized or compressed since has
none.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array, LungField, Preparation, Radiograph
from cxr_dash.imaging.boxes import cut
from cxr_dash.imaging.lungs import lung_grid
from cxr_dash.imaging.turn import turn_matrix

# How many numbers :func:`measure_tone` gives.
TONE_MEASURES: Final = 27

_INSIDE: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_OVERALL: Final = (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98)
# Widths of the Gaussians of the local contrast, as shares of the model input's longer side.
_WIDTHS: Final = (1 / 224, 3 / 224, 9 / 224, 20 / 224)
_LEAST_LUNGS = 0.004  # of the model input: less has no histogram
_FLOOR = 1e-4  # of the full range: below it contrast is rounding

_RUN = 32  # levels that are looked at together
_LEAST_PIXELS = 20  # a level, on average: rarer levels are missing by chance
_TAILS = (0.01, 0.99)  # beyond them levels thin out


def lungs_on_input(field: LungField, preparation: Preparation) -> NDArray[np.bool_]:
    """The lungs of a field in the model input of another preparation of the same film.

    Returns
    -------
    ndarray of bool, shape (input_height, input_width)
    """
    lungs = lung_grid(field)
    own = field.preparation
    cells = np.diag([lungs.shape[1] / own.input_width, lungs.shape[0] / own.input_height, 1.0])
    to_grid = cells @ np.linalg.inv(_to_film(own)) @ _to_film(preparation)
    # the frames above begin at a pixel's corner, OpenCV's at its middle
    to_middle, to_corner = np.eye(3), np.eye(3)
    to_corner[:2, 2], to_middle[:2, 2] = 0.5, -0.5
    found = cv2.warpAffine(
        lungs.astype(np.float32),
        (to_middle @ to_grid @ to_corner)[:2],
        (preparation.input_width, preparation.input_height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    inside = np.zeros(found.shape, np.bool_)
    cut(inside, preparation.content)[:] = True
    return np.asarray((found >= 0.5) & inside)


def _to_film(plan: Preparation) -> Float64Array:
    """From places in the model input to places in the film, as a matrix for (x, y, 1)."""
    crop, content = plan.crop, plan.content
    across, down = crop.width / content.width, crop.height / content.height
    left, top = crop.x - content.x * across, crop.y - content.y * down
    scale = np.array([[across, 0.0, left], [0.0, down, top], [0.0, 0.0, 1.0]])
    middle = (crop.x + crop.width / 2, crop.y + crop.height / 2)
    return np.asarray(turn_matrix(middle, -plan.tilt_degrees) @ scale, np.float64)


def measure_tone(
    model_input: Float32Array, lungs: NDArray[np.bool_], preparation: Preparation
) -> Float64Array | None:
    """How the grey levels of a prepared film are spread.

    The percentile window came before: a film whose levels are another linear map of the same ones gives the
    same numbers.

    Parameters
    ----------
    model_input : ndarray of float32, shape (H, W, 1)
        Grey levels 0-255.
    lungs : ndarray of bool, shape (H, W)
        From :func:`lungs_on_input`.
    preparation : Preparation

    Returns
    -------
    ndarray of float64, shape (TONE_MEASURES,), or None
        Quantiles inside the lungs and over the film, as shares of the range; how far the film's histogram is
        from a flat one; local contrast inside and outside the lungs for details of four widths, and what is
        left of the contrast without them; how local contrast changes from the darkest to the brightest
        quarter of the film. All but the quantiles as logarithms. None where the lungs are too small to have
        a histogram.
    """
    shown = np.ascontiguousarray(cut(model_input[..., 0], preparation.content), np.float32) / np.float32(255)
    inside = cut(lungs, preparation.content)
    if inside.sum() < max(_LEAST_LUNGS * lungs.size, 2.0) or inside.all():
        return None
    side = max(preparation.input_width, preparation.input_height)
    smooth = [cv2.GaussianBlur(shown, (0, 0), width * side) for width in _WIDTHS]
    spread = max(float(shown.std()), _FLOOR)
    details = [shown - coarse for coarse in smooth]
    sides = (inside.astype(np.uint8), (~inside).astype(np.uint8))
    contrast = [_spread(detail, half) / spread for detail in details for half in sides]
    contrast.append(float(smooth[-1].std()) / spread)
    ranked = np.sort(shown, axis=None)
    flatness = np.sqrt(np.mean((ranked - np.linspace(0.0, 1.0, ranked.size)) ** 2))
    return np.concatenate(
        [
            np.quantile(shown[inside], _INSIDE),
            _quantiles(ranked, _OVERALL),
            np.log(np.maximum([float(flatness), *contrast], _FLOOR)),
            _by_level(np.abs(details[0]), np.asarray(smooth[1], np.float32)),
        ]
    ).astype(np.float64)


def _spread(detail: Float32Array, where: NDArray[np.uint8]) -> float:
    """Standard deviation where a mask is set, without a copy of what it covers."""
    return float(cv2.meanStdDev(detail, mask=where)[1][0, 0])


def _quantiles(ranked: Float32Array, shares: tuple[float, ...]) -> Float64Array:
    """``numpy.quantile`` of sorted values, at shares below 1: the neighbours, linear in between."""
    place = np.asarray(shares, np.float64) * (ranked.size - 1)
    below = np.floor(place).astype(np.intp)
    low = ranked[below].astype(np.float64)
    return np.asarray(low + (ranked[below + 1] - low) * (place - below), np.float64)


def _by_level(detail: Float32Array, level: Float32Array) -> Float64Array:
    """How the median detail changes from each quarter of the levels to the next brighter one; logarithms."""
    edges = np.quantile(level, (0.0, 0.25, 0.5, 0.75, 1.0))
    medians = [float(np.median(detail[(level >= low) & (level <= high)])) for low, high in pairwise(edges)]
    return np.asarray(np.diff(np.log(np.maximum(medians, _FLOOR))), np.float64)


def uneven_gaps(radiograph: Radiograph, preparation: Preparation) -> float:
    """How unevenly levels are missing among those of the film.

    A curve that was laid over rounded levels spreads some of them, between which others are missing, and
    draws others together. A straight line leaves the same share out everywhere.

    Parameters
    ----------
    radiograph : Radiograph
    preparation : Preparation
        Its crop is the film.

    Returns
    -------
    float
        The largest share of missing levels among 32 neighbours, less the smallest one: 0-1. 0 for more than 8
        bits, where levels are too many to be all there.
    """
    if radiograph.pixels.dtype != np.uint8:
        return 0.0
    kept = np.ascontiguousarray(cut(radiograph.pixels, preparation.crop))
    counts = cv2.calcHist([kept], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    counts[[0, 255]] = 0.0  # what was clipped
    whole = counts.sum()
    if not whole:
        return 0.0
    low, high = (int(np.searchsorted(np.cumsum(counts), tail * whole)) for tail in _TAILS)
    runs = np.lib.stride_tricks.sliding_window_view(counts[low : high + 1], min(_RUN, high - low + 1))
    dense = runs[runs.mean(axis=1) >= _LEAST_PIXELS]
    if runs.shape[1] < _RUN or len(dense) < 2:
        return 0.0
    missing = (dense == 0.0).mean(axis=1)
    return float(missing.max() - missing.min())
