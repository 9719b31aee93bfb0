"""Changes that were added for films of few pixels: sharpness, hidden squares, and blends of two films."""

from __future__ import annotations

from typing import Any

import numpy as np

from cxr_dash.domain import Float32Array
from training.recipe import AugmentRecipe


def change_sharpness(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Give each film more or less fine detail, as other ways of shrinking a film would.

    Parameters
    ----------
    batch : tf.Tensor of float32, shape (n, H, W, 1)
    seed : tf.Tensor of int32, shape (2,)
    recipe : AugmentRecipe
        ``sharpness`` 0.5 multiplies what a 3 x 3 binomial blur takes away by 0.5 to 1.5.
    """
    import tensorflow as tf

    kernel = tf.constant([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]])[:, :, None, None] / 16.0
    # the edge is repeated: zeros outside would draw a bright frame
    edged = tf.pad(batch, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="SYMMETRIC")
    detail = batch - tf.nn.conv2d(edged, kernel, strides=1, padding="VALID")
    amount = tf.random.stateless_uniform((tf.shape(batch)[0], 1, 1, 1), seed, -1.0, 1.0)
    return batch + recipe.sharpness * amount * detail


def cut_out(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Hide a square of some films behind the film's own mean, so that no single place decides.

    Devries and Taylor, Improved Regularization of Convolutional Neural Networks with Cutout, 2017.

    Parameters
    ----------
    batch : tf.Tensor of float32, shape (n, H, W, 1)
    seed : tf.Tensor of int32, shape (2,)
    recipe : AugmentRecipe
    """
    import tensorflow as tf

    shape = tf.shape(batch)
    draw = tf.random.stateless_uniform((shape[0], 4), seed)
    side = draw[:, 2] * recipe.cutout_size

    def hidden(length: Any, start: Any) -> Any:
        place = (tf.range(length, dtype=tf.float32) + 0.5) / tf.cast(length, tf.float32)
        return tf.abs(place[None, :] - start[:, None]) < side[:, None] / 2

    rows, columns = hidden(shape[1], draw[:, 0]), hidden(shape[2], draw[:, 1])
    chosen = (draw[:, 3] < recipe.cutout_probability)[:, None, None, None]
    square = rows[:, :, None, None] & columns[:, None, :, None]
    return tf.where(chosen & square, tf.reduce_mean(batch, axis=(1, 2, 3), keepdims=True), batch)


def mixed_up(
    batch: tuple[Float32Array, Float32Array, Float32Array], strength: float, generator: np.random.Generator
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Blend every film of a batch, its truth and its weight with those of another film of the batch.

    Zhang et al., mixup: Beyond Empirical Risk Minimization, ICLR 2018.

    Parameters
    ----------
    batch : tuple of ndarray of float32
        Features (n, ...), targets (n, C), weights (n,).
    strength : float, above 0
        Shares are drawn from Beta(strength, strength), a share for each film.
    generator : numpy.random.Generator

    Returns
    -------
    tuple of ndarray of float32
        Of the same shapes; every film keeps the larger share of itself.
    """
    count = len(batch[0])
    drawn = generator.beta(strength, strength, size=count)
    share, partner = np.maximum(drawn, 1.0 - drawn).astype(np.float32), generator.permutation(count)

    def blend(values: Float32Array) -> Float32Array:
        own = share.reshape((count, *[1] * (values.ndim - 1)))
        return np.asarray(own * values + (1.0 - own) * values[partner], dtype=np.float32)

    features, targets, weights = batch
    return blend(features), blend(targets), blend(weights)
