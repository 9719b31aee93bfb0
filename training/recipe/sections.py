"""The entries of a recipe, section by section, with their ranges; an unknown or misspelt one is an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from cxr_dash.domain import PreparationSpec
from training.labels import LABELS
from training.networks.options import Options
from training.networks.registry import NETWORKS
from training.recipe.card import CardRecipe, SourceText
from training.recipe.ensemble import ENSEMBLE, FEATURES_LAYER, EnsembleRecipe
from training.recipe.fitting import AugmentRecipe, FitRecipe, Fraction, Frozen
from training.recipe.further import FurtherFilms
from training.recipe.views import ViewsRecipe

Value = str | int | float | bool | None | list[str] | list[int] | list[float]
Sizes = list[Annotated[int, Field(ge=1)]]


class DataRecipe(Frozen):
    """Which films, which labels.

    ``labels`` are candidates, in the order of the logits; for sigmoid models those with fewer than
    ``min_train_films`` / ``min_val_films`` positive films are left out and named on the card.
    """

    manifest: str = Field(description="Path of manifest.csv, relative to the data folder.")
    layout: Literal["manifest", "folders", "nih", "medmnist", "luna16"] = Field(
        "manifest", description="How the collection is published; `import` makes its manifest."
    )
    labels: list[str]
    any_label: str | None = Field(
        None, description="Extra label: positive when a film has any finding at all."
    )
    negative_label: str | None = Field(None, description="Manifest label that means `none of them`.")
    other_films: Literal["keep", "leave_out"] = Field(
        "keep", description="What becomes of films that have none of the labels, in every split."
    )
    auxiliary: list[str] = Field(
        [], description="Labels of further films that are learned beside `labels`, and not answered later."
    )
    further: list[FurtherFilms] = Field([], description="More manifests; only with a section [views].")

    @property
    def learned_further(self) -> list[str]:
        """What training sees of further manifests: those that are only measured on are left out."""
        return [text for text in (entry.learned() for entry in self.further) if text]

    @field_validator("further", mode="before")
    @classmethod
    def _further_as_text(cls, further: Any) -> Any:
        """A bundle keeps each as JSON text: its record of a recipe is flat."""
        if not isinstance(further, list):
            return further
        return [json.loads(entry) if isinstance(entry, str) else entry for entry in further]

    min_train_films: int = Field(1, ge=1)
    min_val_films: int = Field(1, ge=1)
    exclude_train_sources: list[str] = Field([])
    max_train_films_per_source: int | None = None
    sampling: Literal["all", "undersample", "oversample"] = Field(
        "all", description="Drop or repeat train films until every class has the same number."
    )
    boxes: str | None = Field(
        None,
        description="Path of boxes.csv, relative to the data folder, its manifest beside it: what maps are "
        "taught by (map_loss_weight) and measured on.",
    )
    gate_manifest: str | None = Field(None, description="Non-films for the out-of-distribution thresholds.")
    gate_warn_only: list[str] = Field([], description="Kinds in it that call for a warning, not for refusal.")
    other_manifests: list[str] = Field([], description="More real chest films that the gate must let pass.")

    @model_validator(mode="after")
    def _known(self) -> DataRecipe:
        wanted = [*self.labels, *([self.any_label] if self.any_label else []), *self.auxiliary]
        unknown = [key for key in wanted if key not in LABELS]
        if unknown or len(set(wanted)) != len(wanted) or not wanted:
            raise ValueError(f"`labels` must be unique keys of training/labels.py; received {wanted}")
        return self


class NetworkRecipe(Frozen):
    """Which network and where its films change size."""

    name: str
    activation: Literal["sigmoid", "softmax"]
    dropout: Fraction = 0.2
    fine_tune_after: str | None = Field(
        None, description="Layers up to this one stay frozen; its output is cached for the second phase."
    )
    unfreeze_last: int | None = Field(
        None, ge=0, description="Instead: how many of the backbone's last layers are trained."
    )
    unfreeze_from: str | int | None = Field(
        None, description="Instead: first trained layer, by name or number in keras.applications."
    )
    unfreeze_last_blocks: int | None = Field(
        None, ge=1, description="Instead: how many of the blocks between the registry's cuts are trained."
    )
    trunk: str | None = Field(
        None,
        description="Id of the bundle whose backbone is read as it is, so that one run of it answers both; "
        "needs unfreeze_last = 0 and that bundle's model as --weights.",
    )
    half_weights: bool = Field(
        False,
        description="Export with kernels rounded to float16: a saved model of half the bytes. All that is "
        "measured is measured with the rounded ones.",
    )
    # each of the following is the network's own choice when it is left out; see networks.Options
    pooling: Literal["average", "flatten"] | None = None
    pool_size: int | None = Field(None, ge=1, description="Cells averaged before flattening.")
    dense: Sizes | None = Field(None, description="Width of each hidden dense layer.")
    hidden_activation: Literal["relu", "sigmoid", "tanh"] | None = None
    batch_norm: bool | None = Field(None, description="After each hidden dense layer.")
    conv_batch_norm: bool | None = Field(None, description="After each convolution, from scratch only.")
    l2: float | None = Field(None, ge=0, description="Penalty on the kernels of all dense layers.")
    feature_dropout: Fraction | None = Field(None, description="Before the head, from scratch only.")
    filters: Sizes | None = Field(None, description="One for each block, from scratch only.")
    kernels: Sizes | None = Field(None, description="One for all blocks or one each, from scratch only.")
    normalisation: Literal["symmetric", "featurewise"] | None = Field(
        None,
        description="Grey levels to -1..1, or to the train films' mean and deviation; from scratch only.",
    )
    standardise: Literal["film", "local"] | None = Field(
        None, description="Inside the model: every film to one mean and deviation; local: slow shades too."
    )
    enlarge: int | None = Field(
        None, ge=1, le=16, description="Inside the model: small films are enlarged this many times."
    )
    last_stride: Literal[1, 2] | None = Field(
        None, description="1: the last map twice as fine, same weights; mobilenet and mobilenet_v2 only."
    )

    @model_validator(mode="after")
    def _one_cut(self) -> NetworkRecipe:
        given = [self.fine_tune_after, self.unfreeze_last, self.unfreeze_from, self.unfreeze_last_blocks]
        if sum(value is not None for value in given) > 1:
            raise ValueError(
                "only one of fine_tune_after, unfreeze_last, unfreeze_last_blocks and unfreeze_from "
                "may be given"
            )
        blocks = self.unfreeze_last_blocks
        cuts = NETWORKS[self.name].cuts if self.name in NETWORKS else ()
        if blocks is not None and self.name in NETWORKS and blocks > len(cuts):
            raise ValueError(
                f"`unfreeze_last_blocks` must be at most {len(cuts)}, the cuts of {self.name}; "
                f"received {blocks}"
            )
        return self

    @model_validator(mode="after")
    def _trunk_stays_as_it_is(self) -> NetworkRecipe:
        if self.trunk is not None and (self.unfreeze_last != 0 or self.dense or self.pooling == "flatten"):
            raise ValueError(
                '`network.trunk` needs unfreeze_last = 0, pooling "average" and no hidden layer: the head is '
                "one linear layer on the trunk's features"
            )
        return self

    def options(self) -> Options:
        """Head and sizes, where they are not the network's own."""
        chosen: dict[str, Any] = {}
        for field in fields(Options):
            value = getattr(self, field.name)
            chosen[field.name] = tuple(value) if isinstance(value, list) else value
        return Options(**chosen)


