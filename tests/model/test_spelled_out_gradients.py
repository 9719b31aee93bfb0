"""Gradients that convert are those of TensorFlow, at the kinks too; the closed form is autodiff's."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cxr_dash.inference.runtime.dense_head import DenseHead, match_dense_head
from cxr_dash.inference.runtime.graph import Step
from cxr_dash.inference.runtime.litert_gradients import convertible_gradients

# 0 and 6 are where the formulas of ReLU and ReLU6 change; powers of two are exact.
VALUES = np.array([-8, -2, -1, -0.5, 0, 0.25, 0.5, 1, 2, 4, 5.5, 6, 6.5, 7, 8, 16], np.float32)
ACTIVATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "Relu": lambda tf, x: tf.nn.relu(x),
    "Relu6": lambda tf, x: tf.nn.relu6(x),
    "LeakyRelu": lambda tf, x: tf.nn.leaky_relu(x, alpha=0.25),
    "Elu": lambda tf, x: tf.nn.elu(x),
    "Sigmoid": lambda tf, x: tf.sigmoid(x),
    "Tanh": lambda tf, x: tf.tanh(x),
}


def _gradient(function: Callable[[Any, Any], Any], values: Any, *, spelled: bool) -> tuple[Any, set[str]]:
    """Gradient of a weighed sum of the function, and the kinds of operation that its graph is made of."""
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default():
        x = tf.constant(values)

        def sum_of(answer: Any) -> Any:
            weights = np.arange(1, 1 + np.prod(answer.shape), dtype=np.float32).reshape(answer.shape)
            return tf.reduce_sum(answer * weights)

        if spelled:
            with convertible_gradients():
                gradient = tf.gradients(sum_of(function(tf, x)), x)[0]
        else:
            gradient = tf.gradients(sum_of(function(tf, x)), x)[0]
        with tf.compat.v1.Session(graph=graph) as session:
            return session.run(gradient), {one.type for one in graph.get_operations()}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activations_gradient_is_tensorflows_in_operations_that_convert(name: str) -> None:
    own, kinds = _gradient(ACTIVATIONS[name], VALUES, spelled=True)
    theirs, usual = _gradient(ACTIVATIONS[name], VALUES, spelled=False)
    np.testing.assert_allclose(own, theirs, rtol=1e-6, atol=1e-7)
    assert f"{name}Grad" in usual
    assert not {kind for kind in kinds if kind.endswith("Grad")}


def test_what_is_only_just_inside_or_outside_passes_as_written_in_the_formulas() -> None:
    weights = np.arange(1, 17, dtype=np.float32)
    relu, _ = _gradient(ACTIVATIONS["Relu"], VALUES, spelled=True)
    np.testing.assert_array_equal(relu, weights * (VALUES > 0))
    relu6, _ = _gradient(ACTIVATIONS["Relu6"], VALUES, spelled=True)
    np.testing.assert_array_equal(relu6, weights * ((VALUES > 0) & (VALUES < 6)))
    leaky, _ = _gradient(ACTIVATIONS["LeakyRelu"], VALUES, spelled=True)
    np.testing.assert_array_equal(leaky, weights * np.where(VALUES > 0, 1.0, 0.25))


@pytest.mark.parametrize(
    ("shape", "size", "strides", "padding", "side_by_side"),
    [
        ((1, 6, 8, 2), (2, 2), (2, 2), "VALID", True),
        ((2, 7, 9, 3), (2, 2), (2, 2), "VALID", True),
        ((1, 8, 11, 1), (3, 4), (3, 4), "VALID", True),
        ((1, 5, 4, 2), (5, 4), (5, 4), "VALID", True),
        ((1, 7, 9, 2), (3, 3), (2, 2), "VALID", False),
        ((1, 7, 9, 2), (2, 2), (2, 2), "SAME", False),
        ((1, 7, 9, 2), (2, 3), (2, 2), "VALID", False),
        ((1, 7, 9, 2), (3, 3), (1, 1), "SAME", False),
    ],
)
def test_a_mean_hands_its_gradient_out_in_equal_shares(
    shape: tuple[int, ...], size: tuple[int, int], strides: tuple[int, int], padding: str, side_by_side: bool
) -> None:
    values = np.random.default_rng(2).normal(size=shape).astype(np.float32)

    def pooled(tf: Any, x: Any) -> Any:
        return tf.nn.avg_pool2d(x, size, strides, padding)

    own, kinds = _gradient(pooled, values, spelled=True)
    theirs, usual = _gradient(pooled, values, spelled=False)
    np.testing.assert_allclose(own, theirs, rtol=1e-5, atol=1e-6)
    assert "AvgPoolGrad" in usual
    assert ("AvgPoolGrad" not in kinds) is side_by_side


def _step(operation: Any, source: Any, result: Any) -> Step:
    return Step(operation, "", (), {}, (source,), (result,))


def _head(*operations: Any) -> tuple[Any, tuple[Step, ...]]:
    """A feature map, and layers called one after the other on it."""
    symbols = [SimpleNamespace() for _ in range(len(operations) + 1)]
    steps = zip(operations, symbols, symbols[1:], strict=False)
    return symbols[0], tuple(_step(*one) for one in steps)


def _layers() -> dict[str, tuple[list[Any], int | None]]:
    """Heads by what they are; with how many layers they are written in closed form, None where not."""
    from keras import layers

    pool, logits = layers.GlobalAveragePooling2D, layers.Dense(2)
    return {
        "one dense layer": ([pool(), logits], 1),
        "what does nothing is left out": (
            [
                pool(),
                layers.Dropout(0.5),
                layers.Identity(),
                layers.GaussianNoise(0.1),
                layers.Activation("linear"),
                logits,
                layers.Dropout(0.1),
            ],
            1,
        ),
        "a hidden layer with a ReLU": ([pool(), layers.Dense(4, activation="relu"), logits], 2),
        "a ReLU of its own": ([pool(), layers.Dense(4), layers.ReLU(), logits], 3),
        "a ReLU as an activation": ([pool(), layers.Activation("relu"), logits], 2),
        "nothing": ([], None),
        "no pooling": ([layers.Flatten(), logits], None),
        "the largest": ([layers.GlobalMaxPooling2D(), logits], None),
        "channels first": ([pool(data_format="channels_first"), logits], None),
        "sides kept": ([pool(keepdims=True), logits], None),
        "the pooling alone": ([pool()], None),
        "what does nothing alone": ([pool(), layers.Dropout(0.5)], None),
        "ends in a ReLU": ([pool(), layers.Dense(2, activation="relu")], None),
        "ends in a ReLU of its own": ([pool(), logits, layers.ReLU()], None),
        "a tanh": ([pool(), layers.Dense(4, activation="tanh"), logits], None),
        "a tanh of its own": ([pool(), layers.Activation("tanh"), logits], None),
        "a leaky ReLU": ([pool(), layers.ReLU(negative_slope=0.1), logits], None),
        "a ReLU from a threshold": ([pool(), layers.ReLU(threshold=0.5), logits], None),
        "a ReLU with an end": ([pool(), layers.ReLU(max_value=6.0), logits], None),
        "a batch norm": ([pool(), layers.BatchNormalization(), logits], None),
        "an end that is not dense": ([pool(), logits, layers.BatchNormalization()], None),
    }


def test_heads_with_a_closed_form_are_told_from_all_others() -> None:
    for name, (operations, expected) in _layers().items():
        feature_map, steps = _head(*operations)
        found = match_dense_head(steps, feature_map)
        assert (found and len(found.layers)) == expected, name


def test_a_head_with_a_branch_has_no_closed_form() -> None:
    from keras import layers

    feature_map, (pooled, logits) = _head(layers.GlobalAveragePooling2D(), layers.Dense(2))
    other = SimpleNamespace()
    assert match_dense_head((pooled, logits), feature_map) is not None
    assert match_dense_head((pooled, logits), other) is None
    for changes in (
        {"inputs": (*logits.inputs, other)},
        {"inputs": (other,)},
        {"outputs": (*logits.outputs, other)},
        {"inputs": ()},
    ):
        changed = Step(**{**vars(logits), **changes})
        assert match_dense_head((pooled, changed), feature_map) is None


@pytest.mark.parametrize("activations", [(), ("relu",), (None,), ("relu", None), (None, "relu"), ("own",)])
def test_the_jacobian_is_autodiffs_and_a_unit_at_nought_passes_nothing(
    activations: tuple[str | None, ...],
) -> None:
    import tensorflow as tf
    from keras import layers

    hidden: list[Any] = []
    for one in activations:
        hidden += [layers.Dense(5), layers.ReLU()] if one == "own" else [layers.Dense(5, activation=one)]
    whole = [*hidden, layers.Dense(3)]
    # nothing in, and no bias: every hidden unit is exactly 0 for the first film
    pooled = tf.constant(np.random.default_rng(4).normal(size=(4, 6)) * [[0], [1], [1], [1]], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(pooled)
        values = pooled
        for layer in whole:
            values = layer(values)
    expected = tape.batch_jacobian(values, pooled).numpy()
    found = DenseHead(tuple(whole)).jacobian(pooled).numpy()
    assert found.shape == ((4 if {"relu", "own"} & set(activations) else 1), 3, 6)
    np.testing.assert_allclose(np.broadcast_to(found, expected.shape), expected, rtol=1e-4, atol=1e-6)
