"""What the outlines of heart and lungs say together: the cardiothoracic ratio, and the heart's side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Box, Float32Array, HeartMeasures, LungField, RatioObstacle, SideRule
from cxr_dash.imaging.boxes import cut
from cxr_dash.imaging.lungs import borders_touched, content_of, lung_parts, wider
from cxr_dash.imaging.prepare import restore_map
from cxr_dash.imaging.side import side_maps, side_of
from cxr_dash.imaging.tilt import LARGEST_TILT, measure_tilt, tilt_to_undo

_FINER = 3  # outlines are measured on a grid so much finer: a cell of the segmenter is 1.5 % of a heart
_HEART = 0.5  # the probability from which a pixel is heart
_SMALLEST_HEART = 0.08  # of the lungs' area: less is a shadow
_SUREST = 0.75  # mean probability inside the outline below which the segmenter guesses
_RATIOS = (0.25, 0.85)  # what no outline of a heart goes beyond


@dataclass(frozen=True, slots=True)
class _Extent:
    """How far a structure reaches across, and where its centre lies: pixels of the film, a lean undone."""

    left: float
    right: float
    centre: float


def measure_heart(
    field: LungField, rule: SideRule | None = None, seen: Float32Array | None = None
) -> HeartMeasures | None:
    """The cardiothoracic ratio, and whether the film seems mirrored.

    The ratio is that of Danzer (Am J Med Sci 1919): the largest distances of the heart's borders to the right
    and left of the midline, together, over the largest inner width of the thorax. Both are taken from the
    outlines, across an upright film: where a model would see a film straightened
    (:func:`cxr_dash.imaging.tilt_to_undo`), it is measured straightened. The ratio of two widths stands no
    matter how a film was squashed.

    Parameters
    ----------
    field : LungField
    rule : SideRule, optional
        Of the segmenter that drew the field; without one nothing is said of the side.
    seen : ndarray of float32, shape (H, W), optional
        The film as the segmenter saw it; see :func:`cxr_dash.imaging.side_maps`.

    Returns
    -------
    HeartMeasures or None
        None where the segmenter draws no heart.
    """
    if field.heart is None:
        return None
    parts = lung_parts(field)
    ratio, obstacle = _ratio(field, field.heart, parts)
    maps = side_maps(field, seen) if rule else None
    if rule is None or maps is None:
        return HeartMeasures(ratio, obstacle)
    side = side_of(maps, rule)
    return HeartMeasures(ratio, obstacle, side, side < rule.said_below)


def _ratio(
    field: LungField, heart: Float32Array, parts: list[NDArray[np.bool_]]
) -> tuple[float | None, RatioObstacle | None]:
    """The ratio, or why there is none."""
    inside, tilt = content_of(field), measure_tilt(field)
    if obstacle := _of_the_lungs(parts, inside, tilt):
        return None, obstacle
    mask = _largest(heart, inside)
    if mask.sum() < _SMALLEST_HEART * sum(int(part.sum()) for part in parts):
        return None, RatioObstacle.NO_HEART
    lean = math.radians(tilt_to_undo(tilt))
    outline = _extent(heart, mask, field, lean)
    lungs = [_extent(field.probability, part, field, lean) for part in parts]
    left, right = min(one.left for one in lungs), max(one.right for one in lungs)
    ratio = (outline.right - outline.left) / (right - left)
    sure = float(heart[mask].mean()) >= _SUREST
    if not (sure and left < outline.centre < right and _RATIOS[0] <= ratio <= _RATIOS[1]):
        return None, RatioObstacle.IMPLAUSIBLE
    return ratio, None


def heart_mask(field: LungField) -> NDArray[np.bool_]:
    """The heart in the film's own frame: its largest part.

    Returns
    -------
    ndarray of bool, shape (film_height, film_width)
        All false where the segmenter draws no heart, or there is none.
    """
    plan = field.preparation
    if field.heart is None:
        return np.zeros((plan.film_height, plan.film_width), np.bool_)
    largest = _largest(field.heart, content_of(field))
    # a neighbour that was dropped may not come back, and the outline between keeps its slope
    clean = np.where(wider(largest), field.heart, np.float32(0.0))
    return np.asarray(restore_map(clean, plan) >= _HEART)


def _of_the_lungs(parts: list[NDArray[np.bool_]], inside: Box, tilt: float | None) -> RatioObstacle | None:
    """What is wrong with lungs and film before the heart is looked at."""
    cut_off = bool(parts) and {"left", "right"} & set(borders_touched(cut(np.any(parts, axis=0), inside)))
    checks = (
        (len(parts) == 0, RatioObstacle.NO_LUNGS),
        (len(parts) == 1, RatioObstacle.ONE_LUNG),
        (bool(cut_off), RatioObstacle.LUNGS_CUT_OFF),
        (tilt is not None and abs(tilt) > LARGEST_TILT, RatioObstacle.ROTATED),
    )
    return next((obstacle for raised, obstacle in checks if raised), None)


def _largest(probability: Float32Array, inside: Box) -> NDArray[np.bool_]:
    """The largest connected part that is heart, letterbox bars left out; empty where there is none."""
    mask = np.zeros(probability.shape, np.uint8)
    cut(mask, inside)[:] = cut(probability, inside) >= _HEART
    count, names, figures, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count < 2:
        return np.zeros(mask.shape, np.bool_)
    return np.asarray(names == 1 + int(np.argmax(figures[1:, cv2.CC_STAT_AREA])))


def _extent(probability: Float32Array, part: NDArray[np.bool_], field: LungField, lean: float) -> _Extent:
    """How far one part of a structure reaches across, turned upright; its borders lie between the cells."""
    near = wider(part)
    rows, columns = (np.flatnonzero(near.any(axis=axis)) for axis in (1, 0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    shown = np.where(near[window], probability[window], np.float32(0.0))
    size = (shown.shape[1] * _FINER, shown.shape[0] * _FINER)
    mask = cv2.resize(shown, size, interpolation=cv2.INTER_LINEAR) >= _HEART
    lines = np.flatnonzero(mask.any(axis=1))
    firsts = mask[lines].argmax(axis=1)
    lasts = mask.shape[1] - mask[lines, ::-1].argmax(axis=1)
    # pixels of the film, counted from a corner of the grid: only distances are asked for
    crop, content = field.preparation.crop, content_of(field)
    across, down = crop.width / content.width, crop.height / content.height
    y = (rows[0] + (lines + 0.5) / _FINER) * down
    left, right = ((columns[0] + ends / _FINER) * across for ends in (firsts, lasts))
    part_rows, part_columns = np.nonzero(part)
    cosine, sine = math.cos(lean), math.sin(lean)
    return _Extent(
        left=float((left * cosine + y * sine).min()),
        right=float((right * cosine + y * sine).max()),
        centre=(part_columns.mean() + 0.5) * across * cosine + (part_rows.mean() + 0.5) * down * sine,
    )
