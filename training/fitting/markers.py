"""Painting over letters and marks near the border of films, which tell where a film was taken."""

from __future__ import annotations

from typing import Any

from training.recipe import AugmentRecipe

_OUTER = 0.17
"""How far from the border the middle of a box may lie, as a share of the film's side."""
_EDGE = 0.04
"""Share of the film's side at its border that is not looked at: a bright rim is no letter."""
_STROKE = 0.04
"""Widest stroke of a letter, as a share of the film's side; ribs and clavicles are wider."""
_BRIGHTER = 55.0
"""Grey levels that a stroke stands out from what is behind it; the edge of a bone does less."""
_DENSE = 0.02
"""Least share of a box that is strokes; elsewhere nothing is painted: it would only hide anatomy."""


def erase_markers(batch: Any, seed: Any, recipe: AugmentRecipe) -> Any:
    """Paint a small box in some quarters with what lies behind it: where thin bright strokes are densest.

    What is painted is the film without anything bright that is smaller than a box, smoothed: the local
    background. A quarter without strokes stays as it is.

    Parameters
    ----------
    batch : tf.Tensor of float32, shape (n, H, W, 1), 0-255
    seed : tf.Tensor of int32, shape (2,)
    recipe : AugmentRecipe
        ``marker_erasing_probability`` for each quarter of the film, and ``marker_size``: boxes measure
        between two thirds of it and all of it.

    Returns
    -------
    tf.Tensor of float32, shape (n, H, W, 1), 0-255
    """
    import tensorflow as tf

    shape = tf.shape(batch)
    seeds = tf.random.split(seed, 2)
    side = tf.cast(tf.minimum(shape[1], shape[2]), tf.float32) * recipe.marker_size
    size = side * tf.random.stateless_uniform((shape[0], 4), seeds[0], 0.66, 1.0)
    shorter = min(batch.shape[1:3])
    box, stroke = (max(3, round(shorter * share)) for share in (recipe.marker_size, _STROKE))
    background = _mean(_opened(batch, box), max(1, box // 3))
    strokes = tf.cast(batch - _opened(batch, stroke) > _BRIGHTER, tf.float32)
    strokes *= tf.cast(_distance(shape[1], shape[2]) > _EDGE, tf.float32)[None, :, :, None]
    row, column, density = _densest(_mean(_mean(strokes, box), box))
    rows, columns = (tf.range(length, dtype=tf.float32) for length in (shape[1], shape[2]))
    half = size[:, :, None] / 2.0
    box_rows = tf.abs(rows[None, None] - row[:, :, None]) <= half
    box_columns = tf.abs(columns[None, None] - column[:, :, None]) <= half
    chosen = tf.random.stateless_uniform((shape[0], 4), seeds[1]) < recipe.marker_erasing_probability
    chosen &= density > _DENSE
    boxes = box_rows[:, :, :, None] & box_columns[:, :, None, :] & chosen[:, :, None, None]
    return tf.where(tf.reduce_any(boxes, axis=1)[..., None], background, batch)


def _mean(batch: Any, side: int) -> Any:
    """Mean of the square around each pixel, of the film's own pixels only: down, then across."""
    import tensorflow as tf

    down = tf.nn.avg_pool2d(batch, (side, 1), strides=1, padding="SAME")
    return tf.nn.avg_pool2d(down, (1, side), strides=1, padding="SAME")


def _opened(batch: Any, side: int) -> Any:
    """Grey opening: the film without bright things that no square of this side fits into."""
    import tensorflow as tf

    def greatest(values: Any) -> Any:
        down = tf.nn.max_pool2d(values, (side, 1), strides=1, padding="SAME")
        return tf.nn.max_pool2d(down, (1, side), strides=1, padding="SAME")

    return greatest(-greatest(-batch))


def _places(length: Any) -> Any:
    """Middle of every pixel along one side, 0-1."""
    import tensorflow as tf

    return (tf.range(length, dtype=tf.float32) + 0.5) / tf.cast(length, tf.float32)


def _distance(height: Any, width: Any) -> Any:
    """Of every pixel from the nearest border, as a share of that side, (H, W)."""
    import tensorflow as tf

    rows, columns = _places(height)[:, None], _places(width)[None, :]
    return tf.minimum(tf.minimum(rows, 1.0 - rows), tf.minimum(columns, 1.0 - columns))


def _densest(density: Any) -> tuple[Any, Any, Any]:
    """Row, column and value of the greatest density near the border in each quarter, float32 (n, 4)."""
    import tensorflow as tf

    shape = tf.shape(density)
    height, width = shape[1], shape[2]
    rows, columns = _places(height)[:, None], _places(width)[None, :]
    upper, left = rows < 0.5, columns < 0.5
    quarters = tf.stack([upper & left, upper & ~left, ~upper & left, ~upper & ~left])
    # the nearer to the border, the sooner it is a mark
    distance = _distance(height, width)
    near = tf.cast(quarters & (distance < _OUTER), tf.float32) * (1.0 - distance)
    value = tf.reshape(density[:, None, :, :, 0] * near, (shape[0], 4, height * width))
    best = tf.argmax(value, axis=-1, output_type=tf.int32)
    found = tf.gather(tf.reshape(density, (shape[0], height * width)), best, batch_dims=1)
    return tf.cast(best // width, tf.float32), tf.cast(best % width, tf.float32), found
