"""Records of a recipe that an earlier version wrote: in them, entries are missing that were added since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined, to_jsonable_python

from training.recipe.sections import Recipe
from training.recipe.segmenter import SegmenterRecipe


def with_entries_since(made: Mapping[str, object], recipe: Recipe | SegmenterRecipe) -> dict[str, object]:
    """A flat record, and for each entry that the recipe has beside it that entry's default.

    An entry that is added to recipes gets the default by which a model comes out as before; so it is what
    the earlier run did.

    Parameters
    ----------
    made : mapping of str to object
        What :meth:`Recipe.flat` gave when the record was written, ``section.name`` -> value.
    recipe : Recipe or SegmenterRecipe
        Of now. Its own values are not taken.

    Returns
    -------
    dict of str to object
        The record, and defaults as they stand in JSON. An entry without a default stays missing.
    """
    whole = dict(made)
    for name in recipe.flat().keys() - made.keys():
        default = _default(recipe, name.split("."))
        if default is not PydanticUndefined:
            whole[name] = to_jsonable_python(default)
    return whole


def _default(recipe: Recipe | SegmenterRecipe, path: list[str]) -> Any:
    node: Any = recipe
    for name in path[:-1]:
        # collections of a segmenter are a table by name
        node = node[name] if isinstance(node, Mapping) else getattr(node, name)
    if isinstance(node, BaseModel):
        return type(node).model_fields[path[-1]].get_default(call_default_factory=True)
    # how films are prepared is a dataclass of the app, with a default for every entry
    return getattr(type(node)(), path[-1])
