"""Pooled features of a frozen backbone, shared by all runs: a second head on them trains in seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.recipe import Recipe

# what decides about a feature besides the films, the weights and the recipe
_SOURCES = (
    "networks/backbones.py",
    "networks/film_layers.py",
    "networks/heads.py",
    "networks/scratch.py",
    "fitting/augment.py",
    "fitting/markers.py",
    "fitting/data.py",
)


def feature_file(front: Any, pixels: NDArray[np.uint8], recipe: Recipe, *, copies: int, folder: Path) -> Path:
    """Where the features of some films belong; the name changes with everything that they depend on.

    Parameters
    ----------
    front : keras.Model
        From the film to the pooled features.
    pixels : ndarray of uint8, shape (n, H, W, 1)
    recipe : Recipe
    copies : int
        Copy 0 is the film itself, so that augmentation and seed count from 2 copies on only.
    folder : Path
    """
    import keras

    network = recipe.network
    parts: list[object] = [keras.__version__, network.name, network.pooling, network.pool_size]
    # of convolutions too; the hidden layers of the head are not in front
    parts += [network.hidden_activation, front.output.shape, [type(layer).__name__ for layer in front.layers]]
    parts += [pixels.shape, copies, network.last_stride, network.normalisation]
    if copies > 1:
        parts += [recipe.seed, recipe.fit.batch_size, recipe.augment.model_dump_json()]
    return folder / f"features-{features_digest(parts, _SOURCES, front, pixels)}.npy"


def features_digest(
    parts: Sequence[object], sources: Sequence[str], front: Any, pixels: NDArray[np.uint8]
) -> str:
    """A name for what a front makes of films: 16 hex digits.

    Parameters
    ----------
    parts : sequence
        Choices that decide about the features, each with a telling ``repr``.
    sources : sequence of str
        Files of this package that do, relative to it.
    front : keras.Model
        Its weights count.
    pixels : ndarray of uint8, shape (n, H, W, 1)
    """
    digest = hashlib.sha256(repr(list(parts)).encode())
    for name in sources:
        digest.update((Path(__file__).parents[1] / name).read_bytes())
    for array in front.get_weights():
        digest.update(np.ascontiguousarray(array).tobytes())
    for start in range(0, len(pixels), 256):
        digest.update(np.ascontiguousarray(pixels[start : start + 256]).tobytes())
    return digest.hexdigest()[:16]
