"""The recipe of a segmenter: one network that says of every pixel whether it is lung."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cxr_dash.domain import PreparationSpec
from training.recipe.card import CardRecipe, SourceText
from training.recipe.fitting import AugmentRecipe, FitRecipe, Fraction, Frozen
from training.recipe.sections import Sizes, Value

SEGMENTER = "segmenter"


class MaskDataRecipe(Frozen):
    """Which films and masks, and how much of them decides and measures; the rest trains."""

    manifest: str = Field(
        description="CSV with image, mask, patient_id, source and behind_heart; relative to the data folder."
    )
    val: float = Field(0.15, gt=0, lt=1)
    test: float = Field(0.15, gt=0, lt=1)

    @model_validator(mode="after")
    def _rest_trains(self) -> MaskDataRecipe:
        if self.val + self.test >= 1:
            raise ValueError(f"`data.val` and `data.test` must leave films to train on; received {self}")
        return self


class SegmenterNetworkRecipe(Frozen):
    """A U-Net: MobileNetV2 up to its last inverted residual, and a light decoder."""

    name: Literal["mobilenet_v2"] = "mobilenet_v2"
    decoder: Sizes = Field(
        [128, 96, 64, 32], min_length=4, max_length=4, description="Filters at 1/16, 1/8, 1/4, 1/2 size."
    )
    frozen_until: str | None = Field(
        None,
        description="Encoder layers up to this one keep their weights: edges are edges in every picture.",
    )
    encoder_batch_norm: Literal["frozen", "trained"] = "frozen"
    dropout: Fraction = Field(0.1, description="Whole feature maps, before the last convolution.")


class SegmenterFitRecipe(Frozen):
    """One phase of AdamW down a cosine; the epoch with the best Dice on val is kept."""

    batch_size: int = Field(16, ge=1)
    epochs: int = Field(40, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    clip_norm: float = Field(1.0, ge=0)
    ema_momentum: Fraction = Field(0.98, description="Of the running mean of the weights; 0: none.")
    warmup_epochs: float = Field(1.0, ge=0)
    final_learning_rate: Fraction = 0.02
    dice_weight: float = Field(1.0, ge=0, description="Of soft Dice, beside cross-entropy.")

    @property
    def plan(self) -> FitRecipe:
        """The same as the second phase of a classifier, whose optimizer and schedule are shared."""
        return FitRecipe(
            batch_size=self.batch_size,
            fine_tune_epochs=self.epochs,
            fine_tune_learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            clip_norm=self.clip_norm,
            ema_momentum=self.ema_momentum,
            schedule="cosine",
            warmup_epochs=self.warmup_epochs,
            final_learning_rate=self.final_learning_rate,
        )


class MaskAugmentRecipe(AugmentRecipe):
    """What else happens to bedside films. The mask follows whatever moves the film.

    ``flip_probability`` is allowed here: the lungs are nearly symmetric, and a mask of both says nothing of
    situs.
    """

    shrink_probability: Fraction = Field(
        0.0, description="How often a film is shrunk by 2 or 4 and enlarged again: uploads may be small."
    )
    marker_probability: Fraction = Field(0.0, description="How often bright letters are pasted, each of two.")
    wire_probability: Fraction = Field(0.0, description="How often a tube or wire is drawn, each of three.")
    opacity_probability: Fraction = Field(
        0.0,
        description="How often a soft bright patch is laid over the film, each of two: sick lung is lung.",
    )
    opacity: float = Field(90.0, ge=0, le=255, description="Brightest such patch, grey levels.")


class SegmenterRecipe(Frozen):
    """One whole recipe of a segmenter; ``id`` is also the id of the bundle it makes."""

    kind: Literal["segmenter"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    seed: int = 0
    data: MaskDataRecipe
    preparation: PreparationSpec = PreparationSpec()
    network: SegmenterNetworkRecipe = SegmenterNetworkRecipe()
    fit: SegmenterFitRecipe = SegmenterFitRecipe()
    augment: MaskAugmentRecipe = MaskAugmentRecipe()
    card: CardRecipe
    sources: dict[str, SourceText]

    @model_validator(mode="after")
    def _size_halves(self) -> SegmenterRecipe:
        size = (self.preparation.height, self.preparation.width)
        if any(side % 32 for side in size):
            raise ValueError(f"`preparation` must be of sides that 32 divides; received {size}")
        return self

    def flat(self) -> dict[str, Value]:
        """Every entry that decides about the weights, as ``section.name``; the texts are left out."""
        flat: dict[str, Value] = {}
        for name, value in self.model_dump(mode="json", exclude={"card", "sources"}).items():
            if isinstance(value, dict):
                flat |= {f"{name}.{inner}": entry for inner, entry in value.items()}
            else:
                flat[name] = value
        return flat
