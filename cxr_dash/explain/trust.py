"""How far one film's heat may be trusted: where it lies, and whether a small shift of the film moves it.

Two questions that need no truth. Does the heat lie where the finding can lie: in the lungs, or for
cardiomegaly in the heart and mediastinum? Does it stay in place, and the probability with it, when the film
is moved by a fortieth of its side? A film may fail both and be read rightly; it may pass both and be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import (
    HEART_LABELS,
    Box,
    Float32Array,
    Heatmap,
    HeatTrust,
    LungField,
    Preparation,
    TrustRegion,
    TrustVerdict,
)
from cxr_dash.explain import trust_words
from cxr_dash.imaging import film_mask, map_to_content, restore_map

# As shares of the input's sides: to the right and down, and to the left and up.
SHIFTS = ((0.025, 0.025), (-0.025, -0.025))
# Chosen on the 157 boxed findings of the val films with the released `findings`: of 36 maps with a lower
# correlation 8 pointed into a box, of 121 others 70. Six maps had less than half of their heat inside the
# region, too few to say more than that the disease cannot be there; three of them pointed into a box.
# The drift is what 19 in 20 positive answers on val stay below. See docs/measuring.md.
LEAST_CORRELATION = 0.85
LARGEST_DRIFT = 0.15
LEAST_INSIDE = 0.5

# Labels that are not of one organ: the heat may lie anywhere in the chest.
CHEST_LABELS = frozenset({"finding", "no_finding", "normal", "hernia"})

_SIDE = 256  # regions are compared on a film made this small
_MARGIN = 0.05  # of the longer side: pleura, hila, and cells of a coarse map that reach over an outline
# The segmenter draws part of the lung behind the heart: what lies between the lungs is narrower than it.
_HEART_MARGIN = 0.1
_GRID = 56  # side on which maps are moved back and correlated


@dataclass(frozen=True, slots=True, eq=False)
class Shifted:
    """What a model says of one film that was moved a little.

    Attributes
    ----------
    shift : tuple of float
        Right and down, as shares of the input's width and height.
    cam : ndarray of float32, shape (h, w)
        One label's map.
    probability : float
        The label's, 0-1.
    """

    shift: tuple[float, float]
    cam: Float32Array
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Where heat may lie, on a small copy of the film.

    Attributes
    ----------
    scale : float
        Pixels of the small copy by a pixel of the film.
    masks : dict of str to ndarray of bool, shape (h, w)
        By region; empty where no lungs are known.
    """

    scale: float
    masks: Mapping[TrustRegion, NDArray[np.bool_]]


def shifted_input(model_input: Float32Array, shift: tuple[float, float]) -> Float32Array:
    """The model input moved by a share of its sides; what comes in repeats the border.

    Parameters
    ----------
    model_input : ndarray of float32, shape (H, W, 1)
    shift : tuple of float
        Right and down.
    """
    moved = _moved(model_input[..., 0], shift, cv2.BORDER_REPLICATE)
    return np.asarray(moved[..., np.newaxis], dtype=np.float32)


def find_regions(lungs: LungField | None) -> Regions:
    """The lungs with a margin; the heart and mediastinum between and below them; both as the chest.

    The heart and mediastinum are what lies between the two lungs' centres, inside the convex hull of both and
    in neither, with twice the margin: the hull of two lungs reaches down to their bases, so that it holds
    the heart between them and no abdomen. A single lung has no such region.
    """
    if lungs is None:
        return Regions(1.0, {})
    plan = lungs.preparation
    scale = min(1.0, _SIDE / max(plan.film_width, plan.film_height))
    mask = film_mask(replace(lungs, preparation=_smaller(plan, scale)))
    if not mask.any():
        return Regions(scale, {})
    margin = max(1, round(_MARGIN * max(mask.shape)))
    wider = _wider(mask, margin)
    heart = _between(mask)
    if heart is None:
        return Regions(scale, {"lungs": wider, "chest": wider})
    heart = _wider(heart, max(1, round(_HEART_MARGIN * max(mask.shape))))
    return Regions(scale, {"lungs": wider, "heart": heart, "chest": wider | heart})


def region_of(label_key: str) -> TrustRegion:
    """The region in which a label's heat is expected."""
    if label_key in HEART_LABELS:
        return "heart"
    return "chest" if label_key in CHEST_LABELS else "lungs"


