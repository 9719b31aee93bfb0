"""The section [network] of a recipe: which network, its head and its sizes, and what of it is trained."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from training.networks.options import Options
from training.networks.registry import NETWORKS
from training.recipe.fitting import Fraction, Frozen

Sizes = list[Annotated[int, Field(ge=1)]]


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
    backbone_batch_norm: Literal["frozen", "trained"] = Field(
        "frozen",
        description="Of a backbone with weights: batch norm stays as it is, or is trained.",
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
    hidden_dropout: list[Fraction] | None = Field(
        None, description="Behind each hidden dense layer, one each; all have `dropout` when left out."
    )
    l2: float | None = Field(None, ge=0, description="Penalty on the kernels of all dense layers.")
    hidden_l2: float | None = Field(None, ge=0, description="Of the hidden ones alone, instead.")
    feature_dropout: Fraction | None = Field(None, description="On the last map, before the head.")
    block_dropout: Fraction | None = Field(None, description="In each block; networks of plain blocks only.")
    dropout_first: bool | None = Field(None, description="A block drops out before it pools, not after.")
    last_pooling: bool | None = Field(None, description="Whether the last of plain blocks pools.")
    padding: Literal["same", "valid"] | None = Field(
        None, description="Of convolutions; networks of plain blocks and patch_cnn only."
    )
    input_norm: bool | None = Field(
        None, description="Batch normalisation of the film itself, from scratch only."
    )
    head_filters: Sizes | None = Field(
        None, description="Convolutions of 3 x 3 between a backbone and its hidden layers, with a pooling."
    )
    filters: Sizes | None = Field(None, description="One for each block, from scratch only.")
    kernels: Sizes | None = Field(None, description="One for all blocks or one each, from scratch only.")
    normalisation: Literal["symmetric", "unit", "none", "featurewise"] | None = Field(
        None,
        description="Grey levels to -1..1, to 0..1, as they are, or to the train films' mean and deviation; "
        "a backbone has what its weights were trained with when left out.",
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
