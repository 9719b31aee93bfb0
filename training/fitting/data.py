"""``tf.data`` pipelines: prepared films, augmented in TensorFlow, and cached features of a frozen front."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from training.films.manifest import Film
from training.fitting.augment import augment
from training.fitting.progress import progress
from training.fitting.small_films import mixed_up
from training.recipe import AugmentRecipe, FitRecipe
from training.writing import array_file

logger = logging.getLogger(__name__)

# what a film without any label shows: the negative label was taken off as its manifest was read
NOTHING = frozenset({"no_finding"})


def targets_of(films: Sequence[Film], labels: Sequence[str], any_label: str | None = None) -> Float32Array:
    """Truth of every film and label.

    Returns
    -------
    ndarray of float32, shape (n, C), 0 or 1
    """
    table = np.zeros((len(films), len(labels)), dtype=np.float32)
    for row, film in enumerate(films):
        for column, key in enumerate(labels):
            # a film of a rare finding that the model has no label for still is a film with a finding
            table[row, column] = bool(film.labels) if key == any_label else key in (film.labels or NOTHING)
    return table


def film_weights(
    films: Sequence[Film], targets: Float32Array, recipe: FitRecipe, *, softmax: bool
) -> Float32Array:
    """How much each training film counts; the mean is 1.

    With softmax and ``balance_classes`` every class counts alike; with ``balance_sources`` every source
    counts alike inside its class too, damped by a square root, so that no small source is repeated into
    noise. The same with sigmoid, one label and ``balance_sources``: films with the label and films without it
    are two classes. Films of a further manifest count as much as the recipe says there, in any case.
    """
    own = np.array([film.weight for film in films])
    if not softmax and not (recipe.balance_sources and targets.shape[1] == 1):
        return np.asarray(own / own.mean(), dtype=np.float32)
    classes = targets.argmax(axis=1) if softmax else targets[:, 0].astype(np.int64)
    sources = np.array([film.source for film in films]) if recipe.balance_sources else None
    weights = class_weights(classes, sources)
    if not recipe.balance_classes:
        weights *= np.bincount(classes)[classes]
    weights *= own
    return np.asarray(weights / weights.mean(), dtype=np.float32)


def class_weights(classes: NDArray[Any], sources: NDArray[Any] | None = None) -> Float64Array:
    """Weights of films that add up to 1 in every class; with sources, each by the square root of its films.

    Parameters
    ----------
    classes, sources : ndarray, shape (n,)
        Of each film.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    weights = np.ones(len(classes), dtype=np.float64)
    for name in np.unique(classes):
        inside = classes == name
        if sources is not None:
            for source in np.unique(sources[inside]):
                here = inside & (sources == source)
                weights[here] = 1.0 / np.sqrt(here.sum())
        weights[inside] /= weights[inside].sum()
    return weights


def positive_weights(
    targets: Float32Array, largest: float, weights: Float32Array | None = None
) -> Float32Array:
    """Weight of a positive answer per label, ``negatives / positives``, between 1 and ``largest``.

    ``weights``, shape (n, C), say how much each answer counts; all alike when left out.
    """
    counted = np.ones_like(targets) if weights is None else weights
    positives = np.maximum((targets * counted).sum(axis=0), 1.0)
    negatives = counted.sum(axis=0) - positives
    return np.asarray(np.clip(negatives / positives, 1.0, largest), dtype=np.float32)


def film_batches(
    pixels: NDArray[np.uint8], batch_size: int, recipe: AugmentRecipe | None, seed: tuple[int, int]
) -> Any:
    """Films in order, augmented when a recipe is given; deterministic for a seed.

    Returns
    -------
    tf.data.Dataset of float32 batches (n, H, W, 1), 0-255
    """
    import tensorflow as tf

    def batches() -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(pixels), batch_size):
            yield np.asarray(pixels[start : start + batch_size])

    signature = tf.TensorSpec((None, *pixels.shape[1:]), tf.uint8)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    if recipe is None:
        return dataset.map(lambda batch: tf.cast(batch, tf.float32)).prefetch(2)
    base = tf.constant(seed, tf.int32)
    return (
        dataset.enumerate()
        .map(lambda index, batch: augment(batch, tf.random.fold_in(base, tf.cast(index, tf.int32)), recipe))
        .prefetch(2)
    )


