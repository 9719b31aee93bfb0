"""Raw maps as NumPy files: what the network found, before any colour."""

from __future__ import annotations

from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray

from cxr_dash import imaging
from cxr_dash.domain import Heatmap, Preparation
from cxr_dash.explain import film_heatmap

UNIT = "logits per cell, un-normalised, >= 0; 0 outside the crop"
# At the model's own grid, a kilobyte a map, or enlarged to the film: 4 bytes a pixel.
MapSize = Literal["grid", "full"]


def write_map(stream: IO[bytes], heatmap: Heatmap) -> None:
    """Write one map as ``.npy``: float32 (H, W) in the film's own frame, un-normalised, >= 0.

    The map is written piece by piece: a second copy of it is never made.
    """
    values = np.ascontiguousarray(film_heatmap(heatmap), dtype=np.float32)
    np.lib.format.write_array(stream, values, allow_pickle=False)


def write_grid(stream: IO[bytes], heatmap: Heatmap) -> None:
    """Write one map as ``.npy`` at the model's grid: float32 (h, w), un-normalised, >= 0.

    :func:`grid_to_film` says where its cells lie on the film.
    """
    np.lib.format.write_array(
        stream, np.ascontiguousarray(heatmap.values, dtype=np.float32), allow_pickle=False
    )


def grid_to_film(shape: tuple[int, int], preparation: Preparation) -> NDArray[np.float64]:
    """Where the cells of a map lie on the film, as one affine.

    The grid spans the whole model input. What the preparation did is undone: the content is cut out of the
    letterbox, turned back about its middle, and enlarged to the crop.

    Parameters
    ----------
    shape : tuple of int
        Of the grid: rows, columns.
    preparation : Preparation

    Returns
    -------
    ndarray of float64, shape (2, 3)
        Takes ``(column, row, 1)`` of the grid to ``(x, y)`` in film pixels. Both count from the outer edge:
        cell ``j`` reaches from ``j`` to ``j + 1``, its middle is ``j + 0.5``; so do pixels.
    """
    rows, columns = shape
    content, crop = preparation.content, preparation.crop
    to_content = _matrix(
        (preparation.input_width / columns, 0.0, -content.x),
        (0.0, preparation.input_height / rows, -content.y),
    )
    middle = (content.width / 2, content.height / 2)
    turn = imaging.turn_matrix(middle, -preparation.tilt_degrees)
    to_film = _matrix((crop.width / content.width, 0.0, crop.x), (0.0, crop.height / content.height, crop.y))
    return np.asarray((to_film @ turn @ to_content)[:2], np.float64)


def _matrix(first: tuple[float, float, float], second: tuple[float, float, float]) -> NDArray[np.float64]:
    return np.array([first, second, (0.0, 0.0, 1.0)], np.float64)
