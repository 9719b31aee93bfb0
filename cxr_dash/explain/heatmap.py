"""Heatmaps: ReLU of Grad-CAM's weighted sum, with the raw peak kept and flat maps named."""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float32Array, Heatmap, HeatScale, NoPlace, Preparation
from cxr_dash.imaging import map_to_content, restore_map

# A map whose peak is below this share of what the label reaches on validation films shows no evidence.
MIN_SHARE_OF_REFERENCE = 0.05
# A map whose mean is above this share of its peak is spread over the whole film: it points nowhere.
MAX_MEAN_TO_PEAK = 0.9
# Half the width of what counts as neither side of a film, as a share of its width.
MIDDLE = 0.06
# From this share of the peak on, the other side of the film shows about the same evidence.
ABOUT_AS_STRONG = 0.8


def make_heatmap(
    cam: Float32Array,
    reference_peak: float,
    preparation: Preparation,
    *,
    scale: HeatScale | None = None,
    no_place: NoPlace | None = None,
) -> Heatmap:
    """Keep the positive evidence of one label's map and say whether it is localised.

    Parameters
    ----------
    cam : ndarray of float32, shape (h, w)
        Grad-CAM's weighted sum for the logit, before ReLU (Selvaraju et al. 2017).
    reference_peak : float
        95th percentile of the label's peak on validation films, from the bundle.
    preparation : Preparation
        What was done to the film.
    scale : HeatScale, optional
        The label's, from the bundle.
    no_place : {"no_better_than_template", "not_measured"}, optional
        Why the bundle says nothing about the place of this label's heat.

    Returns
    -------
    Heatmap
        Never stretched: ``values`` keep the unit of the cam, logits per cell.
    """
    values = np.maximum(np.asarray(cam, dtype=np.float32), 0.0)
    # Judged by what lies over the film: evidence in the letterbox bars can be shown to nobody.
    shown = map_to_content(values, preparation)
    peak = float(shown.max())
    weak = peak <= max(reference_peak * MIN_SHARE_OF_REFERENCE, float(np.finfo(np.float32).eps))
    spread = not weak and float(shown.mean()) > MAX_MEAN_TO_PEAK * peak
    return Heatmap(
        values=values,
        peak=peak,
        flat=weak or spread,
        preparation=preparation,
        scale=scale,
        no_place=no_place,
    )


def peak_positions(heatmap: Heatmap) -> list[tuple[float, float]]:
    """Where on the film the heat is strongest, and where on the other side it is about as strong.

    Returns
    -------
    list of tuple of float
        Right and down, as shares of the film's width and height, 0-1. Empty when the map is flat: its largest
        value then says nothing. A second place only where the peak lies beside the film's middle and the
        other side reaches :data:`ABOUT_AS_STRONG` of it: naming one side would then mislead.
    """
    if heatmap.flat:
        return []
    plan = heatmap.preparation
    shown = map_to_content(heatmap.values, plan)
    across = (plan.crop.x + _middles(shown.shape[1]) * plan.crop.width) / plan.film_width
    down = (plan.crop.y + _middles(shown.shape[0]) * plan.crop.height) / plan.film_height
    row, column = np.unravel_index(int(shown.argmax()), shown.shape)
    places = [(float(across[column]), float(down[row]))]
    side = places[0][0] - 0.5
    if abs(side) > MIDDLE:
        other = np.where((across - 0.5) * np.sign(side) < -MIDDLE, shown, 0.0)
        row, column = np.unravel_index(int(other.argmax()), other.shape)
        if other[row, column] >= ABOUT_AS_STRONG * shown.max():
            places.append((float(across[column]), float(down[row])))
    return places


def _middles(count: int) -> Float32Array:
    """The middles of so many cells, as shares of them all."""
    return (np.arange(count, dtype=np.float32) + np.float32(0.5)) / np.float32(count)


def film_heatmap(heatmap: Heatmap) -> Float32Array:
    """The map in the film's own frame.

    Returns
    -------
    ndarray of float32, shape (film_height, film_width), >= 0, un-normalised; 0 outside the crop
    """
    return restore_map(heatmap.values, heatmap.preparation)


def content_heat(heatmap: Heatmap) -> Float32Array:
    """The map over the film's crop at the model's resolution, as a share of its own peak.

    Returns
    -------
    ndarray of float32, shape (content.height, content.width), 0-1; all 0 when the map is flat
    """
    return _share_of_peak(map_to_content(heatmap.values, heatmap.preparation), heatmap)


def film_heat(heatmap: Heatmap) -> Float32Array:
    """The map in the film's own frame, as it is coloured: on the label's fixed scale.

    Returns
    -------
    ndarray of float32, shape (film_height, film_width), 0-1; all 0 when the map is flat
        Without a scale in the bundle, a share of the map's own peak.
    """
    values = film_heatmap(heatmap)
    if heatmap.scale is None or heatmap.flat:
        return _share_of_peak(values, heatmap)
    return heatmap.scale.shares(values)


def shown_peaks(cams: Float32Array, preparation: Preparation) -> Float32Array:
    """The peak of each label's map where it lies over the film, as :func:`make_heatmap` keeps it.

    Parameters
    ----------
    cams : ndarray of float32, shape (C, h, w)
        Before ReLU.
    preparation : Preparation

    Returns
    -------
    ndarray of float32, shape (C,), >= 0
    """
    maps = (map_to_content(np.maximum(cam, np.float32(0.0)), preparation) for cam in cams)
    return np.array([shown.max() for shown in maps], dtype=np.float32)


def _share_of_peak(values: Float32Array, heatmap: Heatmap) -> Float32Array:
    if heatmap.flat:
        return np.zeros_like(values)
    return np.asarray(np.clip(values / np.float32(heatmap.peak), 0.0, 1.0), dtype=np.float32)
