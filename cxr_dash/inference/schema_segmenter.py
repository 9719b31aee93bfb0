"""``bundle.json`` of a segmenter: a tool of the app, not a reading, so it has no labels and no thresholds."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from cxr_dash.domain import PreparationSpec
from cxr_dash.inference.schema import SCHEMA_VERSION, Source, TrainingRecord
from cxr_dash.inference.schema_checks import check_preparation, name_first_version
from cxr_dash.inference.schema_figures import Frozen, Interval, Key, Probability, Sha256

SEGMENTER: Final = "segmenter"


class MaskMetrics(Frozen):
    """How well outlines agree with what people drew, on the films of one split, in their own frame."""

    split: str
    films: int
    patients: int
    dice: Interval = Field(description="Mean over films; the interval is over patients.")
    lowest: Probability = Field(description="Dice of the worst film.")
    by_source: dict[str, Interval] = Field(default_factory=dict)
    by_behind_heart: dict[str, Interval] = Field(
        default_factory=dict, description="By what was drawn of the lung that the heart hides."
    )
    outside_heart: Interval | None = Field(
        None, description="Films with a heart mask alone, and only what lies outside it."
    )


class SegmenterSpec(Frozen):
    """The whole of ``bundle.json`` of a segmenter."""

    schema_version: Literal[1, 3] = SCHEMA_VERSION
    kind: Literal["segmenter"]
    id: Key
    version: str
    title_en: str
    title_es: str
    population_en: str
    population_es: str
    preparation: PreparationSpec
    grid: tuple[PositiveInt, PositiveInt] = Field(description="Rows and columns of the answer.")
    metrics: list[MaskMetrics]
    sources: list[Source]
    intended_use: list[str]
    not_for: list[str]
    warnings: list[str]
    training: TrainingRecord
    files: dict[str, Sha256]

    @model_validator(mode="before")
    @classmethod
    def _preparation_has_a_version(cls, raw: object) -> object:
        return name_first_version(raw)

    @field_validator("preparation")
    @classmethod
    def _preparation_makes_sense(cls, preparation: PreparationSpec) -> PreparationSpec:
        if check_preparation(preparation).region != "film" or preparation.straighten:
            raise ValueError(
                "a segmenter looks for the lungs: its own `region` must be film, its `straighten` false"
            )
        return preparation
