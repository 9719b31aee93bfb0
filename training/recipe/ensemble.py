"""The ``[ensemble]`` section: several finished models as one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ENSEMBLE = "ensemble"
FEATURES_LAYER = "features"

Rates = Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)]
Penalties = Annotated[list[Annotated[float, Field(ge=0)]], Field(min_length=1)]
Dropouts = Annotated[list[Annotated[float, Field(ge=0, lt=1)]], Field(min_length=1)]


class EnsembleRecipe(BaseModel):
    """Which finished models, and how they become one; goes with ``network.name = "ensemble"``.

    A member is the name of a recipe, whose run is looked up beside the ensemble's own run folder, or the path
    of a run folder or of a bundle.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["vote", "stack"]
    members: list[str] = Field(min_length=2)
    weights: Literal["equal", "val"] | list[Annotated[float, Field(gt=0)]] = Field(
        "equal", description="How much each member counts: all alike, chosen on val, or as given."
    )
    start: Literal["members", "zero"] = Field(
        "members", description="Stack: what the head starts from; `zero` forgets the members' own heads."
    )
    # every combination is tried, in seconds each, and the best on val is kept
    l2: Penalties = [1e-3, 1e-2, 1e-1]
    dropout: Dropouts = [0.0, 0.3]
    learning_rate: Rates = [1e-4, 1e-3]

    @model_validator(mode="after")
    def _one_weight_each(self) -> EnsembleRecipe:
        if isinstance(self.weights, list) and len(self.weights) != len(self.members):
            raise ValueError(f"`weights` must be one per member; received {self.weights}")
        if len(set(self.members)) != len(self.members):
            raise ValueError(f"`members` must be different; received {self.members}")
        return self
