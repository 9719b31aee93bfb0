"""Plausible changes of films with masks: both move together, only the film changes its greys."""

from __future__ import annotations

from typing import Any

from training.fitting.augment import augment, flip, hide_border, move
from training.recipe import AugmentRecipe
from training.recipe.segmenter import MaskAugmentRecipe

# what must not be done again to the film alone
_MOVING = {
    "rotation_degrees": 0.0,
    "shift": 0.0,
    "zoom": 0.0,
    "zoom_in": 0.0,
    "aspect": 0.0,
    "flip_probability": 0.0,
    "border_probability": 0.0,
}


def greys_only(recipe: MaskAugmentRecipe) -> AugmentRecipe:
    """The same recipe without what moves or cuts a film."""
    return recipe.model_copy(update=_MOVING)


def augment_masked(
    planes: Any, seed: Any, recipe: MaskAugmentRecipe, greys: AugmentRecipe
) -> tuple[Any, Any]:
    """Change a batch of films with their masks; each film differently.

    Parameters
    ----------
    planes : tf.Tensor of uint8, shape (n, H, W, 1 + 2 C)
        Film 0-255, masks of C structures 0 or 1, and where each is ignored 0 or 1.
    seed : tf.Tensor of int32, shape (2,)
        The same seed gives the same films.
    recipe : MaskAugmentRecipe
    greys : AugmentRecipe
        :func:`greys_only` of it.

    Returns
    -------
    tuple of tf.Tensor of float32
        Films (n, H, W, 1), 0-255; masks and ignored (n, H, W, 2 C), 0-1. A lung behind a black border is no
        longer lung, and no heart lies there.
    """
    import tensorflow as tf

    seeds = tf.random.split(seed, 9)
    planes = tf.cast(planes, tf.float32)
    # a structure of which nothing is known stays so in what comes in from outside, and behind a border: else
    # the loss would count the film among those of which something is
    structures = (planes.shape[-1] - 1) // 2
    open_ = tf.reduce_min(planes[..., -structures:], axis=(1, 2), keepdims=True)
    if recipe.flip_probability:
        planes = flip(planes, seeds[0], recipe)
    planes = move(planes, seeds[1], recipe)
    film = planes[..., :1]
    if recipe.opacity_probability:
        film = _opacities(film, seeds[2], recipe)
    if recipe.wire_probability:
        film = _wires(film, seeds[3], recipe)
    planes = tf.concat([film, planes[..., 1:]], axis=-1)
    if recipe.border_probability:
        planes = hide_border(planes, seeds[4], recipe)
    film = planes[..., :1]
    if recipe.marker_probability:
        film = _markers(film, seeds[5], recipe)
    if recipe.shrink_probability:
        film = _shrink(film, seeds[6], recipe)
    film = augment(film, seeds[7], greys)
    ignored = tf.maximum(planes[..., -structures:], open_)
    return film, tf.concat([planes[..., 1:-structures], ignored], axis=-1)


def _places(film: Any) -> tuple[Any, Any]:
    """Row and column of every pixel, 0-1."""
    import tensorflow as tf

    shape = tf.shape(film)
    rows = (tf.range(shape[1], dtype=tf.float32) + 0.5) / tf.cast(shape[1], tf.float32)
    columns = (tf.range(shape[2], dtype=tf.float32) + 0.5) / tf.cast(shape[2], tf.float32)
    return rows[None, :, None, None], columns[None, None, :, None]


def _draw(seed: Any, film: Any, count: int) -> list[Any]:
    """``count`` numbers of each film, 0-1, shaped to go with it."""
    import tensorflow as tf

    draw = tf.random.stateless_uniform((tf.shape(film)[0], count), seed)
    return [draw[:, index, None, None, None] for index in range(count)]


def _opacities(film: Any, seed: Any, recipe: MaskAugmentRecipe) -> Any:
    """Two soft bright ellipses: consolidation and effusion whiten lung, which stays lung."""
    import tensorflow as tf

    rows, columns = _places(film)
    for one in tf.unstack(tf.random.split(seed, 2)):
        chance, y, x, height, width, strength = _draw(one, film, 6)
        away = ((rows - 0.25 - 0.6 * y) / (0.05 + 0.2 * height)) ** 2
        away += ((columns - 0.1 - 0.8 * x) / (0.05 + 0.2 * width)) ** 2
        patch = strength * recipe.opacity * tf.exp(-away)
        film = tf.where(chance < recipe.opacity_probability, tf.minimum(film + patch, 255.0), film)
    return film


def _wires(film: Any, seed: Any, recipe: MaskAugmentRecipe) -> Any:
    """Three thin bright curves, as lines and electrodes leave them on bedside films."""
    import tensorflow as tf

    rows, columns = _places(film)
    for one in tf.unstack(tf.random.split(seed, 3)):
        chance, upright, start, end, bend, wide, strength = _draw(one, film, 7)
        along = tf.where(upright < 0.6, rows, columns)
        across = tf.where(upright < 0.6, columns, rows)
        course = start + (end - start) * along + (bend - 0.5) * along * (1.0 - along)
        line = tf.exp(-(((across - course) / (0.002 + 0.006 * wide)) ** 2))
        bright = tf.minimum(film + (40.0 + 120.0 * strength) * line, 255.0)
        film = tf.where(chance < recipe.wire_probability, bright, film)
    return film


def _markers(film: Any, seed: Any, recipe: MaskAugmentRecipe) -> Any:
    """Two blocks of random strokes, bright as lead letters or burnt-in text."""
    import tensorflow as tf

    shape = tf.shape(film)
    height, width = tf.cast(shape[1], tf.float32), tf.cast(shape[2], tf.float32)
    cells = (8, 12)
    for one in tf.unstack(tf.random.split(seed, 2)):
        seeds = tf.random.split(one, 2)
        strokes = tf.random.stateless_uniform((shape[0], *cells, 1), seeds[0]) < 0.45
        chance, y, x, tall, wide, bright = (value[:, 0, 0, 0] for value in _draw(seeds[1], film, 6))
        # maps a pixel of the film to the cell it shows; cells outside are 0
        scale_x = cells[1] / ((0.05 + 0.2 * wide) * width)
        scale_y = cells[0] / ((0.03 + 0.07 * tall) * height)
        zero = tf.zeros_like(scale_x)
        left, top = -scale_x * x * 0.9 * width, -scale_y * y * 0.9 * height
        pasted = tf.raw_ops.ImageProjectiveTransformV3(
            images=tf.cast(strokes, tf.float32),
            transforms=tf.stack([scale_x, zero, left, zero, scale_y, top, zero, zero], axis=1),
            output_shape=shape[1:3],
            fill_value=0.0,
            interpolation="NEAREST",
            fill_mode="CONSTANT",
        )
        shown = (pasted > 0.5) & (chance < recipe.marker_probability)[:, None, None, None]
        film = tf.where(shown, (160.0 + 95.0 * bright)[:, None, None, None], film)
    return film


def _shrink(film: Any, seed: Any, recipe: MaskAugmentRecipe) -> Any:
    """Some films as small pictures that were enlarged: by 2, or by 4."""
    import tensorflow as tf

    chance, factor = _draw(seed, film, 2)
    size = tf.shape(film)[1:3]
    for times, chosen in ((2, factor < 0.6), (4, factor >= 0.6)):
        small = tf.nn.avg_pool2d(film, times, times, "VALID")
        blurred = tf.image.resize(small, size)
        film = tf.where((chance < recipe.shrink_probability) & chosen, blurred, film)
    return film
