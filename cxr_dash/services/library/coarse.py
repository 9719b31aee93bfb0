"""What is kept of a large library's films a second time, so that most need not be read (``nearest``)."""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float32Array

# A smaller library is read whole in a few milliseconds.
FEWEST_FOR_COARSE = 20_000
# Figures of the first look, at every film, and of the second, at those that it leaves.
FIRST, SECOND = 32, 96
COARSE = ("basis", "first", "first_rest", "second", "second_rest")
_SAMPLE = 20_000
_ROWS = 8_192  # that are worked on at once


def make_coarse(
    embeddings: Float32Array, centre: Float32Array, norms: Float32Array
) -> dict[str, Float32Array]:
    """What ``nearest`` needs of a library beside its embeddings.

    Parameters
    ----------
    embeddings : ndarray of float32, shape (n, D)
    centre : ndarray of float32, shape (D,)
    norms : ndarray of float32, shape (n,)
        Lengths of ``embeddings - centre``.

    Returns
    -------
    dict of str to ndarray of float32
        ``basis`` (D, ``FIRST + SECOND`` or D, if that is less), orthonormal columns; ``first`` and ``second``
        (n, ...), each film's direction along the first and the other columns; ``first_rest`` and
        ``second_rest`` (n,), the length of what is left out then.
    """
    films = len(embeddings)
    chosen = np.arange(films)
    if films > _SAMPLE:
        chosen = np.sort(np.random.default_rng(0).choice(films, _SAMPLE, replace=False))
    sample = _directions(embeddings[chosen], centre, norms[chosen]).astype(np.float64)
    _, vectors = np.linalg.eigh(sample.T @ sample)
    basis = np.ascontiguousarray(vectors[:, ::-1][:, : FIRST + SECOND], dtype=np.float32)
    first, second = (np.empty((films, part), np.float32) for part in _parts(basis.shape[1]))
    first_rest, second_rest = np.empty(films, np.float32), np.empty(films, np.float32)
    for start in range(0, films, _ROWS):
        rows = slice(start, start + _ROWS)
        directions = _directions(embeddings[rows], centre, norms[rows])
        first[rows], second[rows] = np.split(directions @ basis, [FIRST], axis=1)
        # what is left itself: a difference of two squares would lose lengths of less than a thousandth
        left = directions - first[rows] @ basis[:, :FIRST].T
        first_rest[rows] = np.linalg.norm(left, axis=1)
        second_rest[rows] = np.linalg.norm(left - second[rows] @ basis[:, FIRST:].T, axis=1)
    return dict(zip(COARSE, (basis, first, first_rest, second, second_rest), strict=True))


def coarse_shapes(films: int, size: int) -> dict[str, tuple[int, ...]]:
    """The shapes of :func:`make_coarse`'s arrays for ``films`` embeddings of ``size`` figures."""
    first, second = _parts(min(size, FIRST + SECOND))
    shapes = ((size, first + second), (films, first), (films,), (films, second), (films,))
    return dict(zip(COARSE, shapes, strict=True))


def _parts(columns: int) -> tuple[int, int]:
    return min(FIRST, columns), max(0, columns - FIRST)


def _directions(embeddings: Float32Array, centre: Float32Array, norms: Float32Array) -> Float32Array:
    """Embeddings less the mean at length 1; nothing where a film lies in the very middle."""
    centred = np.asarray(embeddings - centre, dtype=np.float32)
    lengths = norms[:, np.newaxis]
    return np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0)