def cache_features(
    front: Any | None,
    pixels: NDArray[np.uint8],
    target: Path,
    *,
    copies: int,
    fit: FitRecipe,
    recipe: AugmentRecipe,
    seed: int,
) -> NDArray[np.float16]:
    """Features of the frozen front for several copies of every film: copy 0 as it is, the others augmented.

    Parameters
    ----------
    front : keras.Model or None
        None keeps the films themselves.
    pixels : ndarray of uint8, shape (n, H, W, 1)
    target : Path
        ``.npy`` file, read back when it is there.

    Returns
    -------
    ndarray of float16, shape (copies, n, h, w, d), read-only memory map
    """
    shape = (copies, len(pixels), *(pixels.shape[1:] if front is None else front.output.shape[1:]))
    if target.is_file():
        found: NDArray[np.float16] = np.load(target, mmap_mode="r")
        if found.shape == shape:
            return found
    steps = copies * -(-len(pixels) // fit.batch_size)
    with array_file(target, shape, np.float16) as features, progress("features", steps) as show:
        for copy in range(copies):
            logger.info("features of copy %d of %d", copy + 1, copies)
            start = 0
            for batch in film_batches(pixels, fit.batch_size, recipe if copy else None, (seed, copy)):
                # as an array: other backends do not read TensorFlow's tensors
                made = batch.numpy() if front is None else front.predict_on_batch(batch.numpy())
                features[copy, start : start + len(made)] = made
                start += len(made)
                show(f"copy {copy + 1} of {copies}")
    return np.asarray(np.load(target, mmap_mode="r"))


def batch_orders(
    count: int, copies: int, batch_size: int, seed: int | None, first_epoch: int = 0
) -> Iterator[list[tuple[NDArray[np.intp], NDArray[np.intp]]]]:
    """Which films and which copies of them make up each batch, epoch by epoch without an end.

    A run that begins at ``first_epoch`` draws what a run from the beginning draws there.

    Yields
    ------
    list of (films, copies)
        Two arrays of the batch's length for each batch; without a seed all films in order, copy 0.
    """
    generator = np.random.default_rng(seed)
    for epoch in itertools.count():
        order = np.arange(count) if seed is None else generator.permutation(count)
        batches = []
        for start in range(0, count, batch_size):
            rows = order[start : start + batch_size]
            chosen = np.zeros(len(rows), int) if seed is None else generator.integers(copies, size=len(rows))
            batches.append((rows, chosen))
        if epoch >= first_epoch:
            yield batches


def feature_batches(
    features: NDArray[np.float16],
    targets: Float32Array,
    weights: Float32Array,
    batch_size: int,
    seed: int | None,
    *,
    first_epoch: int = 0,
    mixup: float = 0.0,
    boxes: NDArray[np.uint8] | None = None,
) -> Any:
    """Cached features with truths and weights; with a seed in a new order and of a random copy each epoch.

    ``first_epoch`` is the one that the first pass is for, from 0. With ``mixup`` and a seed, films are
    blended in pairs, the same ones in the same epoch. With ``boxes``, shape (copies, n, h, w, C), a batch's
    first entry is the features and the boxes of the same copies.

    Returns
    -------
    tf.data.Dataset of (features float32, targets float32, weights float32)
    """
    import tensorflow as tf

    copies, count = features.shape[:2]
    orders = batch_orders(count, copies, batch_size, seed, first_epoch)
    epochs = itertools.count(first_epoch)

    def batches() -> Iterator[tuple[Any, Float32Array, Float32Array]]:
        # a generator for each epoch: a run that goes on draws what an unbroken one does
        generator = np.random.default_rng((seed or 0, next(epochs)))
        for rows, chosen in next(orders):
            batch = features[chosen, rows].astype(np.float32), targets[rows], weights[rows]
            if boxes is not None:
                yield (batch[0], boxes[chosen, rows].astype(np.float32)), *batch[1:]
            else:
                yield mixed_up(batch, mixup, generator) if mixup and seed is not None else batch

    films = tf.TensorSpec((None, *features.shape[2:]), tf.float32)
    signature = (
        films if boxes is None else (films, tf.TensorSpec((None, *boxes.shape[2:]), tf.float32)),
        tf.TensorSpec((None, targets.shape[1]), tf.float32),
        tf.TensorSpec((None,), tf.float32),
    )
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(-(-count // batch_size))).prefetch(2)


def logits_of(model: Any, features: NDArray[Any], batch_size: int) -> Float64Array:
    """Run a model over cached features, copy 0.

    Returns
    -------
    ndarray of float64, shape (n, C)
    """
    rows = [
        model.predict_on_batch(features[start : start + batch_size].astype(np.float32))
        for start in range(0, len(features), batch_size)
    ]
    return np.concatenate(rows).astype(np.float64)
