"""The whole state of a training phase after its last finished epoch, in one file.

Keras's ``BackupAndRestore`` keeps weights and optimizer, but neither the state of dropout's random numbers
nor what the other callbacks count, and replaces its two files one after the other. A run that is resumed
from this file goes on as if it had never stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.errors import TrainingError
from training.writing import whole_file

# what a callback counts, by its class; Keras resets these when training begins
_COUNTED = {
    "EarlyStopping": ("best", "wait", "best_epoch", "stopped_epoch"),
    "ReduceLROnPlateau": ("best", "wait", "cooldown_counter"),
    # weights and their running mean are exchanged at the end of every epoch and back at the next one's start
    "SwapEMAWeights": ("_ema_weights_in_model",),
    "Keep": ("best", "best_epoch"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """State after some epochs.

    Attributes
    ----------
    epoch : int
        Epochs that are finished.
    stopped : bool
        Whether training ended before all its epochs.
    counted : mapping
        What each callback counts, by its class.
    arrays : list of ndarray
        Every variable of the model, random states included, then of the optimizer.
    """

    epoch: int = 0
    stopped: bool = False
    counted: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    arrays: list[NDArray[Any]] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write the file, or leave the one that is there as it is: a kill in between does no harm."""
        head = {"epoch": self.epoch, "stopped": self.stopped, "counted": self.counted}
        with whole_file(path) as partial, partial.open("wb") as stream:
            named: dict[str, Any] = {f"{index:05d}": array for index, array in enumerate(self.arrays)}
            np.savez(stream, state=np.array(json.dumps(head)), **named)

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read a file; the beginning where there is none."""
        if not path.is_file():
            return cls()
        with np.load(path) as table:
            head = json.loads(str(table["state"]))
            return cls(**head, arrays=[table[name] for name in sorted(table.files) if name != "state"])

    def restore(self, model: Any) -> None:
        """Give a compiled model and its optimizer the state that is kept here; none at the beginning.

        Raises
        ------
        TrainingError
            When the state is of another model or another optimizer.
        """
        if not self.epoch:
            return
        variables = _variables(model)
        if [tuple(variable.shape) for variable in variables] != [array.shape for array in self.arrays]:
            raise TrainingError(
                "A run must be resumed with the recipe it was begun with; its checkpoint is of another model "
                "or optimizer.",
                remedy="Give the same recipe, or another --run-folder.",
            )
        for variable, array in zip(variables, self.arrays, strict=True):
            variable.assign(array)


def _variables(model: Any) -> list[Any]:
    """Weights, moving statistics and random states of the layers; then the optimizer's variables."""
    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    # the model's own list would hold its metrics too, which come into being with the first batch
    return [variable for layer in model.layers for variable in layer.variables] + list(optimizer.variables)


def checkpoint_callback(path: Path, start: Checkpoint, others: list[Any]) -> Any:
    """A callback that must run last: writes the state after every epoch, and gives ``others`` theirs back."""
    import keras

    class Checkpoints(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_begin(self, *_: Any) -> None:
            for callback in others:
                for name, value in start.counted.get(type(callback).__name__, {}).items():
                    setattr(callback, name, value)

        def on_epoch_end(self, epoch: int, *_: Any) -> None:
            arrays = [keras.ops.convert_to_numpy(variable) for variable in _variables(self.model)]
            counted = {
                type(callback).__name__: {
                    name: _plain(getattr(callback, name)) for name in _COUNTED[type(callback).__name__]
                }
                for callback in others
                if type(callback).__name__ in _COUNTED
            }
            Checkpoint(epoch + 1, bool(self.model.stop_training), counted, arrays).write(path)

    return Checkpoints()


def _plain(value: Any) -> bool | int | float | None:
    """A number as JSON keeps it, exactly."""
    return value if value is None or isinstance(value, bool | int) else float(value)
