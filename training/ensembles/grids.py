"""Changing the grid of pictures and maps by shares of area, with built-in layers that LiteRT has."""

from __future__ import annotations

from typing import Any

import numpy as np

from cxr_dash.domain import Float64Array


def area_matrix(source: int, target: int) -> Float64Array:
    """How much of each source cell every target cell holds, when both divide the same length.

    Every column sums to 1, so that a constant stays itself; every row sums to ``target / source``, so that
    the mean stays what it was. Shrinking is what OpenCV calls ``INTER_AREA``.

    Returns
    -------
    ndarray of float64, shape (source, target)
        ``row_of_cells @ matrix`` is the row on the new grid.
    """
    edges_source = np.arange(source + 1) / source
    edges_target = np.arange(target + 1) / target
    low = np.maximum(edges_source[:-1, None], edges_target[None, :-1])
    high = np.minimum(edges_source[1:, None], edges_target[None, 1:])
    return np.asarray(np.maximum(high - low, 0.0) * target)


def back_matrix(source: int, target: int) -> Float64Array:
    """Undoes :func:`area_matrix` onto a grid at least as fine: the product of the two is the identity.

    Its columns' sums keep means too, so that a mean of gradients is the same on either grid.

    Returns
    -------
    ndarray of float64, shape (target, source)
    """
    return np.asarray(np.linalg.pinv(area_matrix(source, target)), dtype=np.float64)


def on_grid(x: Any, rows: Float64Array, columns: Float64Array, name: str) -> Any:
    """Apply a matrix along the rows and one along the columns of a map.

    Parameters
    ----------
    x : KerasTensor, shape (n, h, w, k)
    rows : ndarray, shape (h, H)
    columns : ndarray, shape (w, W)
    name : str
        Of the two layers, before ``.rows`` and ``.columns``.

    Returns
    -------
    KerasTensor, shape (n, H, W, k)
    """
    import keras

    _, _, width, channels = x.shape
    down = keras.layers.EinsumDense(
        "nhwk,hr->nrwk", (rows.shape[1], width, channels), trainable=False, name=f"{name}.rows"
    )
    across = keras.layers.EinsumDense(
        "nhwk,wc->nhck", (rows.shape[1], columns.shape[1], channels), trainable=False, name=f"{name}.columns"
    )
    x = across(down(x))
    down.set_weights([rows])
    across.set_weights([columns])
    return x
