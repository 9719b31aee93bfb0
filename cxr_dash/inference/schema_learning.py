"""How much better a model gets with more patients to learn from."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from cxr_dash.inference.schema_figures import Frozen, Interval


class LearningPoint(Frozen):
    """A head trained on some of the train patients."""

    patients: PositiveInt
    films: PositiveInt
    auroc: Interval = Field(description="Macro AUROC over labels.")


class LearningCurve(Frozen):
    """The same head on the same frozen features, trained on more and more patients."""

    how: str = Field(description="In words: which features and which head.")
    split: str
    points: list[LearningPoint] = Field(min_length=2)
