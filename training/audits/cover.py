"""Films with the lungs covered, or all but the lungs, as the model would see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array, LungField, Preparation, PreparationSpec, Radiograph
from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.imaging import apply_preparation, decode
from cxr_dash.imaging.boxes import cut
from cxr_dash.imaging.lungs import film_mask
from cxr_dash.inference.runtime import Runtime
from training.audits.material import FindLungs
from training.films.lungs import plan_film
from training.films.manifest import Film

MIDDLE_SHARE = 0.7
_MARGIN = 0.03
_MASK_WINDOW = (0.0, 255.0)


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """What a model says about films of which it sees a part only.

    Attributes
    ----------
    without_lungs, lungs_alone : ndarray of float64, shape (n, C)
        Logits.
    guessed : int
        Films whose lungs were not found: the middle of the film stands for them.
    """

    without_lungs: Float64Array
    lungs_alone: Float64Array
    guessed: int


def score_covered(
    runtime: Runtime, films: Sequence[Film], spec: PreparationSpec, find_lungs: FindLungs | None
) -> Covered:
    """Run a model over both covered copies of every film.

    Parameters
    ----------
    runtime : Runtime
    films : sequence of Film
    spec : PreparationSpec
    find_lungs : callable or None
        Without it the middle of every film stands for the lungs.

    Raises
    ------
    TrainingError
        Naming the film that cannot be read.
    """
    without, alone, guessed = [], [], 0
    for film in films:
        radiograph = _read(film)
        field = find_lungs(radiograph) if find_lungs else None
        region = lung_region(field) if field is not None else None
        guessed += region is None
        plan = plan_film(radiograph, spec)
        inside = on_input(middle_of_film(plan) if region is None else region, plan)
        prepared = apply_preparation(radiograph, plan)
        without.append(runtime.run(cover(prepared, inside, plan)).logits)
        alone.append(runtime.run(cover(prepared, ~inside, plan)).logits)
    return Covered(np.stack(without).astype(np.float64), np.stack(alone).astype(np.float64), guessed)


def lung_region(field: LungField) -> NDArray[np.bool_] | None:
    """Both lungs and what lies between them, with a margin of 3 %: heart, mediastinum, hidden lung bases.

    Returns
    -------
    ndarray of bool, shape (film_height, film_width), or None
        None where there are no lungs.
    """
    lungs = film_mask(field)
    if not lungs.any():
        return None
    points = np.argwhere(lungs)[:, ::-1].astype(np.int32)
    region = np.zeros(lungs.shape, np.uint8)
    cv2.fillConvexPoly(region, cv2.convexHull(np.ascontiguousarray(points)), 1)
    reach = 2 * round(_MARGIN * min(lungs.shape)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.dilate(region, kernel) > 0)


def middle_of_film(plan: Preparation) -> NDArray[np.bool_]:
    """The middle 70 % of width and height of what is shown, where the lungs are on most films.

    Returns
    -------
    ndarray of bool, shape (film_height, film_width)
    """
    region = np.zeros((plan.film_height, plan.film_width), np.bool_)
    shown = cut(region, plan.crop)
    height, width = shown.shape
    top, left = round(height * (1 - MIDDLE_SHARE) / 2), round(width * (1 - MIDDLE_SHARE) / 2)
    shown[top : height - top, left : width - left] = True
    return region


def on_input(region: NDArray[np.bool_], plan: Preparation) -> NDArray[np.bool_]:
    """A region of the film as a region of the model input.

    Returns
    -------
    ndarray of bool, shape (input_height, input_width)
    """
    picture = Radiograph(region.astype(np.uint8) * 255, 8, "png", "")
    low, high = _MASK_WINDOW
    plain = replace(plan, window_low=low, window_high=high, inverted=False, pad_value=0.0, own_levels=None)
    return np.asarray(apply_preparation(picture, plain)[:, :, 0] > high / 2)


def cover(film: Float32Array, region: NDArray[np.bool_], plan: Preparation) -> Float32Array:
    """Fill a region with the median grey of what stays in sight; letterbox bars stay as they are.

    The median of the whole film would tell how bright the covered part was.

    Parameters
    ----------
    film : ndarray of float32, shape (H, W, 1), 0-255
    region : ndarray of bool, shape (H, W)
    plan : Preparation

    Returns
    -------
    ndarray of float32, shape (H, W, 1)
    """
    shown = np.zeros(region.shape, np.bool_)
    cut(shown, plan.content)[:] = True
    covered = film.copy()
    in_sight = shown & ~region
    covered[region & shown] = np.median(film[in_sight if in_sight.any() else shown])
    return covered


def _read(film: Film) -> Radiograph:
    try:
        return decode(film.path.read_bytes())
    except FilmError as error:
        raise TrainingError(f"{film.path} must be a film that can be read; {error.message}") from error
