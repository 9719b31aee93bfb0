"""``tf.data`` pipelines of films with masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.fitting.data import batch_orders
from training.recipe.segmenter import SegmenterRecipe
from training.segmentation.augment import augment_masked, greys_only
from training.segmentation.films import PreparedMasks


def planes_of(films: PreparedMasks) -> NDArray[np.uint8]:
    """Film, masks and ignored as channels of one array, so that what moves one moves all."""
    return np.concatenate([films.pixels, films.masks, films.ignored], axis=-1)


def training_batches(films: PreparedMasks, recipe: SegmenterRecipe, first_epoch: int = 0) -> Any:
    """Augmented films in a new order each epoch; an epoch is the same whether or not others came before it.

    Returns
    -------
    tf.data.Dataset of (films float32 (n, H, W, 1), truths float32 (n, H, W, 2 C))
        One pass is one epoch; the first is that of ``first_epoch``.
    """
    import tensorflow as tf

    planes, size = planes_of(films), recipe.fit.batch_size
    orders = batch_orders(len(planes), 1, size, recipe.seed, first_epoch)
    steps = -(-len(planes) // size)
    passes = iter(range(first_epoch, first_epoch + 10**6))

    def batches() -> Iterator[tuple[NDArray[np.uint8], int]]:
        epoch = next(passes)
        for step, (rows, _) in enumerate(next(orders)):
            yield planes[rows], epoch * steps + step

    signature = (tf.TensorSpec((None, *planes.shape[1:]), tf.uint8), tf.TensorSpec((), tf.int32))
    base = tf.constant((recipe.seed, 7), tf.int32)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    greys = greys_only(recipe.augment)

    def change(batch: Any, number: Any) -> tuple[Any, Any]:
        made = augment_masked(batch, tf.random.fold_in(base, number), recipe.augment, greys)
        height, width, depth = planes.shape[1:]
        return tuple(
            tf.ensure_shape(part, (None, height, width, channels))
            for part, channels in zip(made, (1, depth - 1), strict=True)
        )

    return dataset.map(change).apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2)
