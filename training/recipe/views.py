"""The recipe's section [views]: how much of what must not matter is changed from view to view."""

from __future__ import annotations

from pydantic import Field, model_validator

from training.recipe.fitting import Fraction, Frozen


class ViewsRecipe(Frozen):
    """A whole network is trained, and each film of a batch is drawn twice, differently.

    Nothing that is changed here says anything about disease: how the film lay, how it was windowed, shrunk,
    compressed and cut. What the two views of a film answer is pulled together.
    """

    side: int | None = Field(
        None, ge=16, description="Side of the network's films, pixels; the preparation's when left out."
    )
    consistency: float = Field(
        0.1, ge=0, description="Weight of the squared difference of the two views' logits; 0 turns it off."
    )
    map_loss_weight: float = Field(
        0.0, ge=0, description="Above 0: class maps should lie inside the boxes of data.boxes."
    )
    balance_sources: bool = Field(
        True, description="A label is as frequent in each source as in all, so that the source does not tell."
    )
    teachers: list[str] = Field(
        default_factory=list,
        description="Finished runs by name whose mean answer teaches beside the labels; twice counts twice.",
    )
    teacher_weight: Fraction = Field(0.5, description="Of the teachers' answers; the labels have the rest.")
    interpolation: Fraction = Field(
        1.0,
        description="Where the model lies between the weights it began with (0) and came to (1): WiSE-FT.",
    )
    rotation_degrees: float = Field(8.0, ge=0, le=45)
    shift: Fraction = 0.06
    zoom: float = Field(0.12, ge=0, lt=1, description="In and out: 0.1 draws from 0.9 to 1.1.")
    aspect: float = Field(0.12, ge=0, lt=1, description="Width and height drawn apart, by up to this.")
    gamma: float = Field(0.6, ge=0, le=2, description="Largest absolute natural logarithm of the exponent.")
    contrast: float = Field(0.2, ge=0, lt=1)
    brightness: float = Field(20.0, ge=0, le=255, description="Grey levels.")
    tone_probability: Fraction = Field(0.8, description="How often gamma, contrast, brightness change.")
    equalise_probability: Fraction = Field(
        0.15, description="How often levels are equalised, in part or whole."
    )
    clahe_probability: Fraction = Field(0.2, description="How often contrast is equalised locally (CLAHE).")
    shrink_probability: Fraction = Field(
        0.5, description="How often a film loses resolution, by area, by plain sampling, or by blur."
    )
    smallest_side: int = Field(56, ge=16, description="Least side that a film is shrunk to, pixels.")
    jpeg_probability: Fraction = 0.3
    noise: float = Field(5.0, ge=0, le=255, description="Largest standard deviation, grey levels.")
    frame_probability: Fraction = Field(
        0.15, description="How often a frame of one grey lies around the film."
    )
    frame_width: Fraction = Field(0.06, description="Widest frame, of the film's side.")
    marker_probability: Fraction = Field(0.15, description="How often a letter is written near the border.")
    cutout_probability: Fraction = Field(0.15, description="How often a rectangle is hidden.")
    cutout_size: Fraction = 0.3

    @model_validator(mode="after")
    def _cut_out_less_than_all(self) -> ViewsRecipe:
        if self.cutout_probability and self.cutout_size > 0.6:
            raise ValueError(
                f"`views.cutout_size` must be at most 0.6, or nothing is left; received {self.cutout_size:g}"
            )
        return self
