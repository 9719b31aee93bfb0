"""Batches of fresh views, drawn beside the training on another thread; the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from training.films.boxes import Region
from training.fitting.views.answers import Answers
from training.fitting.views.draw import View, as_input, draw_view, plain_view
from training.recipe.views import ViewsRecipe

Places = Mapping[int, Mapping[int, Sequence[Region]]]


def view_batches(
    pixels: NDArray[np.uint8],
    answers: Answers,
    size: tuple[int, int],
    recipe: ViewsRecipe,
    *,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    places: Places | None = None,
    grid: tuple[int, int] = (1, 1),
) -> Any:
    """Two views of every film of a batch: first one of each, then another of each.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, h, w, 1)
    answers : Answers
    size : tuple of int
        Height and width of the views.
    recipe : ViewsRecipe
    batch_size : int
        Views in a batch, twice its films; the last films of an epoch that fill none are left out.
    seed, first_epoch : int
        A run that goes on draws what an unbroken one does.
    places : mapping, optional
        By film and label the regions of boxes on the prepared film: a batch's input is then the views and the
        boxes' shares of the cells of a ``grid``.

    Returns
    -------
    keras.utils.PyDataset
    """
    import keras

    films = max(batch_size // 2, 1)

    class Views(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(workers=1, use_multiprocessing=False, max_queue_size=6)
            self.epoch = first_epoch
            self.order = _order(len(pixels), seed, self.epoch)

        def __len__(self) -> int:
            return max(len(pixels) // films, 1)

        def __getitem__(self, index: int) -> tuple[Any, Float32Array]:
            rows = np.tile(self.order[index * films : (index + 1) * films], 2)
            generator = np.random.default_rng((seed, self.epoch, index))
            views = [draw_view(np.asarray(pixels[row, ..., 0]), size, recipe, generator) for row in rows]
            films_of_batch = as_input([view.pixels for view in views])
            stacked = np.concatenate([answers.targets[rows], answers.weights[rows]], axis=1)
            if places is None:
                return films_of_batch, stacked
            labels = answers.targets.shape[1]
            return (films_of_batch, _shares(rows, views, places, (*grid, labels))), stacked

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self.order = _order(len(pixels), seed, self.epoch)

    return Views()


def plain_batches(
    pixels: NDArray[np.uint8], answers: Answers, size: tuple[int, int], *, batch_size: int, cells: Any = None
) -> Any:
    """The films as they are, in order, for measuring; with ``cells`` an empty table of boxes beside them."""
    import keras

    stacked = answers.stacked()

    class Films(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return math.ceil(len(pixels) / batch_size)

        def __getitem__(self, index: int) -> tuple[Any, Float32Array]:
            rows = slice(index * batch_size, (index + 1) * batch_size)
            films = as_input([plain_view(np.asarray(film[..., 0]), size) for film in pixels[rows]])
            if cells is None:
                return films, stacked[rows]
            return (films, np.zeros((len(films), *cells), np.float32)), stacked[rows]

    return Films()


def _order(count: int, seed: int, epoch: int) -> NDArray[np.intp]:
    return np.random.default_rng((seed, epoch)).permutation(count)


def _shares(
    rows: NDArray[np.intp], views: Sequence[View], places: Places, shape: tuple[int, int, int]
) -> Float32Array:
    """How much of each cell lies inside a film's boxes, moved as its view was; 0-255 as for cached films."""
    shares = np.zeros((len(rows), *shape), np.float32)
    for index, (row, view) in enumerate(zip(rows, views, strict=True)):
        for label, regions in places.get(int(row), {}).items():
            for region in regions:
                across, down = _moved(region, view.moved)
                inside = _covered(down, shape[0])[:, None] * _covered(across, shape[1])[None, :]
                shares[index, ..., label] = np.maximum(shares[index, ..., label], inside)
    return shares


def _moved(region: Region, moved: NDArray[np.float64]) -> tuple[tuple[float, float], tuple[float, float]]:
    """A region about where its middle comes to lie, as wide and tall as the stretch makes it."""
    middle = moved @ np.array([(region.left + region.right) / 2, (region.top + region.bottom) / 2, 1.0])
    half = np.abs(moved[:, :2]).diagonal() * np.array(
        [(region.right - region.left) / 2, (region.bottom - region.top) / 2]
    )
    return (middle[0] - half[0], middle[0] + half[0]), (middle[1] - half[1], middle[1] + half[1])


def _covered(reach: tuple[float, float], cells: int) -> Float32Array:
    """The share of each cell of a row that lies between two places (0-1)."""
    edges = np.arange(cells + 1) / cells
    inside = np.minimum(edges[1:], reach[1]) - np.maximum(edges[:-1], reach[0])
    return np.asarray(np.clip(inside * cells, 0.0, 1.0), np.float32)
