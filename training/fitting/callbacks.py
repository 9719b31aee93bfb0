"""What happens after every epoch: measure, keep the best, slow down, stop, leave a trace."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_dash.errors import TrainingError
from training.fitting.checkpoint import Checkpoint, checkpoint_callback
from training.fitting.epoch_log import EpochLog
from training.recipe import FitRecipe
from training.writing import whole_file

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Phase:
    """One of the two phases, and where it leaves its traces.

    Attributes
    ----------
    name : {"head", "fine_tune"}
    epochs : int
    monitor : str
        The column of the log that makes an epoch the best.
    log : EpochLog
    weights : Path
        Of the epoch that is kept: the best one, or the last.
    state : Path
        Checkpoint of the last finished epoch.
    events : Path or None
        TensorBoard's folder, where it is wanted.
    on_epoch : callable or None
        Is told each finished epoch, from 1, and the first figure it has on val; may end training by raising.
    """

    name: str
    epochs: int
    monitor: str
    log: EpochLog
    weights: Path
    state: Path
    events: Path | None = None
    on_epoch: Callable[[int, float], None] | None = None

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return -1 if self.monitor == "val_loss" else 1


def save_weights(model: Any, path: Path) -> None:
    """Write weights so that a kill in between leaves the file that was there."""
    with whole_file(path) as partial:
        model.save_weights(partial)


def phase_callbacks(
    model: Any,
    plan: FitRecipe,
    phase: Phase,
    start: Checkpoint,
    *,
    score: Callable[[], Mapping[str, float]],
    baseline: float | None,
    show: Callable[[str], None],
) -> list[Any]:
    """Keras callbacks, in the order they must run: the score is measured first, the others read it.

    Parameters
    ----------
    model : keras.Model
        Shares its layers with the one that is trained, and is not compiled, so that its weights are saved
        without an optimizer's state.
    plan : FitRecipe
    phase : Phase
    start : Checkpoint
        What was reached before.
    score : callable
        What the weights reach on val, by column of the log; the first is told to ``on_epoch``.
    baseline : float or None
        Value of the monitored column that the first epochs must beat.
    show : callable
        Is told each finished epoch.
    """
    import keras

    mode = "min" if phase.sign < 0 else "max"
    tuned = phase.name == "fine_tune"
    # the averaged weights are swapped in first, so that they are what is measured and kept
    averaged = tuned and plan.ema_momentum > 0
    counting = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True), _own_arrays()] if averaged else []
    measured = [_finite(phase), _measure(phase, score, show), _keep(model, plan, phase, baseline)]
    slow = keras.callbacks.ReduceLROnPlateau(
        monitor=phase.monitor,
        mode=mode,
        factor=plan.plateau_factor,
        patience=plan.plateau_patience,
        min_lr=plan.plateau_min_learning_rate,
    )
    stop = keras.callbacks.EarlyStopping(
        phase.monitor, mode=mode, patience=plan.patience, baseline=baseline, min_delta=plan.min_delta
    )
    slows = plan.slows_on_plateau if tuned else bool(plan.plateau)
    counting += [*measured, *([slow] if slows else []), stop]
    board = (
        [keras.callbacks.TensorBoard(phase.events / phase.name, write_graph=False)] if phase.events else []
    )
    told = [_tell(phase.on_epoch, measured[1])] if phase.on_epoch else []
    return [*counting, *board, checkpoint_callback(phase.state, start, counting), *told]


def _own_arrays() -> Any:
    import keras

    def copy_all(*_: Any) -> None:
        # after the last epoch SwapEMAWeights lets the running mean share the weights' arrays, and JAX gives
        # the arrays of weights away with every call
        for variable in callback.model.optimizer.variables if keras.backend.backend() == "jax" else ():
            variable.assign(keras.ops.copy(variable))

    callback = keras.callbacks.LambdaCallback(on_epoch_end=copy_all)
    return callback


def _finite(phase: Phase) -> Any:
    import keras

    class Finite(keras.callbacks.Callback):  # type: ignore[misc]
        """Ends training at the first loss that is not a number, before anything of it is kept."""

        epoch = 0

        def on_epoch_begin(self, epoch: int, *_: Any) -> None:
            self.epoch = epoch

        def on_train_batch_end(self, _: int, logs: Any = None) -> None:
            self.check((logs or {}).get("loss", 0.0), "loss")

        def on_epoch_end(self, _: int, logs: Any = None) -> None:
            self.check((logs or {}).get("val_loss", 0.0), "val_loss")

        def check(self, loss: float, name: str) -> None:
            if not math.isfinite(loss):
                raise TrainingError(
                    f"The loss must stay finite; {name} became {float(loss)} in epoch {self.epoch + 1} of "
                    f"the phase {phase.name!r}.",
                    remedy="Lower the learning rate in the recipe, and give another --run-folder.",
                )

    return Finite()


def _measure(phase: Phase, score: Callable[[], Mapping[str, float]], show: Callable[[str], None]) -> Any:
    import keras

    class Measure(keras.callbacks.Callback):  # type: ignore[misc]
        """Adds what val says to the epoch's figures, and logs them."""

        begun = 0.0
        reached: Mapping[str, float]

        def on_epoch_begin(self, *_: Any) -> None:
            self.begun = time.monotonic()

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            figures = logs if logs is not None else {}
            self.reached = score()
            figures.update(self.reached)
            figures["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
            seconds = round(time.monotonic() - self.begun, 3)
            phase.log.append({"epoch": epoch, "phase": phase.name, **figures, "seconds": seconds})
            told = [name for name in ("loss", "val_loss", *self.reached) if name in figures]
            words = " ".join(f"{name} {figures[name]:.4f}" for name in told)
            logger.info("%s epoch %d %s", phase.name, epoch + 1, words)
            show(words)

    return Measure()


def _keep(model: Any, plan: FitRecipe, phase: Phase, baseline: float | None) -> Any:
    import keras

    class Keep(keras.callbacks.Callback):  # type: ignore[misc]
        """Writes the weights of the epoch that will be kept; epochs count from 1."""

        best = baseline
        best_epoch = 0

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            value = float((logs or {})[phase.monitor])
            better = self.best is None or phase.sign * (value - self.best) > 0
            if better or not plan.restore_best:
                self.best, self.best_epoch = value, epoch + 1
                save_weights(model, phase.weights)

    return Keep()


def _tell(on_epoch: Callable[[int, float], None], measured: Any) -> Any:
    import keras

    def tell(epoch: int, *_: Any) -> None:
        on_epoch(epoch + 1, float(next(iter(measured.reached.values()))))

    return keras.callbacks.LambdaCallback(on_epoch_end=tell)
