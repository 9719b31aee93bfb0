"""How far a film lies from what a model was trained on, from its embedding."""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.inference.schema import OutOfDistribution


def embedding_distance(embeddings: Float32Array | Float64Array, fitted: OutOfDistribution) -> Float64Array:
    """Distance of embeddings from the training films, about 1.4 for a typical one.

    Mahalanobis distance in the principal subspace plus the reconstruction error outside it, each divided
    by what the training films show (the combination is Ndiour, Ahuja and Tickoo 2020 in spirit).

    Parameters
    ----------
    embeddings : ndarray, shape (..., D)
    fitted : OutOfDistribution

    Returns
    -------
    ndarray of float64, shape (...), >= 0
    """
    mean, components, variances = fitted.tables
    centred = np.asarray(embeddings, dtype=np.float64) - mean
    projected = centred @ components.T
    inside = np.mean(projected**2 / variances, axis=-1)
    residual = np.mean((centred - projected @ components) ** 2, axis=-1)
    return np.asarray(np.sqrt(inside + residual / fitted.residual_variance))
