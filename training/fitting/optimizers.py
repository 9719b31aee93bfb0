"""How weights are changed: an optimizer, and the plan that its learning rate follows."""

from __future__ import annotations

from typing import Any

from training.recipe import FitRecipe


def head_optimizer(plan: FitRecipe, steps: int) -> Any:
    """The optimizer of phase one; ``steps`` are batches per epoch."""
    rate = learning_rate(plan, plan.head_learning_rate, steps=steps, epochs=plan.head_epochs)
    return _optimizer(plan.head_optimizer, rate, plan, {})


def fine_tune_optimizer(plan: FitRecipe, steps: int) -> Any:
    """The optimizer of phase two: gradients clipped, and a running mean of the weights where wanted."""
    rate = learning_rate(plan, plan.fine_tune_learning_rate, steps=steps, epochs=plan.fine_tune_epochs)
    shared = {
        "clipnorm": plan.clip_norm or None,
        "use_ema": plan.ema_momentum > 0,
        "ema_momentum": plan.ema_momentum or 0.99,
    }
    return _optimizer(plan.fine_tune_optimizer, rate, plan, shared)


def _optimizer(name: str, rate: Any, plan: FitRecipe, shared: dict[str, Any]) -> Any:
    import keras

    optimizers = keras.optimizers
    if name == "adamw":
        return optimizers.AdamW(rate, weight_decay=plan.weight_decay, **shared)
    if name == "sgd":
        return optimizers.SGD(rate, momentum=plan.momentum, nesterov=plan.nesterov, **shared)
    return {"adam": optimizers.Adam, "adamax": optimizers.Adamax, "rmsprop": optimizers.RMSprop}[name](
        rate, **shared
    )


def learning_rate(plan: FitRecipe, initial: float, *, steps: int, epochs: int) -> Any:
    """A number where the learning rate is constant, otherwise a Keras schedule over batches.

    Parameters
    ----------
    plan : FitRecipe
    initial : float
        The recipe's learning rate: the highest, reached after the warm-up.
    steps : int
        Batches per epoch.
    epochs : int
        Epochs of the phase; cosine ends with the last.
    """
    import keras

    if not plan.scheduled:
        return initial
    warm = round(plan.warmup_epochs * steps)
    period = max(1, round(plan.decay_epochs * steps))
    schedules = keras.optimizers.schedules
    inner: Any = None
    if plan.schedule == "cosine":
        whole = max(1, epochs * steps - warm)
        inner = schedules.CosineDecay(initial, whole, alpha=plan.final_learning_rate)
    elif plan.schedule == "inverse_time":
        inner = schedules.InverseTimeDecay(initial, period, plan.decay_rate)
    elif plan.schedule != "constant":
        inner = schedules.ExponentialDecay(
            initial, period, plan.decay_rate, staircase=plan.schedule == "step"
        )
    return _after_warm_up(inner, initial, warm) if warm else inner


def _after_warm_up(inner: Any | None, initial: float, warm: int) -> Any:
    """``initial`` times the share of the warm-up that is done; then ``inner``, from its own beginning."""
    import keras
    from keras import ops

    class WarmUp(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: Any) -> Any:
            done = ops.cast(step, "float32")
            rising = initial * (done + 1.0) / warm
            later = initial if inner is None else inner(ops.maximum(done - warm, 0.0))
            return ops.where(done < warm, rising, later)

    return WarmUp()
