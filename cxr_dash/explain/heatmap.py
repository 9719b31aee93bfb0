"""Heatmaps: ReLU of Grad-CAM's weighted sum, with the raw peak kept and flat maps named."""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float32Array, Heatmap, Preparation
from cxr_dash.imaging import map_to_content, restore_map

# A map whose peak is below this share of what the label reaches on validation films shows no evidence.
MIN_SHARE_OF_REFERENCE = 0.05
# A map whose mean is above this share of its peak is spread over the whole film: it points nowhere.
MAX_MEAN_TO_PEAK = 0.9


def make_heatmap(cam: Float32Array, reference_peak: float, preparation: Preparation) -> Heatmap:
    """Keep the positive evidence of one label's map and say whether it is localised.

    Parameters
    ----------
    cam : ndarray of float32, shape (h, w)
        Grad-CAM's weighted sum for the logit, before ReLU (Selvaraju et al. 2017).
    reference_peak : float
        95th percentile of the label's peak on validation films, from the bundle.
    preparation : Preparation
        What was done to the film.

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
    return Heatmap(values=values, peak=peak, flat=weak or spread, preparation=preparation)


def peak_position(heatmap: Heatmap) -> tuple[float, float] | None:
    """Where on the film the heat is strongest.

    Returns
    -------
    tuple of float or None
        Right and down, as shares of the film's width and height, 0-1; None when the map is flat: its largest
        value then says nothing.
    """
    if heatmap.flat:
        return None
    plan = heatmap.preparation
    shown = map_to_content(heatmap.values, plan)
    row, column = np.unravel_index(int(shown.argmax()), shown.shape)
    across = (float(column) + 0.5) / plan.content.width
    down = (float(row) + 0.5) / plan.content.height
    return (
        (plan.crop.x + across * plan.crop.width) / plan.film_width,
        (plan.crop.y + down * plan.crop.height) / plan.film_height,
    )


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
    """The map in the film's own frame, as a share of its own peak.

    Returns
    -------
    ndarray of float32, shape (film_height, film_width), 0-1; all 0 when the map is flat
    """
    return _share_of_peak(film_heatmap(heatmap), heatmap)


def _share_of_peak(values: Float32Array, heatmap: Heatmap) -> Float32Array:
    if heatmap.flat:
        return np.zeros_like(values)
    return np.asarray(np.clip(values / np.float32(heatmap.peak), 0.0, 1.0), dtype=np.float32)