class Recipe(Frozen):
    """One whole recipe; ``id`` is also the id of the bundle it makes."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    seed: int = 0
    data: DataRecipe
    preparation: PreparationSpec = PreparationSpec()
    network: NetworkRecipe
    fit: FitRecipe = FitRecipe()
    augment: AugmentRecipe = AugmentRecipe()
    views: ViewsRecipe | None = None
    ensemble: EnsembleRecipe | None = None
    card: CardRecipe
    sources: dict[str, SourceText]

    @model_validator(mode="before")
    @classmethod
    def _size_of_network(cls, table: Any) -> Any:
        """Films are as large as the network was made for, where the recipe gives no size."""
        if not isinstance(table, Mapping) or not isinstance(table.get("network"), Mapping):
            return table
        network = NETWORKS.get(table["network"].get("name"))
        given = table.get("preparation", {})
        if network is None or not isinstance(given, Mapping):
            return table
        size = {"height": network.size, "width": network.size}
        return {**table, "preparation": {**size, **given}}

    @model_validator(mode="after")
    def _loss_fits(self) -> Recipe:
        fits = {"softmax": "binary_cross_entropy", "sigmoid": "categorical_cross_entropy"}
        if self.fit.loss == fits[self.network.activation]:
            raise ValueError(f"`fit.loss` {self.fit.loss!r} does not go with {self.network.activation!r}")
        if self.fit.focal_alpha is not None and (self.fit.loss, self.network.activation) != (
            "focal",
            "sigmoid",
        ):
            raise ValueError("`fit.focal_alpha` must be left out unless the loss is focal, with sigmoid")
        return self

    @model_validator(mode="after")
    def _boxes_for_the_map_loss(self) -> Recipe:
        if self.fit.map_loss_weight and not self.data.boxes:
            raise ValueError("`data.boxes` must name boxes.csv with fit.map_loss_weight; received none")
        return self

    @model_validator(mode="after")
    def _views_of_what(self) -> Recipe:
        if self.data.further and self.views is None:
            raise ValueError(
                "`data.further` needs a section [views]: only there may a film leave labels open"
            )
        if self.views is not None and self.network.activation != "sigmoid" and not self.head_only:
            raise ValueError(
                "[views] needs network.activation 'sigmoid' where more than the head is trained; received "
                "'softmax'"
            )
        if self.head_only and (self.data.auxiliary or any(f.answers is not None for f in self.data.further)):
            raise ValueError(
                "`data.auxiliary` and `answers` need more than the head to be trained on [views]"
            )
        if self.views is not None and self.views.map_loss_weight and not self.data.boxes:
            raise ValueError("`data.boxes` must name boxes.csv with views.map_loss_weight; received none")
        return self

    @model_validator(mode="after")
    def _ensemble_is_named(self) -> Recipe:
        if (self.network.name == ENSEMBLE) != (self.ensemble is not None):
            raise ValueError(f"`network.name` {ENSEMBLE!r} and a section [ensemble] go together")
        return self

    @property
    def head_only(self) -> bool:
        """Whether nothing but the head is trained, on features that are computed once."""
        return self.network.unfreeze_last == 0

    @property
    def cam_layer(self) -> str:
        """The layer of the network whose map is used for heatmaps."""
        return FEATURES_LAYER if self.ensemble else NETWORKS[self.network.name].cam_layer

    def flat(self) -> dict[str, Value]:
        """Every entry that decides about the weights, as ``section.name``; the texts are left out."""
        dumped = self.model_dump(mode="json", exclude={"card", "sources"})
        flat: dict[str, Value] = {}
        for name, value in dumped.items():
            if isinstance(value, dict):
                flat |= {f"{name}.{inner}": entry for inner, entry in value.items()}
            elif name not in {ENSEMBLE, "views"}:  # other networks have no such section
                flat[name] = value
        flat["data.further"] = [
            json.dumps(entry, ensure_ascii=False, sort_keys=True) for entry in dumped["data"]["further"]
        ]
        return flat
