"""``bundle.json`` of a segmenter: a tool of the app, not a reading, so it has no labels and no thresholds."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from pydantic import Field, PositiveInt, field_validator, model_validator

from cxr_dash.domain import LocalisedText, PreparationSpec, SideRule
from cxr_dash.imaging import SIDE_GRID
from cxr_dash.inference.schema import SCHEMA_VERSION, Source, TrainingRecord
from cxr_dash.inference.schema_checks import check_preparation, name_first_version
from cxr_dash.inference.schema_figures import Frozen, Interval, Key, Probability, Sha256, Worded

SEGMENTER: Final = "segmenter"
Structure = Literal["lungs", "heart"]


class RatioMetrics(Frozen):
    """How far cardiothoracic ratios of outlines lie from people's."""

    films: int = Field(description="With a ratio by people.")
    measured: int = Field(description="On which the segmenter's outlines gave one too.")
    error: Interval = Field(description="Mean of the distances; the interval is over patients.")
    bias: Interval = Field(description="Mean of the differences, its own less people's.")
    largest: float = Field(description="Largest distance.")
    by_source: dict[str, Interval] = Field(default_factory=dict, description="Mean of the distances.")


class HeartMetrics(Frozen):
    """How well outlines of the heart agree with what people drew, on the films that have such a mask."""

    films: int
    patients: int
    dice: Interval = Field(description="Mean over films; the interval is over patients.")
    lowest: Probability
    by_source: dict[str, Interval] = Field(default_factory=dict)
    ratio: RatioMetrics | None = None


class SideMetrics(Frozen):
    """How often a film is said to seem mirrored: one collection as it is, and flipped by hand."""

    collection: str
    split: str
    films: int
    told: int = Field(description="As they are: heart and lungs found well enough to tell a side.")
    flipped: Interval = Field(description="Share of all, flipped, that is said; Wilson's interval.")
    others: Interval = Field(description="Share of all, as they are, that is said.")


class SideSpec(Frozen):
    """How a mirrored film is told; see :class:`cxr_dash.domain.SideRule`."""

    lungs: list[list[float]] = Field(description="Weights of the left half, 16 rows of 8.")
    heart: list[list[float]]
    film: list[list[float]] | None = Field(
        None, description="Of the ranks of the film's cells; none: outlines alone."
    )
    said_below: float = Field(description="Logit below which a film is said to seem mirrored.")
    fitted_on: str = ""

    @field_validator("lungs", "heart", "film")
    @classmethod
    def _half_a_grid(cls, weights: list[list[float]] | None) -> list[list[float]] | None:
        if weights is None:
            return None
        if len(weights) != SIDE_GRID or any(len(row) != SIDE_GRID // 2 for row in weights):
            raise ValueError(f"`side` must have {SIDE_GRID} rows of {SIDE_GRID // 2} weights")
        return weights

    @property
    def rule(self) -> SideRule:
        """The same for use."""
        planes = [self.lungs, self.heart, *([self.film] if self.film else [])]
        return SideRule(np.array(planes, np.float32), self.said_below)


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
    heart: HeartMetrics | None = None


class SegmenterSpec(Worded):
    """The whole of ``bundle.json`` of a segmenter."""

    schema_version: Literal[1, 3, 4] = SCHEMA_VERSION
    kind: Literal["segmenter"]
    id: Key
    version: str
    title: LocalisedText
    trained_on: LocalisedText
    preparation: PreparationSpec
    grid: tuple[PositiveInt, PositiveInt] = Field(description="Rows and columns of the answer.")
    structures: list[Structure] = Field(
        ["lungs"], min_length=1, description="What is drawn, one channel each; lungs are always among them."
    )
    metrics: list[MaskMetrics]
    sides: list[SideMetrics] = Field(default_factory=list)
    side: SideSpec | None = None
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

    @field_validator("structures")
    @classmethod
    def _lungs_are_drawn(cls, structures: list[Structure]) -> list[Structure]:
        if "lungs" not in structures or len(set(structures)) != len(structures):
            raise ValueError(f"`structures` must be different ones, lungs among them; received {structures}")
        return structures

    @field_validator("preparation")
    @classmethod
    def _preparation_makes_sense(cls, preparation: PreparationSpec) -> PreparationSpec:
        if check_preparation(preparation).region != "film" or preparation.straighten:
            raise ValueError(
                "a segmenter looks for the lungs: its own `region` must be film, its `straighten` false"
            )
        return preparation
