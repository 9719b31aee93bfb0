"""How the training films look, so that a film in another tone can be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveFloat, field_validator, model_validator

from cxr_dash.imaging.tone import TONE_MEASURES
from cxr_dash.inference.schema_figures import Frozen, Key

Measures = Annotated[list[float], Field(min_length=TONE_MEASURES, max_length=TONE_MEASURES)]


class ToneDirection(Frozen):
    """Where one kind of change moves the measures of a film: unusual is what lies farther than ``limit``.

    ``weights @ ((measures - mean) / scale)`` with the mean and scale of :class:`Tone`.
    """

    key: Key
    weights: Measures
    limit: float


class Tone(Frozen):
    """The training films' measures (``imaging.measure_tone``), and what is unlike them."""

    mean: Measures
    scale: Measures
    directions: list[ToneDirection] = Field(min_length=1)
    most_uneven_gaps: PositiveFloat = Field(
        le=1.0, description="More of `imaging.uneven_gaps` is a tone curve over rounded levels."
    )
    fitted_on: str
    measured: str = Field(description="In words: how many films as they are and changed ones are told.")

    @field_validator("scale")
    @classmethod
    def _above_nought(cls, scale: list[float]) -> list[float]:
        if not all(value > 0.0 for value in scale):
            raise ValueError("`scale` of the tone must be above 0")
        return scale

    @model_validator(mode="after")
    def _each_once(self) -> Tone:
        keys = [direction.key for direction in self.directions]
        if len(set(keys)) < len(keys):
            raise ValueError(f"`directions` of the tone must differ; received {', '.join(keys)}")
        return self
