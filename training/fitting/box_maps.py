"""Box supervision: where a finding is boxed, its class map should lie inside the box.

With global average pooling and one dense layer a logit is the mean of a class map, the dense kernel applied
to the last feature map at every cell. For every boxed film and label the softmax of that map over the cells
is pulled towards the uniform distribution over the cells inside the boxes (Kullback-Leibler divergence). The
softmax does not change when a number is added to all cells: the loss says where, never how likely.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Preparation, PreparationSpec
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import decode
from training.films.boxes import (
    OPACITY,
    OPACITY_LABELS,
    BoxedFilm,
    Region,
    box_mask,
    boxes_of,
    label_for,
)
from training.films.lungs import plan_film
from training.films.manifest import Film
from training.fitting.augment import move_masks
from training.networks import Parts
from training.recipe import AugmentRecipe, Recipe

logger = logging.getLogger(__name__)

# side of the masks that are moved along with the films, before they are averaged over the map's cells
FINE = 56


def supervised_labels(boxed: BoxedFilm, labels: Sequence[str]) -> list[str]:
    """The labels whose maps a finding's boxes supervise.

    The finding's own; for opacities the label they are measured with, and those of the same family that the
    film is positive for.
    """
    named = {label_for(boxed.finding, labels)}
    if boxed.finding == OPACITY:
        named |= {key for key in OPACITY_LABELS if key in boxed.film.labels and key in labels}
    return [key for key in labels if key in named]


def box_masks(
    films: Sequence[Film], boxes: Sequence[BoxedFilm], labels: Sequence[str], spec: PreparationSpec
) -> NDArray[np.uint8]:
    """The boxes of films in the frame of the model's input, on a grid of its own.

    Parameters
    ----------
    films : sequence of Film
    boxes : sequence of BoxedFilm
        Those of other films are passed over.
    labels : sequence of str
        In the order of the logits.
    spec : PreparationSpec

    Returns
    -------
    ndarray of uint8, shape (n, FINE, FINE, C)
        255 inside a box, 0 elsewhere and wherever there is none.
    """
    masks = np.zeros((len(films), FINE, FINE, len(labels)), dtype=np.uint8)
    for row, of_labels in boxed_places(films, boxes, labels, spec).items():
        for column, regions in of_labels.items():
            masks[row, ..., column] = np.where(box_mask(regions, FINE, FINE), 255, 0)
    return masks


def boxed_places(
    films: Sequence[Film], boxes: Sequence[BoxedFilm], labels: Sequence[str], spec: PreparationSpec
) -> dict[int, dict[int, list[Region]]]:
    """By row of the films and column of the labels, the boxes as shares of the prepared film.

    Parameters
    ----------
    films, boxes, labels, spec
        As for :func:`box_masks`.
    """
    of_film: dict[Path, list[BoxedFilm]] = defaultdict(list)
    for boxed in boxes:
        of_film[boxed.film.path].append(boxed)
    columns = {key: column for column, key in enumerate(labels)}
    places: dict[int, dict[int, list[Region]]] = {}
    for row, film in enumerate(films):
        if film.path not in of_film:
            continue
        preparation = plan_film(decode(film.path.read_bytes()), spec)
        places[row] = defaultdict(list)
        for boxed in of_film[film.path]:
            inside = [in_input(region, preparation) for region in boxed.regions]
            for key in supervised_labels(boxed, labels):
                places[row][columns[key]] += [region for region in inside if region is not None]
    return places


def in_input(region: Region, preparation: Preparation) -> Region | None:
    """A region of the film as shares of the model's input; None when the crop has nothing of it.

    On a film that was turned upright the region keeps its sides: its middle alone is turned.
    """
    crop, content = preparation.crop, preparation.content
    region = _upright(region, preparation)

    def across(share: float) -> float:
        inside = min(max((share * preparation.film_width - crop.x) / crop.width, 0.0), 1.0)
        return (content.x + inside * content.width) / preparation.input_width

    def down(share: float) -> float:
        inside = min(max((share * preparation.film_height - crop.y) / crop.height, 0.0), 1.0)
        return (content.y + inside * content.height) / preparation.input_height

    moved = Region(across(region.left), down(region.top), across(region.right), down(region.bottom))
    return moved if moved.left < moved.right and moved.top < moved.bottom else None


def _upright(region: Region, preparation: Preparation) -> Region:
    """The region about where its middle came to lie when the crop was turned."""
    if not preparation.tilt_degrees:
        return region
    crop, width, height = preparation.crop, preparation.film_width, preparation.film_height
    turn = cv2.getRotationMatrix2D(
        (crop.x + crop.width / 2, crop.y + crop.height / 2), preparation.tilt_degrees, 1.0
    )
    middle = (region.left + region.right) / 2 * width, (region.top + region.bottom) / 2 * height
    x, y = turn @ np.array([*middle, 1.0])
    right, down = (x - middle[0]) / width, (y - middle[1]) / height
    return Region(region.left + right, region.top + down, region.right + right, region.bottom + down)


def train_shares(
    recipe: Recipe, data_root: Path, films: Sequence[Film], labels: Sequence[str], parts: Parts
) -> NDArray[np.uint8]:
    """:func:`cell_shares` of a recipe's train films and boxes.

    Raises
    ------
    TrainingError
        When the boxes cannot be read or used, or the head has no class maps.
    """
    grid = map_grid(parts)
    boxes = boxes_of(recipe, data_root)
    shares = cell_shares(
        box_masks(films, boxes, labels, recipe.preparation),
        grid,
        copies=recipe.fit.copies,
        batch_size=recipe.fit.batch_size,
        recipe=recipe.augment,
        seed=recipe.seed,
    )
    logger.info("%d labels of train films are boxed", int(shares[0].any(axis=(1, 2)).sum()))
    return shares


def cell_shares(
    masks: NDArray[np.uint8],
    grid: tuple[int, int],
    *,
    copies: int,
    batch_size: int,
    recipe: AugmentRecipe,
    seed: int,
) -> NDArray[np.uint8]:
    """How much of each cell lies inside the boxes, for the same augmented copies that features are kept of.

    Parameters
    ----------
    masks : ndarray of uint8, shape (n, FINE, FINE, C)
    grid : tuple of int
        Height and width of the map, cells.
    copies, batch_size, recipe, seed
        As for :func:`training.fitting.data.cache_features`: the same draws move films and masks.

    Returns
    -------
    ndarray of uint8, shape (copies, n, h, w, C), 0-255
    """
    import tensorflow as tf

    shares = np.zeros((copies, len(masks), *grid, masks.shape[-1]), dtype=np.uint8)
    for copy in range(copies):
        for index, start in enumerate(range(0, len(masks), batch_size)):
            rows = slice(start, start + batch_size)
            batch = tf.cast(masks[rows], tf.float32)
            if copy:
                drawn = tf.random.fold_in(tf.constant((seed, copy), tf.int32), index)
                batch = move_masks(batch, drawn, recipe)
            shares[copy, rows] = np.rint(tf.image.resize(batch, grid, method="area").numpy()).astype(np.uint8)
    return shares


def with_map_loss(parts: Parts, weight: float) -> Any:
    """A model for phase two that also takes the boxes' shares of cells and adds the map loss to its own.

    Parameters
    ----------
    parts : Parts
    weight : float
        Of the map loss beside the loss of the labels.

    Returns
    -------
    keras.Model
        From (features, shares) to the logits; of the same layers as ``parts.tail``.
    """
    import keras

    class MapLoss(keras.layers.Layer):  # type: ignore[misc]
        """Hands the logits on; in training it adds the loss."""

        def call(self, logits: Any, maps: Any, shares: Any, training: bool = False) -> Any:
            if training:
                self.add_loss(weight * divergence(maps, shares))
            return logits

    mapped = _mapped(parts)
    logits, maps = mapped.outputs
    shares = keras.Input(maps.shape[1:], name="box_shares")
    answer = MapLoss(name="map_loss")(logits, maps, shares)
    return keras.Model([mapped.inputs[0], shares], answer)


def map_grid(parts: Parts) -> tuple[int, int]:
    """Height and width of the class maps, cells.

    Raises
    ------
    TrainingError
        When the head is not a global average and one dense layer.
    """
    _, height, width, _ = _mapped(parts).outputs[1].shape
    return int(height), int(width)


def _mapped(parts: Parts) -> Any:
    if parts.mapped is None:
        raise TrainingError(
            "`fit.map_loss_weight` needs a head of global average pooling and one dense layer.",
            remedy='Set network.pooling = "average", leave network.dense out, and train more than the head.',
        )
    return parts.mapped


def divergence(maps: Any, shares: Any) -> Any:
    """Mean over films of the sum over boxed labels: Kullback-Leibler divergence of the map from its boxes.

    Parameters
    ----------
    maps : tensor of float32, shape (n, h, w, C)
        Unbounded; their softmax over cells counts.
    shares : tensor of float32, shape (n, h, w, C), >= 0
        0 everywhere where a label has no box.

    Returns
    -------
    tensor of float32, scalar, >= 0
    """
    from keras import ops

    _, height, width, classes = maps.shape
    flat = (-1, height * width, classes)
    wanted, cells = ops.reshape(shares, flat), ops.log_softmax(ops.reshape(maps, flat), axis=1)
    wanted = wanted / ops.maximum(ops.sum(wanted, axis=1, keepdims=True), 1e-6)
    known = ops.log(ops.maximum(wanted, 1e-12))
    return ops.mean(ops.sum(wanted * (known - cells), axis=(1, 2)))
