"""The recipe of a segmenter: one network that says of every pixel whether it is lung, or heart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, cast

from pydantic import Field, model_validator

from cxr_dash.domain import PreparationSpec
from training.recipe.card import CardRecipe, SourceText
from training.recipe.fitting import AugmentRecipe, FitRecipe, Fraction, Frozen, Precision
from training.recipe.network import Sizes
from training.recipe.sections import Value

SEGMENTER = "segmenter"


class MaskCollectionRecipe(Frozen):
    """One collection of films with masks, and how much of it decides and measures; the rest trains."""

    manifest: str = Field(
        description="CSV with image (or path), mask, patient_id and source; relative to the data folder. "
        "Columns heart, behind_heart and cardiothoracic_ratio are read where there are some."
    )
    val: float = Field(0.15, gt=0, lt=1)
    test: float = Field(0.15, gt=0, lt=1)
    behind_heart: Literal["included", "excluded", "partly"] = Field(
        "excluded",
        description="What became of the lung that the heart hides, where the manifest does not say so.",
    )

    @model_validator(mode="after")
    def _rest_trains(self) -> MaskCollectionRecipe:
        if self.val + self.test >= 1:
            raise ValueError(f"`data` must leave films of every collection to train on; received {self}")
        return self


class SideFilms(Frozen):
    """Films that teach how a mirrored one looks, as they are and flipped; none of them has a mask."""

    manifest: str = Field(
        description="CSV with path (or image) and split (train, val, test); relative to the data folder."
    )
    teaches: bool = Field(True, description="Off: counted alone, as where films came mirrored themselves.")
    train: int = Field(2000, ge=1, description="Films at most, evenly over the manifest's rows.")
    val: int = Field(700, ge=1)
    test: int = Field(240, ge=1)

    def most(self, split: str) -> int:
        """How many films of a split are asked at most."""
        return {"train": self.train, "val": self.val, "test": self.test}[split]


Collections = dict[str, MaskCollectionRecipe]


def collections_of(flat: Mapping[str, object]) -> Collections:
    """The collections that a bundle's record of its recipe names: ``data.<collection>.<entry>``.

    A record of before there were several has the entries of its one collection as ``data.<entry>``.
    """
    tables: dict[str, dict[str, object]] = {}
    for key, value in flat.items():
        section, *names = key.split(".")
        if section == "data":
            *collection, entry = names
            tables.setdefault(".".join(collection) or "lungs", {})[entry] = value
    return {name: MaskCollectionRecipe.model_validate(table) for name, table in tables.items()}


class SegmenterNetworkRecipe(Frozen):
    """A U-Net: an encoder without its head, and a light decoder."""

    name: Literal["mobilenet_v2", "mobilenet"] = Field(
        "mobilenet_v2",
        description="Encoder; mobilenet has no last halving, as the trunk of other bundles' heads has it.",
    )
    structures: list[Literal["lungs", "heart"]] = Field(
        ["lungs"], min_length=1, max_length=2, description="What is drawn, one channel each."
    )
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
    """One phase of AdamW down a cosine; the epoch with the best Dice on val, mean of structures, is kept."""

    batch_size: int = Field(16, ge=1)
    epochs: int = Field(40, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    clip_norm: float = Field(1.0, ge=0)
    ema_momentum: Fraction = Field(0.98, description="Of the running mean of the weights; 0: none.")
    warmup_epochs: float = Field(1.0, ge=0)
    final_learning_rate: Fraction = 0.02
    precision: Precision = Field(
        "float32",
        description="What layers compute in while they are trained; the model that is kept is float32.",
    )
    dice_weight: float = Field(1.0, ge=0, description="Of soft Dice, beside cross-entropy.")
    heart_repeats: int = Field(
        1, ge=1, description="How often an epoch shows a film whose heart was drawn: few were."
    )

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
            precision=self.precision,
            # the whole cosine is gone down, whatever val says
            patience=self.epochs,
        )


class MaskAugmentRecipe(AugmentRecipe):
    """What else happens to bedside films. The mask follows whatever moves the film.

    ``flip_probability`` is wanted here: a network that saw hearts on one side alone would draw every heart
    there, and a mirrored film would never be told.
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
    data: Collections = Field(min_length=1)
    preparation: PreparationSpec = PreparationSpec()
    network: SegmenterNetworkRecipe = SegmenterNetworkRecipe()
    fit: SegmenterFitRecipe = SegmenterFitRecipe()
    augment: MaskAugmentRecipe = MaskAugmentRecipe()
    card: CardRecipe
    sources: dict[str, SourceText]
    sides: dict[str, SideFilms] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _size_halves(self) -> SegmenterRecipe:
        size = (self.preparation.height, self.preparation.width)
        if any(side % 32 for side in size):
            raise ValueError(f"`preparation` must be of sides that 32 divides; received {size}")
        return self

    def flat(self) -> dict[str, Value]:
        """Every entry that decides about the weights, as ``section.name``; the texts are left out."""
        flat: dict[str, Value] = {}
        for name, value in self.model_dump(mode="json", exclude={"card", "sources", "sides"}).items():
            flat |= _flat(name, value)
        return flat


def _flat(name: str, value: object) -> dict[str, Value]:
    if not isinstance(value, dict):
        return {name: cast(Value, value)}
    return {key: entry for inner in value for key, entry in _flat(f"{name}.{inner}", value[inner]).items()}
