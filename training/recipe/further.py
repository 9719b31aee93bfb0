"""The recipe's entries `data.further`: films of more manifests, to train on, or as they came to measure."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import Field, model_validator

from training.recipe.fitting import Frozen

ManifestSplit = Literal["train", "val", "test", "external"]
Split = Literal["train", "val", "test", "natural_val", "natural", "external"]
TornPatients = Literal["refuse", "leave_out", "train_gives_way"]


def _train_alone() -> dict[ManifestSplit, Split]:
    return {"train": "train"}


class FurtherFilms(Frozen):
    """Films of another manifest that train together with the first."""

    manifest: str = Field(description="Path of its manifest.csv, relative to the data folder.")
    splits: list[ManifestSplit] | dict[ManifestSplit, Split] = Field(
        default_factory=_train_alone,
        description="Which of its films take part; as a table, its split to what it is here: "
        "`natural_val`, films as they came, takes calibration and thresholds over from val, and `natural` "
        "is measured beside test. Films of other hospitals, `external`, are only ever measured.",
    )
    weight: float = Field(1.0, gt=0, description="How much each of its films counts, beside the first's.")
    answers: list[str] | None = Field(
        None,
        description="The labels its films say anything about, others are left open; all of data.labels "
        "when left out.",
    )
    rename: dict[str, str] = Field({}, description="Its labels that are read as others.")
    leave_out: dict[str, list[str]] | None = Field(
        None,
        description="Column to values: rows with one of them are left out, with their patients, and patients "
        "that the publisher tore between splits; {} leaves out the latter alone.",
    )
    leave_out_rows: dict[str, list[str]] = Field(
        {}, description="Column to values: such rows alone are left out, and not their patients."
    )
    only_labels: list[str] | None = Field(
        None, description="Take only films with one of these labels, by their names after `rename`."
    )
    most: int | None = Field(
        None,
        ge=1,
        description="At most so many films of each combination of labels (of `only_labels`, if given) and "
        "split, spread evenly over the manifest.",
    )
    source: str | None = Field(
        None,
        description="What the source of its films is called here, where that hospital is in the first "
        "manifest under another name: patients that the first measures on are then left out.",
    )

    @model_validator(mode="after")
    def _open_answers_train_only(self) -> FurtherFilms:
        if self.answers is not None and set(self.here.values()) != {"train"}:
            raise ValueError(
                "films that leave labels open can only train: nothing could be measured on them; "
                f"received splits = {self.splits}"
            )
        return self

    @model_validator(mode="after")
    def _external_is_measured_only(self) -> FurtherFilms:
        if self.here.get("external", "external") != "external":
            raise ValueError(f"films of split external can only be external; received splits = {self.splits}")
        return self

    @property
    def here(self) -> dict[str, str]:
        """The manifest's splits that take part, and what each is here."""
        named = self.splits if isinstance(self.splits, dict) else {name: name for name in self.splits}
        return {str(theirs): str(ours) for theirs, ours in named.items()}

    def learned(self) -> str:
        """What of it training sees, as JSON text; empty where it is only measured on."""
        seen = {theirs: ours for theirs, ours in sorted(self.here.items()) if ours in ("train", "val")}
        table = self.model_dump(mode="json") | {"splits": seen}
        return json.dumps(table, ensure_ascii=False, sort_keys=True) if seen else ""
