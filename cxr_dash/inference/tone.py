"""Whether a film's tone is unlike that of the films a model learned from."""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.schema_tone import Tone


def tone_distances(measures: Float64Array, fitted: Tone) -> Float64Array:
    """How far films lie beyond the limit of each direction.

    Parameters
    ----------
    measures : ndarray, shape (..., TONE_MEASURES)
        From ``imaging.measure_tone``.
    fitted : Tone

    Returns
    -------
    ndarray of float64, shape (..., number of directions)
        Above 0 is unusual.
    """
    standard = (np.asarray(measures, np.float64) - np.asarray(fitted.mean)) / np.asarray(fitted.scale)
    # one film at a time or many: the sum runs in the same order
    weights = np.asarray([direction.weights for direction in fitted.directions])
    limits = np.asarray([direction.limit for direction in fitted.directions])
    return np.asarray((standard[..., np.newaxis, :] * weights).sum(axis=-1) - limits)


def tone_shifts(measures: Float64Array, fitted: Tone) -> dict[str, float]:
    """How far one film lies along each direction, by the direction's key; 0 is the training films' middle.

    Parameters
    ----------
    measures : ndarray of float64, shape (TONE_MEASURES,)
    fitted : Tone
    """
    distances = tone_distances(measures, fitted)
    return {
        direction.key: float(distance + direction.limit)
        for direction, distance in zip(fitted.directions, distances, strict=True)
    }


def is_unusual(measures: Float64Array | None, gaps: float, fitted: Tone) -> bool:
    """Whether a film's measures, or the gaps between its levels, are unlike the training films'.

    Parameters
    ----------
    measures : ndarray of float64, shape (TONE_MEASURES,), or None
        None where there are no lungs to measure: the gaps alone are looked at.
    gaps : float
        From ``imaging.uneven_gaps``.
    fitted : Tone

    Raises
    ------
    FloatingPointError
        When a measure is no number.
    """
    if gaps > fitted.most_uneven_gaps:
        return True
    if measures is None:
        return False
    distances = tone_distances(measures, fitted)
    if not np.isfinite(distances).all():
        raise FloatingPointError("the measures of a film's tone must be numbers")
    return bool((distances > 0.0).any())