def heat_trust(
    label_key: str, heatmap: Heatmap, probability: float, shifted: Sequence[Shifted], regions: Regions
) -> HeatTrust:
    """Judge one label's heat on one film.

    Parameters
    ----------
    label_key : str
    heatmap : Heatmap
    probability : float
        Of the film as it is, 0-1.
    shifted : sequence of Shifted
        Of :data:`SHIFTS`.
    regions : Regions
    """
    region = region_of(label_key)
    drift = max(abs(one.probability - probability) for one in shifted)
    if heatmap.flat:
        return HeatTrust(region, True, None, None, drift, "none", trust_words.NOTHING)
    inside = share_inside(heatmap, region, regions)
    correlation = min(map_correlation(heatmap, one) for one in shifted)
    stable = correlation >= LEAST_CORRELATION and drift <= LARGEST_DRIFT
    outside = inside is not None and inside < LEAST_INSIDE
    verdict: TrustVerdict = "poor" if outside else "good" if stable and inside is not None else "caution"
    return HeatTrust(
        region=region,
        flat=False,
        inside=inside,
        correlation=correlation,
        drift=drift,
        verdict=verdict,
        words=trust_words.in_words(
            region,
            inside,
            outside=outside,
            map_moves=correlation < LEAST_CORRELATION,
            drift=drift if drift > LARGEST_DRIFT else None,
        ),
    )


def share_inside(heatmap: Heatmap, region: TrustRegion, regions: Regions) -> float | None:
    """The share of the film's heat inside a region, 0-1; None where the region is not known."""
    mask = regions.masks.get(region)
    if mask is None:
        return None
    heat = restore_map(heatmap.values, _smaller(heatmap.preparation, regions.scale))
    whole = float(heat.sum())
    return float(heat[mask].sum()) / whole if whole > 0.0 else None


def map_correlation(heatmap: Heatmap, shifted: Shifted) -> float:
    """Pearson's correlation of what is shown with what is shown of the moved film, moved back; 0 where even.

    Only what both show of the film counts: neither letterbox bars nor the strip that the shift brought in.
    """
    # compared as the model saw them: both films lean alike
    plan = replace(heatmap.preparation, tilt_degrees=0.0)
    height, width = plan.content.height, plan.content.width
    small = (
        max(2, round(_GRID * width / plan.input_width)),
        max(2, round(_GRID * height / plan.input_height)),
    )
    back = (-shifted.shift[0], -shifted.shift[1])
    other = cv2.resize(np.maximum(shifted.cam, 0.0), (plan.input_width, plan.input_height))
    moved_back = _cut(_moved(np.asarray(other, np.float32), back, cv2.BORDER_REPLICATE), plan.content)
    pair = [
        cv2.resize(values, small, interpolation=cv2.INTER_AREA)
        for values in (map_to_content(heatmap.values, plan), moved_back)
    ]
    rim_x = int(np.ceil(abs(shifted.shift[0]) * _GRID))
    rim_y = int(np.ceil(abs(shifted.shift[1]) * _GRID))
    one, two = (
        np.asarray(v[rim_y : v.shape[0] - rim_y, rim_x : v.shape[1] - rim_x], np.float64).ravel()
        for v in pair
    )
    if not one.size:  # a film so narrow that the shift leaves nothing of it
        return 0.0
    one, two = one - one.mean(), two - two.mean()
    length = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / length if length > 0.0 else 0.0


def _smaller(plan: Preparation, scale: float) -> Preparation:
    """The same geometry on a film made smaller."""
    width, height = (max(1, round(side * scale)) for side in (plan.film_width, plan.film_height))
    left, top = (
        min(round(at * scale), most - 1) for at, most in ((plan.crop.x, width), (plan.crop.y, height))
    )
    right = min(max(round((plan.crop.x + plan.crop.width) * scale), left + 1), width)
    bottom = min(max(round((plan.crop.y + plan.crop.height) * scale), top + 1), height)
    crop = Box(left, top, right - left, bottom - top)
    return replace(plan, film_width=width, film_height=height, crop=crop)


def _between(mask: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """What lies between the two largest parts; None when there are not two."""
    count, names, figures, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 3:
        return None
    two = 1 + np.argsort(-figures[1:, cv2.CC_STAT_AREA], kind="stable")[:2]
    left, right = sorted(round(float(centres[index][0])) for index in two)
    points = np.argwhere(np.isin(names, two))[:, ::-1].astype(np.int32)
    hull = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    inside = (hull > 0) & ~mask
    inside[:, :left] = False
    inside[:, right + 1 :] = False
    return inside if inside.any() else None


def _wider(mask: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)


def _moved(values: Float32Array, shift: tuple[float, float], border: int) -> Float32Array:
    height, width = values.shape
    matrix = np.array([[1.0, 0.0, shift[0] * width], [0.0, 1.0, shift[1] * height]])
    moved = cv2.warpAffine(values, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(moved, dtype=np.float32)


def _cut(values: Float32Array, box: Box) -> Float32Array:
    return values[box.y : box.y + box.height, box.x : box.x + box.width]
