"""Directions in which a change of tone moves the measures of a film, and how far is unusual."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.schema_tone import Tone, ToneDirection
from cxr_dash.inference.tone import tone_distances

# Val films, as they are, that may be called unusual.
MOST_UNUSUAL = 0.02
# A curve over rounded levels leaves out more; of 560 films of seven collections one has 0.16, the rest none.
LEAST_GAPS = 0.15
_GAPS_QUANTILE = 0.995
# Of every measure's variance: the films are few, and quantiles go together.
_RIDGE = 0.1
_DIGITS = 6
_STEPS = 400


def fit_tone(
    natural: Float64Array,
    changed: Mapping[str, Float64Array],
    val: Float64Array,
    val_gaps: Float64Array,
    fitted_on: str,
) -> Tone:
    """Fisher's linear discriminant (1936) of the train films and of each family of changed ones.

    The limits are one quantile of the val films' own values for all directions, the lowest at which at most
    2 % of them are beyond any limit.

    Parameters
    ----------
    natural : ndarray, shape (n, F)
        Measures of train films as they are.
    changed : mapping of str to ndarray, shape (m, F)
        Measures of changed train films, by family.
    val : ndarray, shape (k, F)
        Measures of val films as they are.
    val_gaps : ndarray, shape (k,)
        Of the same films, ``imaging.uneven_gaps``.
    fitted_on : str
    """
    mean, scale = _rounded(natural.mean(axis=0)), _rounded(np.maximum(natural.std(axis=0), 1e-6))
    gaps = max(LEAST_GAPS, float(np.quantile(val_gaps, _GAPS_QUANTILE)))
    draft = Tone(
        mean=mean,
        scale=scale,
        directions=[
            ToneDirection(
                key=key,
                weights=_rounded(_discriminant((natural - mean) / scale, (films - mean) / scale)),
                limit=0.0,
            )
            for key, films in changed.items()
        ],
        most_uneven_gaps=round(gaps, _DIGITS),
        fitted_on=fitted_on,
        measured="",
    )
    limits = _limits(tone_distances(val, draft), val_gaps > draft.most_uneven_gaps)
    directions = [
        direction.model_copy(update={"limit": limit})
        for direction, limit in zip(draft.directions, limits, strict=True)
    ]
    return draft.model_copy(update={"directions": directions})


def _discriminant(natural: Float64Array, changed: Float64Array) -> Float64Array:
    """The direction that parts two clouds best, for its length 1 among the natural films."""
    within = (np.cov(natural.T) + np.cov(changed.T)) / 2 + _RIDGE * np.eye(natural.shape[1])
    direction = np.linalg.solve(within, changed.mean(axis=0) - natural.mean(axis=0))
    return np.asarray(direction / max(float((natural @ direction).std()), 1e-9))


def _limits(values: Float64Array, gaps: np.ndarray) -> list[float]:
    """The lowest common quantile of each column at which few films are beyond any of them."""
    for quantile in np.linspace(0.95, 1.0, _STEPS):
        limits = np.quantile(values, quantile, axis=0)
        if ((values > limits).any(axis=1) | gaps).mean() <= MOST_UNUSUAL:
            break
    return [round(float(limit), _DIGITS) for limit in limits]


def _rounded(values: Float64Array) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]
