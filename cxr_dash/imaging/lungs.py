"""What a lung field says: the box around the lungs, their outline in the film's frame, and plain measures."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Box, Float32Array, LungField, LungMeasures, Preparation
from cxr_dash.imaging.boxes import cut, grow_box
from cxr_dash.imaging.prepare import restore_map

_LUNG = 0.5  # the probability from which a pixel is lung
_SMALLEST_PART = 0.01  # of the film: less is a speck
_SMALLEST_SECOND = 0.1  # of the larger lung: a collapsed lung is small, an islet in the neck smaller
_SMALLEST_LUNGS = 0.03  # of the film: less is no pair of lungs, not even of a newborn on a large film
_TOUCHING = 0.04  # of a border's length


def lung_box(field: LungField, margin: float = 0.0) -> Box | None:
    """The box around the two largest parts, in the film's own frame.

    Parameters
    ----------
    field : LungField
    margin : float
        Kept around it, as a share of the box's width and height; ends at the film's border.

    Returns
    -------
    Box or None
        None where there are no lungs: less than 3 % of the film.
    """
    lungs = lung_grid(field)
    if not lungs.any():
        return None
    plan = field.preparation
    columns, rows = (np.flatnonzero(lungs.any(axis=axis)) for axis in (0, 1))
    left, right = _along(columns, lungs.shape[1], plan, across=True)
    top, bottom = _along(rows, lungs.shape[0], plan, across=False)
    box = Box(left, top, right - left, bottom - top)
    return grow_box(box, margin, plan.film_width, plan.film_height)


def _along(cells: NDArray[np.intp], count: int, plan: Preparation, *, across: bool) -> tuple[int, int]:
    """From the first to behind the last of some cells, in the film's pixels of one direction."""
    crop, content = plan.crop, plan.content
    if across:
        size, start, length = plan.input_width, content.x, content.width
        first, kept, end = crop.x, crop.width, plan.film_width
    else:
        size, start, length = plan.input_height, content.y, content.height
        first, kept, end = crop.y, crop.height, plan.film_height
    edges = (np.array([cells[0], cells[-1] + 1]) * (size / count) - start) / length * kept + first
    low, high = max(math.floor(edges[0]), 0), min(math.ceil(edges[1]), end)
    return low, max(high, low + 1)


def lung_parts(field: LungField) -> list[NDArray[np.bool_]]:
    """The lungs of :func:`lung_grid` one by one, the largest first; at most two. Not to be written to."""
    return list(_lungs_of(field)[1])


def lung_grid(field: LungField) -> NDArray[np.bool_]:
    """The lungs on the segmenter's own grid: its two largest parts, without holes, letterbox bars left out.

    Returns
    -------
    ndarray of bool, shape (h, w)
        All false where there are no lungs. Not to be written to.
    """
    return _lungs_of(field)[0]


@lru_cache(maxsize=2)
def _lungs_of(field: LungField) -> tuple[NDArray[np.bool_], tuple[NDArray[np.bool_], ...]]:
    """Grid and parts of one field, found once: box, tilt, heart, side, gate and tone all ask for them.

    A field is known by its identity, and its arrays are never written to. As few are remembered as films are
    looked at at once, so that nothing of a deleted film stays for long.
    """
    inside = content_of(field)
    lungs = np.zeros(field.probability.shape, np.uint8)
    cut(lungs, inside)[:] = cut(field.probability, inside) >= _LUNG
    film_area = inside.width * inside.height
    parts = _parts(lungs, film_area)
    kept = np.zeros(lungs.shape, np.bool_)
    for part in parts:
        kept |= _filled(part)
    grid = kept if int(kept.sum()) >= _SMALLEST_LUNGS * film_area else np.zeros_like(kept)
    found = tuple(_parts(grid.astype(np.uint8), film_area))
    for mask in (grid, *found):
        mask.setflags(write=False)
    return grid, found


def content_of(field: LungField) -> Box:
    """The cells of the grid that show the film; the grid may be coarser than the segmenter's input."""
    height, width = field.probability.shape
    plan = field.preparation
    scale_x, scale_y = width / plan.input_width, height / plan.input_height
    left, top = round(plan.content.x * scale_x), round(plan.content.y * scale_y)
    right = round((plan.content.x + plan.content.width) * scale_x)
    bottom = round((plan.content.y + plan.content.height) * scale_y)
    return Box(left, top, max(right - left, 1), max(bottom - top, 1))


def _parts(lungs: NDArray[np.uint8], film_area: int) -> list[NDArray[np.bool_]]:
    """At most two connected parts, the largest first, without specks."""
    count, names, figures, _ = cv2.connectedComponentsWithStats(lungs, connectivity=4)
    areas = figures[1:count, cv2.CC_STAT_AREA]
    order = np.argsort(-areas, kind="stable")[:2]
    least = max(_SMALLEST_PART * film_area, _SMALLEST_SECOND * float(areas.max(initial=0)))
    return [np.asarray(names == index + 1) for index in order if areas[index] >= least]


def _filled(part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The part with its holes: a nodule or an electrode inside a lung is inside the lung."""
    outlines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    canvas = np.zeros(part.shape, np.uint8)
    return np.asarray(cv2.drawContours(canvas, outlines, -1, 1, cv2.FILLED), np.bool_)


def film_mask(field: LungField) -> NDArray[np.bool_]:
    """The lungs in the film's own frame.

    Returns
    -------
    ndarray of bool, shape (film_height, film_width)
    """
    lungs = lung_grid(field)
    # what was dropped may not come back, and what was filled stays: the outline between keeps its slope
    near = cv2.dilate(lungs.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    inner = cv2.erode(lungs.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    clean: Float32Array = np.where(near, field.probability, 0.0).astype(np.float32)
    clean = np.where(inner, np.maximum(clean, _LUNG), clean).astype(np.float32)
    return np.asarray(restore_map(clean, field.preparation) >= _LUNG)


def measure_lungs(field: LungField) -> LungMeasures:
    """Plain measures for the input gate; all 0 where there are no lungs."""
    lungs = lung_grid(field)
    inside = content_of(field)
    area = int(lungs.sum())
    if not area:
        return LungMeasures(0.0, 0, 0.0, 0.0, 0.0, (), 0.0)
    film_area = inside.width * inside.height
    parts = lung_parts(field)
    middle = _middle(parts)
    left = int(lungs[:, :middle].sum()) / film_area
    right = int(lungs[:, middle:].sum()) / film_area
    return LungMeasures(
        area_share=area / film_area,
        parts=len(parts),
        left_share=left,
        right_share=right,
        balance=min(left, right) / max(left, right),
        touches=borders_touched(cut(lungs, inside)),
        certainty=float(field.probability[lungs].mean()),
    )


def wider(part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The part and the cells beside it: there the probability falls, and says where between cells it ends."""
    return np.asarray(cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def borders_touched(shown: NDArray[np.bool_]) -> tuple[str, ...]:
    """The borders that cut what is true on the part of a grid that shows the film."""
    borders = {"top": shown[0], "bottom": shown[-1], "left": shown[:, 0], "right": shown[:, -1]}
    return tuple(name for name, line in borders.items() if float(line.mean()) > _TOUCHING)


def _middle(parts: list[NDArray[np.bool_]]) -> int:
    """Column between the lungs: half-way between two parts' centres, or the middle of the only part."""
    centres = [float(np.nonzero(part)[1].mean()) for part in parts]
    if len(centres) == 2:
        return round(sum(centres) / 2)
    columns = np.flatnonzero(parts[0].any(axis=0))
    return (int(columns[0]) + int(columns[-1]) + 1) // 2
