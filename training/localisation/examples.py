"""Examples for the model page: fixed places in the ranking by energy, as geometry without a pixel of a film.

Films may not leave the collections they came from. What is kept of one is what was measured: the boxes, the
map's cells in sixteen levels, the outline of the lungs by our own segmenter, the highest point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from cxr_dash.domain import Heatmap, LungField, Preparation
from cxr_dash.explain import film_heatmap
from cxr_dash.imaging import decode, film_mask, map_to_content
from cxr_dash.imaging.boxes import cut
from cxr_dash.inference.schema_localisation import MAX_OUTLINE_POINTS, Frame, LocalisationExample, Point
from cxr_dash.settings import Settings
from training.audits.lungs import lung_finder
from training.audits.material import FindLungs
from training.films.boxes import Region
from training.localisation.figures import Measured
from training.localisation.material import Prepared

Place = Literal["best", "upper_quarter", "median", "lower_quarter", "worst"]
# The first of several that fall on one finding names it.
PLACES: tuple[tuple[Place, float], ...] = (
    ("best", 0.0),
    ("worst", 1.0),
    ("median", 0.5),
    ("upper_quarter", 0.25),
    ("lower_quarter", 0.75),
)
_LEVELS = 15  # one hexadecimal digit a cell
_DIGITS = 3  # of coordinates: a thousandth of a film
_COARSEST = 0.05  # of an outline's length


def chosen_rows(energies: Sequence[float]) -> list[tuple[Place, int, int]]:
    """Which boxed findings become examples.

    Parameters
    ----------
    energies : sequence of float
        Share of the heat inside the boxes, one for each boxed finding in the order of ``boxes.csv``.

    Returns
    -------
    list of (place, rank, row)
        Ranks start at 1, with the most energy; equal ones keep the file's order. Of few findings each
        appears once.
    """
    order = np.argsort(-np.asarray(energies, dtype=np.float64), kind="stable")
    found: dict[int, tuple[Place, int, int]] = {}
    for place, share in PLACES:
        rank = int(np.floor(share * (len(order) - 1) + 0.5))
        found.setdefault(rank, (place, rank + 1, int(order[rank])))
    return sorted(found.values(), key=lambda one: one[1])


def examples_of(
    measured: Measured,
    heatmaps: Sequence[Heatmap],
    films: dict[Path, Prepared],
    probabilities: Sequence[float],
    find_lungs: FindLungs | None = None,
) -> list[LocalisationExample]:
    """The examples of one split, best first.

    Parameters
    ----------
    measured : Measured
    heatmaps : sequence of Heatmap
        As served; one for each row of ``measured``, like ``probabilities``.
    films : dict of Path to Prepared
    probabilities : sequence of float
        Calibrated, of the label compared.
    find_lungs : callable, optional
        The segmenter; that of the models folder if None, and no outline where there is none.
    """
    finder = find_lungs or lung_finder(Settings().models_dir)
    examples = []
    for place, rank, row in chosen_rows([one.energy for one in measured.measures]):
        boxed, score = measured.boxed[row], measured.measures[row]
        plan = films[boxed.film.path].preparation
        field = finder(decode(boxed.film.path.read_bytes())) if finder else None
        examples.append(
            LocalisationExample(
                place=place,
                rank=rank,
                ranked=len(measured.boxed),
                finding=boxed.finding,
                label=measured.labels[row],
                probability=round(probabilities[row], 4),
                energy=round(score.energy, 4),
                hit=score.pointing > 0.0,
                flat=score.flat,
                aspect=round(plan.film_width / plan.film_height, 4),
                boxes=[_box(region) for region in boxed.regions],
                lungs=lung_outlines(field) if field is not None else [],
                heat=_digits(as_the_film_leans(heatmaps[row])),
                heat_frame=grid_frame(plan),
                peak=None if score.flat else _highest_point(heatmaps[row]),
            )
        )
    return examples


def grid_frame(plan: Preparation) -> Frame:
    """Where the model's whole input lies on the film; letterbox bars reach beyond it."""
    across = plan.crop.width / plan.content.width
    down = plan.crop.height / plan.content.height
    left, top = plan.crop.x - plan.content.x * across, plan.crop.y - plan.content.y * down
    return Frame(
        left=_rounded(left / plan.film_width),
        top=_rounded(top / plan.film_height),
        right=_rounded((left + plan.input_width * across) / plan.film_width),
        bottom=_rounded((top + plan.input_height * down) / plan.film_height),
    )


def lung_outlines(field: LungField) -> list[list[Point]]:
    """The outline of each lung, with few enough points for a sketch."""
    mask = film_mask(field)
    height, width = mask.shape
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    lungs = sorted(found, key=cv2.contourArea, reverse=True)[:2]
    outlines = []
    for lung in lungs:
        points = _fewer_points(lung.reshape(-1, 1, 2))
        if len(points) >= 3:
            outlines.append([(_rounded(x / width), _rounded(y / height)) for x, y in points.tolist()])
    return outlines


def _fewer_points(outline: np.ndarray) -> np.ndarray:
    """Douglas and Peucker's line, as fine as the points allowed; shape (n, 2)."""
    length, share = cv2.arcLength(outline, closed=True), 0.002
    points = outline
    while share <= _COARSEST:
        points = cv2.approxPolyDP(outline, share * length, closed=True)
        if len(points) <= MAX_OUTLINE_POINTS // 2:
            break
        share *= 1.3
    return points.reshape(-1, 2)[:MAX_OUTLINE_POINTS]


def as_the_film_leans(heatmap: Heatmap) -> Heatmap:
    """The map on its own grid, turned back with the film: a sketch shows the film as it was sent."""
    plan, cells = heatmap.preparation, heatmap.values
    if not plan.tilt_degrees:
        return heatmap
    frame = np.zeros((plan.input_height, plan.input_width), np.float32)
    cut(frame, plan.content)[:] = map_to_content(cells, plan)
    leaning = cv2.resize(frame, cells.shape[::-1], interpolation=cv2.INTER_AREA)
    return replace(heatmap, values=np.asarray(leaning, np.float32))


def _digits(heatmap: Heatmap) -> list[str]:
    """The map's cells in sixteenths, as a share of what is shown at most; all 0 on a flat map."""
    if heatmap.flat:
        return ["0" * heatmap.values.shape[1]] * heatmap.values.shape[0]
    levels = np.clip(np.rint(heatmap.values / heatmap.peak * _LEVELS), 0, _LEVELS).astype(int)
    return ["".join(f"{level:x}" for level in row) for row in levels]


def _highest_point(heatmap: Heatmap) -> Point:
    """The very pixel that decides whether the map hits."""
    heat = film_heatmap(heatmap)
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    return _rounded((column + 0.5) / heat.shape[1]), _rounded((row + 0.5) / heat.shape[0])


def _box(region: Region) -> Frame:
    edges = (region.left, region.top, region.right, region.bottom)
    left, top, right, bottom = (_rounded(edge) for edge in edges)
    return Frame(left=left, top=top, right=max(right, left + 0.001), bottom=max(bottom, top + 0.001))


def _rounded(share: float) -> float:
    return round(float(share), _DIGITS)
