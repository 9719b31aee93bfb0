"""What a run logged epoch by epoch, carried by the bundle that was made of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from cxr_dash.inference.schema_figures import Frozen, Key


class TrainedPhase(Frozen):
    """One phase of training: the head alone, or the layers above the cut too."""

    name: Literal["head", "fine_tune"]
    epochs: PositiveInt
    kept: NonNegativeInt = Field(description="The epoch whose weights went on, from 1; 0: no epoch's.")
    figures: dict[Key, list[float | None]] = Field(
        description="By column of the log, a value an epoch; null where the epoch has no number."
    )

    @model_validator(mode="after")
    def _one_value_an_epoch(self) -> TrainedPhase:
        if self.kept > self.epochs:
            raise ValueError(f"`kept` must be one of {self.epochs} epochs; received {self.kept}")
        for column, values in self.figures.items():
            if len(values) != self.epochs:
                raise ValueError(f"`{column}` must have {self.epochs} values; received {len(values)}")
        return self


class TrainingLog(Frozen):
    """The phases in the order they were trained in."""

    phases: list[TrainedPhase] = Field(min_length=1)
