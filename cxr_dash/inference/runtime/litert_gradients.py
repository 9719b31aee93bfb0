"""Gradients written with operations that LiteRT has.

TensorFlow's own gradients of the common activations are single operations (``ReluGrad``, ``Relu6Grad``, ...)
without a LiteRT kernel. The same formulas spelled out with ``where`` and products convert, and stay equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def convertible_gradients() -> Iterator[None]:
    """Within it, while a graph is traced, ``tf.gradients`` uses the spelled-out formulas."""
    import tensorflow as tf

    graph = tf.compat.v1.get_default_graph()
    with graph.gradient_override_map(_registered()):
        yield


@cache
def _registered() -> dict[str, str]:
    """Register the gradients, once per process, and return their names by operation."""
    import tensorflow as tf

    def relu(op: Any, upstream: Any) -> Any:
        return tf.where(op.outputs[0] > 0, upstream, tf.zeros_like(upstream))

    def relu6(op: Any, upstream: Any) -> Any:
        inside = tf.logical_and(op.outputs[0] > 0, op.outputs[0] < 6)
        return tf.where(inside, upstream, tf.zeros_like(upstream))

    def leaky_relu(op: Any, upstream: Any) -> Any:
        return tf.where(op.inputs[0] > 0, upstream, upstream * op.get_attr("alpha"))

    def elu(op: Any, upstream: Any) -> Any:
        return tf.where(op.inputs[0] > 0, upstream, upstream * (op.outputs[0] + 1.0))

    def sigmoid(op: Any, upstream: Any) -> Any:
        return upstream * op.outputs[0] * (1.0 - op.outputs[0])

    def tanh(op: Any, upstream: Any) -> Any:
        return upstream * (1.0 - tf.square(op.outputs[0]))

    def average_pool(op: Any, upstream: Any) -> Any:
        size, strides = list(op.get_attr("ksize")), list(op.get_attr("strides"))
        if size != strides or op.get_attr("padding") != b"VALID":
            shape = tf.shape(op.inputs[0])
            return tf.raw_ops.AvgPoolGrad(
                orig_input_shape=shape,
                grad=upstream,
                ksize=size,
                strides=strides,
                padding=op.get_attr("padding"),
            )
        # windows side by side: each cell gets its window's share, and what no window reaches gets nothing
        height, width = op.inputs[0].shape[1:3]
        rows, columns = upstream.shape[1] * size[1], upstream.shape[2] * size[2]
        share = tf.raw_ops.ResizeNearestNeighbor(images=upstream / (size[1] * size[2]), size=[rows, columns])
        return tf.pad(share, [[0, 0], [0, height - rows], [0, width - columns], [0, 0]])

    formulas = {
        "AvgPool": average_pool,
        "Relu": relu,
        "Relu6": relu6,
        "LeakyRelu": leaky_relu,
        "Elu": elu,
        "Sigmoid": sigmoid,
        "Tanh": tanh,
    }
    for name, formula in formulas.items():
        tf.RegisterGradient(f"CxrConvertible{name}")(formula)
    return {name: f"CxrConvertible{name}" for name in formulas}
