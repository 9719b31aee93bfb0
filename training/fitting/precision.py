"""Mixed precision: layers compute in bfloat16 in training; weights and saved models stay float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from training.recipe import Precision

FULL: Precision = "float32"
# of layers that multiply
_KERNELS = ("kernel", "depthwise_kernel")


@contextmanager
def computing_in(precision: Precision, model: Any, *sharing: Any) -> Iterator[None]:
    """Let a model compute in a precision, and in its own again afterwards.

    Half the bits take half the time where the processor multiplies bfloat16 itself: AVX-512 BF16 and AMX,
    GPUs from Ampere on. bfloat16 has the range of float32, so that no loss need be scaled. Weights are
    float32 throughout, as their small steps would be lost otherwise. So are the layers before the first
    kernel, so that the network sees all grey levels of a film, and those that answer: see Keras' guide to
    mixed precision.

    Parameters
    ----------
    precision : {"float32", "mixed_bfloat16"}
    model : keras.Model
    *sharing : keras.Model
        Others that are made of its layers, and are called in between.
    """
    if precision == FULL:
        yield
        return
    layers = _inner(model)
    own = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = precision
        _forget_graphs(model, *sharing)
        yield
    finally:
        for layer, policy in zip(layers, own, strict=True):
            layer.dtype_policy = policy
        _forget_graphs(model, *sharing)


def _inner(model: Any) -> list[Any]:
    """From the first layer that multiplies to the one before the last that does."""
    layers = list(model.layers)
    multiply = [index for index, layer in enumerate(layers) if any(hasattr(layer, one) for one in _KERNELS)]
    return layers[multiply[0] : multiply[-1]] if multiply else []


def _forget_graphs(*models: Any) -> None:
    # a traced graph keeps the precision that it was traced in
    for model in models:
        model.make_predict_function(force=True)
        if model.compiled:
            model.make_train_function(force=True)
            model.make_test_function(force=True)
