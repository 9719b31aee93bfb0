"""The entries of a recipe, section by section, with their ranges; an unknown or misspelt one is an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from cxr_dash.domain import Label, LocalisedText, PreparationSpec
from training.labels import KEY, LABELS
from training.networks.heads import HEAD_MAP
from training.networks.registry import NETWORKS
from training.recipe.card import CardRecipe, SourceText, now_written
from training.recipe.ensemble import ENSEMBLE, FEATURES_LAYER, EnsembleRecipe
from training.recipe.fitting import AugmentRecipe, FitRecipe, Frozen
from training.recipe.further import FurtherFilms, TornPatients
from training.recipe.network import NetworkRecipe
from training.recipe.views import ViewsRecipe

Value = str | int | float | bool | None | list[str] | list[int] | list[float]


# what decides nothing about the weights
_TEXTS = {"card", "sources", "reproduces", "labels", "changed"}


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
    leave_out: list[Annotated[str, Field(pattern=r"^[^=]+=")]] = Field(
        [],
        description="`column=value` of the manifest: such rows are left out, with their patients' films.",
    )
    torn_patients: TornPatients = Field(
        "refuse",
        description="What becomes of patients whose films the publisher put into several splits; with "
        "`train_gives_way` those of test stay, or else those of val, and the others are left out.",
    )

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
    accept: list[Literal["films", "copies", "sources", "files"]] = Field(
        [], description="Faults that `check` finds and that are known and accepted here; say why."
    )
    gate_manifest: str | None = Field(None, description="Non-films for the out-of-distribution thresholds.")
    gate_warn_only: list[str] = Field([], description="Kinds in it that call for a warning, not for refusal.")
    other_manifests: list[str] = Field([], description="More real chest films that the gate must let pass.")

    @model_validator(mode="after")
    def _known(self) -> DataRecipe:
        wanted = [*self.labels, *([self.any_label] if self.any_label else []), *self.auxiliary]
        # whether each is known or defined is for the recipe to say: a bundle keeps its names elsewhere
        if not all(map(KEY.fullmatch, wanted)) or len(set(wanted)) != len(wanted) or not wanted:
            raise ValueError(f"`labels` must be unique keys, lower case; received {wanted}")
        return self

    @field_validator("gate_manifest", "boxes", "any_label", "negative_label", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        """TOML has no null: an empty text takes back what a recipe extends."""
        return None if value == "" else value


class Recipe(Frozen):
    """One whole recipe; ``id`` is also the id of the bundle it makes."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    seed: int = 0
    reproduces: list[str] = Field(
        default_factory=list,
        description='Models of studies that it is built as, "study/row" of studies.toml.',
    )
    data: DataRecipe
    preparation: PreparationSpec = PreparationSpec()
    network: NetworkRecipe
    fit: FitRecipe = FitRecipe()
    augment: AugmentRecipe = AugmentRecipe()
    views: ViewsRecipe | None = None
    ensemble: EnsembleRecipe | None = None
    card: CardRecipe
    sources: dict[str, SourceText]
    labels: dict[str, LocalisedText] = Field(
        default_factory=dict,
        description="Names of labels of its own, by key: those that are not in training/labels.py.",
    )
    changed: list[str] = Field(
        default_factory=list, description="Entries that --set changed; written by the command itself."
    )

    @property
    def names(self) -> dict[str, Label]:
        """Every label it may have, by key, with its names for people."""
        return {**LABELS, **{key: Label(key, name) for key, name in self.labels.items()}}

    @field_validator("changed")
    @classmethod
    def _called_as_now(cls, changed: list[str]) -> list[str]:
        return [now_written(entry) for entry in changed]

    @model_validator(mode="after")
    def _labels_have_names(self) -> Recipe:
        data = self.data
        wanted = [*data.labels, *([data.any_label] if data.any_label else []), *data.auxiliary]
        unknown = [key for key in wanted if key not in self.names]
        if unknown:
            raise ValueError(
                f"`data.labels` must be of {', '.join(self.names)}; received {unknown[0]!r}. A new label "
                f"needs a section [labels.{unknown[0]}] with `en`, `es`"
            )
        twice = sorted(self.labels.keys() & LABELS.keys())
        wrong = [key for key in self.labels if not KEY.fullmatch(key)]
        if twice or wrong:
            raise ValueError(
                f"`labels` must be new keys, lower case; received {[*twice, *wrong][0]!r}, which is "
                f"{'known already' if twice else 'none'}"
            )
        return self

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
        if (
            self.views is not None
            and self.head_only
            and (self.views.teachers or self.views.interpolation < 1.0)
        ):
            raise ValueError("`views.teachers` and `interpolation` need more than the head to be trained")
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
        if self.network.head_filters:
            return HEAD_MAP
        return FEATURES_LAYER if self.ensemble else NETWORKS[self.network.name].cam_layer

    def flat(self) -> dict[str, Value]:
        """Every entry that decides about the weights, as ``section.name``; the texts are left out."""
        dumped = self.model_dump(mode="json", exclude=_TEXTS)
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
