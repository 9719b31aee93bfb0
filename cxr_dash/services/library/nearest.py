"""The nearest films of a large library, exactly, without reading every embedding.

A million embeddings are 4 GB: to read them all takes longer than a reader waits. A film's direction is kept a
second time, as its first figures in a basis along which the library's films differ most, with the length of
what those leave out. For a query split alike, ``q . e = q1 . e1 + q2 . e2``, and the second part is at most
``|q2| |e2|`` (Cauchy-Schwarz). A film whose bound lies below the similarity of enough films that were looked
at cannot be among the nearest. A few figures rule out most films, some more nearly all of the others, and
only what is left is read as it is. Nothing is approximate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from cxr_dash.services.library.coarse import COARSE, FIRST
from cxr_dash.services.library.likeness import similarities

_ROWS = 8_192  # from this many on, the best are parted from the rest before they are put in order
_BLOCK = 256
_ROUNDING = 1e-4  # of float32 sums over a film's figures, with room


def nearest(
    query: Float32Array, arrays: Mapping[str, NDArray[Any]], most: int
) -> tuple[NDArray[np.intp], Float32Array]:
    """Rows of the films most similar to one, best first, and their similarities.

    Parameters
    ----------
    query : ndarray of float32, shape (D,)
        Its embedding.
    arrays : mapping of str to ndarray
        ``embeddings``, ``centre`` and ``norms``; with ``make_coarse``'s too, not all of them are read.
    most : int

    Returns
    -------
    rows : ndarray of int, shape (k,)
        At most ``most``; of equal ones, the earlier row first.
    found : ndarray of float32, shape (k,)
        As :func:`~cxr_dash.services.library.likeness.similarities` gives them.
    """
    rows = np.arange(len(arrays["embeddings"]))
    if COARSE[0] in arrays and most < len(rows):
        rows = _possible(query, arrays, most)
    found = _similar(query, arrays, rows)
    best = np.argsort(-found, kind="stable")[:most] if len(found) <= _ROWS else _best(found, most)
    return rows[best], found[best]


def _possible(query: Float32Array, arrays: Mapping[str, NDArray[Any]], most: int) -> NDArray[np.intp]:
    """Every film that may be among the nearest, in order."""
    centred = query - arrays["centre"]
    length = float(np.linalg.norm(centred))
    direction = centred / length if length > 0.0 else centred
    basis = arrays["basis"]
    first, second = np.split(direction @ basis, [FIRST])
    left = direction - basis[:, :FIRST] @ first
    likely = arrays["first"] @ first
    bar = _bar(query, arrays, most, _block_peaks(likely, most))
    rows = np.flatnonzero(likely + float(np.linalg.norm(left)) * arrays["first_rest"] >= bar - _ROUNDING)
    likely = likely[rows] + arrays["second"][rows] @ second
    left = left - basis[:, FIRST:] @ second
    bar = max(bar, _bar(query, arrays, most, rows[_block_peaks(likely, most)]))
    bounds = likely + float(np.linalg.norm(left)) * arrays["second_rest"][rows]
    return np.asarray(rows[bounds >= bar - _ROUNDING], dtype=np.intp)


def _bar(query: Float32Array, arrays: Mapping[str, NDArray[Any]], most: int, rows: NDArray[np.intp]) -> float:
    """What the nearest films reach at least: whichever are looked at, if they are as many as are wanted."""
    return float(np.sort(_similar(query, arrays, rows))[-most]) if len(rows) >= most else -np.inf


def _block_peaks(values: Float32Array, most: int) -> NDArray[np.intp]:
    """Where the largest values of the best blocks lie, one a block; more blocks than are wanted."""
    block = min(_BLOCK, max(1, len(values) // (4 * most)))
    whole = len(values) // block * block
    blocks = values[:whole].reshape(-1, block)
    best = np.argsort(-blocks.max(axis=1), kind="stable")[: 4 * most]
    return np.asarray(np.sort(best * block + blocks[best].argmax(axis=1)), dtype=np.intp)


def _similar(query: Float32Array, arrays: Mapping[str, NDArray[Any]], rows: NDArray[np.intp]) -> Float32Array:
    every = len(rows) == len(arrays["embeddings"])
    embeddings, norms = (arrays[name] if every else arrays[name][rows] for name in ("embeddings", "norms"))
    return np.asarray(similarities(query[np.newaxis], embeddings, arrays["centre"], norms)[0])


def _best(found: Float32Array, most: int) -> NDArray[np.intp]:
    """Places of the largest, best first; of equal ones the earlier first."""
    bar = np.partition(found, -most)[-most]
    places = np.flatnonzero(found >= bar)
    return places[np.argsort(-found[places], kind="stable")][:most]
