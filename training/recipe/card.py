"""The texts of a recipe: what the bundle says about itself, and about the collections it came from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cxr_dash.inference.schema_population import Population
from training.recipe.fitting import Frozen


class CardRecipe(Frozen):
    """Texts of the bundle, for people, and what the bundle is for."""

    kind: Literal["classifier", "gate"] = Field(
        "classifier", description="What a reader may choose, or the app's own input gate."
    )
    version: str
    title_en: str
    title_es: str
    population_en: str
    population_es: str
    population: Population | None = Field(
        None,
        description="`age_years` = [youngest, oldest] and `projections`: a known other is not answered for.",
    )
    not_looked_for: list[str] = Field(
        default_factory=list,
        description="Keys of `training/not_looked_for.py`: what a reader may expect and it does not do.",
    )
    default_point: str | None = Field(
        None, description="The operating point in force; chosen by the kind of model when left out."
    )
    intended_use: list[str]
    not_for: list[str]
    warnings: list[str]


class LabelText(Frozen):
    """A label that only this recipe has: how it is called."""

    en: str = Field(min_length=1, description="Its name in English.")
    es: str = Field(min_length=1, description="Its name in Spanish.")


class SourceText(Frozen):
    """What is known about one collection of films."""

    title: str
    population: str
    licence: str
    attribution: str = ""
