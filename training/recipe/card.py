"""The texts of a recipe: what the bundle says about itself, and about the collections it came from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from cxr_dash.domain import LocalisedText
from cxr_dash.inference.schema_population import Population
from cxr_dash.inference.schema_texts import older_entries, texts_in_one_form
from training.recipe.fitting import Frozen

CARD_TEXTS = ("title", "trained_on")


def now_written(entry: str) -> str:
    """The name of a recipe's entry today: ``card.title_en`` of older recipes is ``card.title.en``."""
    for name in CARD_TEXTS:
        for tag, older in older_entries({entry.removeprefix("card."): ""}, name).items():
            if entry == f"card.{older}":
                return f"card.{name}.{tag}"
    return entry


class CardRecipe(Frozen):
    """Texts of the bundle, for people, and what the bundle is for.

    ``title`` and ``trained_on`` (a few words on whom) are by language, ``{ en = "...", es = "..." }``.
    """

    kind: Literal["classifier", "gate"] = Field(
        "classifier", description="What a reader may choose, or the app's own input gate."
    )
    version: str
    title: LocalisedText
    trained_on: LocalisedText
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

    @model_validator(mode="before")
    @classmethod
    def _texts_in_one_form(cls, table: object) -> object:
        """A run of an older version remembers its recipe's texts as that wrote them."""
        return texts_in_one_form(table, CARD_TEXTS)


class SourceText(Frozen):
    """What is known about one collection of films."""

    title: str
    population: str
    licence: str
    attribution: str = ""
