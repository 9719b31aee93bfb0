"""Plausible changes of a frontal film, for a whole batch at once, repeatable from a seed."""

from __future__ import annotations

from typing import Any

from training.fitting.markers import erase_markers
from training.fitting.small_films import change_sharpness, cut_out
from training.recipe import AugmentRecipe


def augment(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Rotate, shift, stretch, re-window, blur, mask and frame films a little; each film differently.

    Parameters
    ----------
    batch : tf.Tensor, shape (n, H, W, 1), 0-255
    seed : tf.Tensor of int32, shape (2,)
        The same seed gives the same films.
    recipe : AugmentRecipe

    Returns
    -------
    tf.Tensor of float32, shape (n, H, W, 1), 0-255
    """
    import tensorflow as tf

    batch = tf.cast(batch, tf.float32)
    seeds = tf.random.split(seed, 5)
    if recipe.marker_erasing_probability:
        batch = erase_markers(batch, _further(seed, 0), recipe)
    if recipe.flip_probability:
        batch = flip(batch, _further(seed, 1), recipe)
    batch = _move_finely(batch, seeds[0], recipe)
    batch = _window(batch, seeds[1], recipe)
    batch = _blur(batch, seeds[2], recipe)
    if recipe.sharpness:
        batch = change_sharpness(batch, _further(seed, 5), recipe)
    if recipe.noise:
        strength = tf.random.stateless_uniform((tf.shape(batch)[0], 1, 1, 1), seeds[3], 0.0, recipe.noise)
        batch += strength * tf.random.stateless_normal(tf.shape(batch), seeds[3])
    if recipe.exposure:
        draw = _uniform(_further(seed, 2), tf.shape(batch)[0], 1)[:, :, None, None]
        batch *= tf.pow(1.0 + recipe.exposure, draw)
    if recipe.border_darkening:
        batch = _darken(batch, _further(seed, 3), recipe)
    if recipe.border_probability:
        batch = hide_border(batch, seeds[4], recipe)
    if recipe.cutout_probability:
        batch = cut_out(batch, _further(seed, 6), recipe)
    return tf.clip_by_value(batch, 0.0, 255.0)


def _further(seed: Any, number: int) -> Any:
    """A seed of its own for what was added later, so that films of older recipes come out as before."""
    import tensorflow as tf

    return tf.random.fold_in(seed, 100 + number)


def _uniform(seed: Any, count: Any, columns: int) -> Any:
    import tensorflow as tf

    return tf.random.stateless_uniform((count, columns), seed, -1.0, 1.0)


def move(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Rotation, shift, zoom and a change of aspect about the middle of the film; black outside."""
    import tensorflow as tf

    shape = tf.shape(batch)
    height, width = tf.cast(shape[1], tf.float32), tf.cast(shape[2], tf.float32)
    draw = _uniform(seed, shape[0], 5)
    angle = draw[:, 0] * (recipe.rotation_degrees * 3.141592653589793 / 180.0)
    zoom = 1.0 + draw[:, 1] * recipe.zoom
    if recipe.zoom_in:
        zoom /= 1.0 + recipe.zoom_in * tf.random.stateless_uniform((shape[0],), _further(seed, 4))
    scale_x, scale_y = zoom * (1.0 + draw[:, 2] * recipe.aspect), zoom * (1.0 - draw[:, 2] * recipe.aspect)
    shift_x, shift_y = draw[:, 3] * recipe.shift * width, draw[:, 4] * recipe.shift * height
    # maps a pixel of the result to where it comes from
    a, b = scale_x * tf.cos(angle), -scale_y * tf.sin(angle)
    d, e = scale_x * tf.sin(angle), scale_y * tf.cos(angle)
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    c = centre_x + shift_x - a * centre_x - b * centre_y
    f = centre_y + shift_y - d * centre_x - e * centre_y
    zero = tf.zeros_like(a)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=batch,
        transforms=tf.stack([a, b, c, d, e, f, zero, zero], axis=1),
        output_shape=shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def _move_finely(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """:func:`move` on a finer grid: between pixels of a film of 28, bilinear moving blurs what there is."""
    import tensorflow as tf

    if recipe.supersampling < 2:
        return move(batch, seed, recipe)
    finer = (batch.shape[1] * recipe.supersampling, batch.shape[2] * recipe.supersampling)
    moved = move(tf.image.resize(batch, finer, method="bicubic"), seed, recipe)
    # the pixel in the middle of each, not the mean of all: that would blur again
    middle = recipe.supersampling // 2
    return moved[:, middle :: recipe.supersampling, middle :: recipe.supersampling]


def move_masks(masks: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Move masks of places on the films as :func:`augment` moves the films for the same seed.

    Parameters
    ----------
    masks : tf.Tensor of float32, shape (n, h, w, c)
        Over the whole film, on a grid of any size.
    seed, recipe
        As for :func:`augment`.
    """
    import tensorflow as tf

    if recipe.flip_probability:
        masks = flip(masks, _further(seed, 1), recipe)
    return move(masks, tf.random.split(seed, 5)[0], recipe)


def flip(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Swap left and right of some films."""
    import tensorflow as tf

    chosen = tf.random.stateless_uniform((tf.shape(batch)[0], 1, 1, 1), seed) < recipe.flip_probability
    return tf.where(chosen, tf.reverse(batch, axis=[2]), batch)


def _window(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Gamma, contrast and brightness, as exposure and windowing would change them."""
    import tensorflow as tf

    draw = _uniform(seed, tf.shape(batch)[0], 3)[:, :, None, None, None]
    gamma = tf.exp(draw[:, 0] * recipe.gamma)
    batch = 255.0 * tf.pow(tf.clip_by_value(batch / 255.0, 0.0, 1.0), gamma)
    mean = tf.reduce_mean(batch, axis=(1, 2, 3), keepdims=True)
    return (batch - mean) * (1.0 + draw[:, 1] * recipe.contrast) + mean + draw[:, 2] * recipe.brightness


def _blur(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """A 3 x 3 binomial blur of some films: mirrors shrink and recompress films in different ways."""
    import tensorflow as tf

    if not recipe.blur_probability:
        return batch
    kernel = tf.constant([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]])[:, :, None, None] / 16.0
    blurred = tf.nn.conv2d(batch, kernel, strides=1, padding="SAME")
    chosen = tf.random.stateless_uniform((tf.shape(batch)[0], 1, 1, 1), seed) < recipe.blur_probability
    return tf.where(chosen, blurred, batch)


def hide_border(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Hide the border of some films behind a black frame, each side of its own width.

    Markers, letters and the cut of the film lie there, and tell the hospital rather than the disease.
    """
    import tensorflow as tf

    shape = tf.shape(batch)
    seeds = tf.random.split(seed, 2)
    width = tf.random.stateless_uniform((shape[0], 4), seeds[0], 0.0, recipe.border_width)
    rows = (tf.range(shape[1], dtype=tf.float32) / tf.cast(shape[1], tf.float32))[None, :]
    columns = (tf.range(shape[2], dtype=tf.float32) / tf.cast(shape[2], tf.float32))[None, :]
    keep_rows = (rows >= width[:, 0:1]) & (rows < 1.0 - width[:, 1:2])
    keep_columns = (columns >= width[:, 2:3]) & (columns < 1.0 - width[:, 3:4])
    keep = keep_rows[:, :, None, None] & keep_columns[:, None, :, None]
    chosen = tf.random.stateless_uniform((shape[0], 1, 1, 1), seeds[1]) < recipe.border_probability
    return tf.where(chosen & ~keep, 0.0, batch)


def _darken(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Take light from the border, each side by its own share, fading out smoothly towards the middle.

    Collimators, grids and the heel of the anode leave such shadows; they differ from room to room.
    """
    import tensorflow as tf

    shape = tf.shape(batch)
    loss = tf.random.stateless_uniform((shape[0], 4), seed, 0.0, recipe.border_darkening)

    def light(length: Any, near: Any, far: Any) -> Any:
        place = (tf.range(length, dtype=tf.float32) + 0.5)[None, :]
        reach = tf.maximum(recipe.border_width * tf.cast(length, tf.float32), 1.0)

        def shade(distance: Any) -> Any:
            # half a cosine: 1 at the edge, 0 from the reach on
            return 0.5 + 0.5 * tf.cos(3.141592653589793 * tf.minimum(distance / reach, 1.0))

        ending = tf.cast(length, tf.float32) - place
        return (1.0 - near * shade(place)) * (1.0 - far * shade(ending))

    rows = light(shape[1], loss[:, 0:1], loss[:, 1:2])
    columns = light(shape[2], loss[:, 2:3], loss[:, 3:4])
    return batch * rows[:, :, None, None] * columns[:, None, :, None]
