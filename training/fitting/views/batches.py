"""Batches of fresh views, drawn beside the training on another thread; the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from training.films.boxes import Region
from training.fitting.views.answers import Answers
from training.fitting.views.cache import Cached
from training.fitting.views.draw import as_input, draw_view, plain_view
from training.recipe.views import ViewsRecipe

Places = Mapping[int, Mapping[int, Sequence[Region]]]


# Rows of films, how many inputs of each, random numbers: gives the inputs, one of every film and then another
# of every film, and their moves as a View has them.
Draw = Callable[
    [NDArray[np.intp], int, np.random.Generator],
    tuple[Float32Array, Sequence[NDArray[np.float64]] | NDArray[np.float64]],
]


def fresh_views(pixels: NDArray[np.uint8], size: tuple[int, int], recipe: ViewsRecipe) -> Draw:
    """Views that are drawn when they are asked for.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, h, w, 1)
    size : tuple of int
        Height and width of the views.
    recipe : ViewsRecipe
    """

    def draw(
        rows: NDArray[np.intp], each: int, generator: np.random.Generator
    ) -> tuple[Float32Array, list[NDArray[np.float64]]]:
        films = (np.asarray(pixels[row, ..., 0]) for row in np.tile(rows, each))
        views = [draw_view(film, size, recipe, generator) for film in films]
        return as_input([view.pixels for view in views]), [view.moved for view in views]

    return draw


def kept_views(cached: Cached) -> Draw:
    """Kept features of views of each film: of one film different copies, where it has two."""
    copies = int(cached.features.shape[0])

    def draw(
        rows: NDArray[np.intp], each: int, generator: np.random.Generator
    ) -> tuple[Float32Array, NDArray[np.float64]]:
        first = generator.integers(copies, size=len(rows))
        other = (first + generator.integers(1, max(copies, 2), size=len(rows))) % copies
        copy, films = np.concatenate([first, other][:each]), np.tile(rows, each)
        return cached.features[copy, films].astype(np.float32), cached.moves[copy, films]

    return draw


def view_batches(
    draw: Draw,
    answers: Answers,
    recipe: ViewsRecipe,
    *,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    places: Places | None = None,
    grid: tuple[int, int] = (1, 1),
) -> Any:
    """Two views of every film of a batch, first one of each, then another; one only without consistency.

    Parameters
    ----------
    draw : Draw
    answers : Answers
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

    count, labels = answers.targets.shape
    stacked = answers.stacked()
    each = 2 if recipe.consistency else 1
    films = max(batch_size // each, 1)

    class Views(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(workers=1, use_multiprocessing=False, max_queue_size=6)
            self.epoch = first_epoch
            self.order = _order(count, seed, self.epoch)

        def __len__(self) -> int:
            return max(int(count) // films, 1)

        def __getitem__(self, index: int) -> tuple[Any, Float32Array]:
            rows = self.order[index * films : (index + 1) * films]
            inputs, moves = draw(rows, each, np.random.default_rng((seed, self.epoch, index)))
            seen = np.tile(rows, each)
            if places is None:
                return inputs, stacked[seen]
            return (inputs, _shares(seen, moves, places, (*grid, labels))), stacked[seen]

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self.order = _order(count, seed, self.epoch)

    return Views()


def plain_batches(
    pixels: NDArray[np.uint8] | NDArray[np.float16],
    answers: Answers,
    size: tuple[int, int],
    *,
    batch_size: int,
    cells: Any = None,
) -> Any:
    """The films as they are, in order, for measuring; with ``cells`` an empty table of boxes beside them.

    ``pixels`` may also be what a frozen front made of them, shape (n, h, w, d), float16.
    """
    import keras

    stacked = answers.stacked()

    class Films(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return math.ceil(len(pixels) / batch_size)

        def __getitem__(self, index: int) -> tuple[Any, Float32Array]:
            rows = slice(index * batch_size, (index + 1) * batch_size)
            if pixels.dtype == np.uint8:
                films = as_input(
                    [plain_view(np.asarray(film[..., 0], np.uint8), size) for film in pixels[rows]]
                )
            else:
                films = pixels[rows].astype(np.float32)
            if cells is None:
                return films, stacked[rows]
            return (films, np.zeros((len(films), *cells), np.float32)), stacked[rows]

    return Films()


def _order(count: int, seed: int, epoch: int) -> NDArray[np.intp]:
    return np.random.default_rng((seed, epoch)).permutation(count)


def _shares(
    rows: NDArray[np.intp],
    moves: Sequence[NDArray[np.float64]] | NDArray[np.float64],
    places: Places,
    shape: tuple[int, int, int],
) -> Float32Array:
    """How much of each cell lies inside a film's boxes, moved as its view was; 0-1."""
    shares = np.zeros((len(rows), *shape), np.float32)
    for index, (row, moved) in enumerate(zip(rows, moves, strict=True)):
        for label, regions in places.get(int(row), {}).items():
            for region in regions:
                across, down = _moved(region, moved)
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
