"""What a frozen front makes of a few views of every film, kept on disk: epochs cost the layers above it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.fitting.feature_store import features_digest
from training.fitting.progress import progress
from training.fitting.views.draw import View, as_input, draw_view, plain_view
from training.recipe.views import ViewsRecipe
from training.writing import array_file

logger = logging.getLogger(__name__)

_BATCH = 32
# entries of [views] that change no view
_NOT_DRAWN = {
    "side",
    "consistency",
    "map_loss_weight",
    "balance_sources",
    "teachers",
    "teacher_weight",
    "interpolation",
}


@dataclass(frozen=True, slots=True, eq=False)
class Cached:
    """Features of copies of films.

    Attributes
    ----------
    features : ndarray of float16, shape (copies, n, ...)
        Copy 0 is of the films as they are, the others of drawn views.
    moves : ndarray of float64, shape (copies, n, 2, 3)
        Where each copy has what the film has; see :class:`training.fitting.views.draw.View`.
    """

    features: NDArray[np.float16]
    moves: NDArray[np.float64]


def cached_views(
    front: Any,
    pixels: NDArray[np.uint8],
    size: tuple[int, int],
    recipe: ViewsRecipe,
    folder: Path,
    *,
    copies: int,
    seed: int,
) -> Cached:
    """Run the front over ``copies`` views of every film, or read back what an earlier start left.

    Parameters
    ----------
    front : keras.Model
    pixels : ndarray of uint8, shape (n, h, w, 1)
    size : tuple of int
        Height and width of the views.
    recipe : ViewsRecipe
    folder : Path
        Where the tables lie, named by everything that they depend on, so that runs may share them.
    copies, seed : int
    """
    target = folder / f"views-{_digest(front, pixels, size, recipe, copies=copies, seed=seed)}.npy"
    moves_file = target.with_suffix(".moves.npy")
    shape = (copies, len(pixels), *front.output.shape[1:])
    if not (target.is_file() and moves_file.is_file() and np.load(target, mmap_mode="r").shape == shape):
        target.parent.mkdir(parents=True, exist_ok=True)
        moves = np.zeros((copies, len(pixels), 2, 3))
        steps = copies * -(-len(pixels) // _BATCH)
        with array_file(target, shape, np.float16) as features, progress("features", steps) as show:
            for copy in range(copies):
                logger.info("features of copy %d of %d", copy + 1, copies)
                for start in range(0, len(pixels), _BATCH):
                    rows = slice(start, min(start + _BATCH, len(pixels)))
                    views = _views(pixels, rows, size, recipe, (seed, copy))
                    features[copy, rows] = front.predict_on_batch(as_input([view.pixels for view in views]))
                    moves[copy, rows] = [view.moved for view in views]
                    show(f"copy {copy + 1} of {copies}")
        with array_file(moves_file, moves.shape, np.float64) as kept:
            kept[:] = moves
    return Cached(np.load(target, mmap_mode="r"), np.load(moves_file))


def _digest(
    front: Any,
    pixels: NDArray[np.uint8],
    size: tuple[int, int],
    recipe: ViewsRecipe,
    *,
    copies: int,
    seed: int,
) -> str:
    drawing = recipe.model_dump_json(exclude=_NOT_DRAWN)
    made = [front.output.shape, [type(layer).__name__ for layer in front.layers], pixels.shape, size, copies]
    drawn = [seed, drawing] if copies > 1 else []
    return features_digest([*made, *drawn], ["fitting/views/draw.py"], front, pixels)


def _views(
    pixels: NDArray[np.uint8],
    rows: slice,
    size: tuple[int, int],
    recipe: ViewsRecipe,
    drawn: tuple[int, int],
) -> list[View]:
    films = {row: np.asarray(pixels[row, ..., 0]) for row in range(rows.start, rows.stop)}
    if drawn[1] == 0:
        return [View(plain_view(film, size), np.eye(2, 3)) for film in films.values()]
    return [
        draw_view(film, size, recipe, np.random.default_rng((*drawn, row))) for row, film in films.items()
    ]
