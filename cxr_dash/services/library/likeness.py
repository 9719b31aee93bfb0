"""How alike two films are to a model: the cosine of their embeddings, less the library's mean.

Chosen among five ways on validation films (docs/library.md): taking the mean away puts more films with a
common finding among the nearest than the bare cosine, dividing by the spread, or whitening.
"""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.services.library.files import Likeness

# How many neighbours a reader is shown, and over how many the words "very alike" and "alike" are measured.
NEAREST = 6
# Fewer films than these say nothing about what is usual.
FEWEST_FOR_WORDS = 12
_CHUNK = 256


def similarities(
    queries: Float32Array, embeddings: Float32Array, centre: Float32Array, norms: Float32Array
) -> Float32Array:
    """Cosine similarity of films to every film of the library.

    The library's embeddings are used as they lie on the disk: ``(e - c) . q = e . q - c . q``.

    Parameters
    ----------
    queries : ndarray of float32, shape (m, D)
    embeddings : ndarray of float32, shape (n, D)
    centre : ndarray of float32, shape (D,)
    norms : ndarray of float32, shape (n,)
        Lengths of ``embeddings - centre``.

    Returns
    -------
    ndarray of float32, shape (m, n), -1 to 1; 0 where a film lies in the very middle
    """
    directions = queries - centre
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    units = np.divide(directions, lengths, out=np.zeros_like(directions), where=lengths > 0)
    products = units @ embeddings.T - (units @ centre)[:, np.newaxis]
    found = np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
    return np.asarray(np.clip(found, -1.0, 1.0), dtype=np.float32)


def measure_likeness(embeddings: Float32Array, centre: Float32Array, norms: Float32Array) -> Likeness | None:
    """Quartiles of the similarities of the library's films to their nearest six; None for a small library."""
    films = len(embeddings)
    if films < FEWEST_FOR_WORDS:
        return None
    # a few thousand films say what is usual as well as all of them
    chosen = (
        np.arange(films) if films <= 4096 else np.random.default_rng(0).choice(films, 4096, replace=False)
    )
    nearest = []
    for start in range(0, len(chosen), _CHUNK):
        rows = chosen[start : start + _CHUNK]
        found = similarities(embeddings[rows], embeddings, centre, norms)
        found[np.arange(len(rows)), rows] = -np.inf
        nearest.append(np.partition(found, -NEAREST, axis=1)[:, -NEAREST:])
    alike, very = np.percentile(np.concatenate(nearest), [25, 75])
    return Likeness(very=float(very), alike=float(alike))
