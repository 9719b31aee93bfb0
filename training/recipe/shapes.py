"""Shapes of recipes: a few recipes that between them do everything that any recipe does.

A shape is a choice that a recipe makes (its kind of head, its loss, its layout, ...). What counts as one is
read off the recipe's own entries, so that an entry that is new tomorrow is a shape tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from training.networks import NETWORKS
from training.networks.options import Plan
from training.recipe.load import load_recipe
from training.recipe.sections import Recipe
from training.recipe.segmenter import SegmenterRecipe

# texts, what draws other numbers but runs nothing else, and a rule (sides) that no try has films for
_NO_SHAPE = {"id", "seed", "card", "sources", "reproduces", "labels", "changed", "sides"}
_PARTLY = "last layers"
# a network and its options count as they come out, whether the recipe or the registry gave them
_AS_BUILT = {f"network.{name}" for name in ("name", *Plan.__dataclass_fields__)}


def shapes_of(recipe: Recipe | SegmenterRecipe) -> frozenset[str]:
    """What a recipe does, one ``entry = choice`` each.

    A switch or a named choice counts as it is; of a list, a path or another free text counts whether it is
    there, and of a number whether it is 0 where 0 is what leaves something out. Where code meets, two choices
    count together: what is trained and the answer, the layout of the films and the answer, and which network
    is cut in two. Backbones that are not cut are all alike to training; tests of networks build each.

    Parameters
    ----------
    recipe : Recipe or SegmenterRecipe

    Returns
    -------
    frozenset of str
    """
    found = set(_entries(recipe, ""))
    if isinstance(recipe, SegmenterRecipe):
        return frozenset(found)
    regime, family = regime_of(recipe), family_of(recipe)
    if recipe.ensemble is not None:  # its members' answers, whatever they are, are made one
        return frozenset({*found, f"network = {family}, {regime}"})
    answer = f"{recipe.network.activation} {recipe.fit.loss or 'cross-entropy'}"
    trained, films = regime.split(" on films ")
    found |= {f"answer = {trained}: {answer}", f"films = {films}"}
    found.add(f"layout = {recipe.data.layout}: {answer}")
    if not NETWORKS[recipe.network.name].application:
        found.add(f"network = {family}")
    elif _PARTLY in trained:
        found.add(f"network = {family}, {_PARTLY}")
    plan = recipe.network.options().over(NETWORKS[recipe.network.name].own)
    found |= {f"network.{name} = {_reduced(getattr(plan, name))}" for name in Plan.__dataclass_fields__}
    return frozenset(found)


def regime_of(recipe: Recipe) -> str:
    """What of a network is trained, and on what: words that end in how the films come, if that matters."""
    if recipe.ensemble is not None:
        return recipe.ensemble.kind
    network, fit = recipe.network, recipe.fit
    films = "as views" if recipe.views is not None else "augmented" if fit.copies > 1 else "as they are"
    if not fit.fine_tune_epochs or recipe.head_only:
        trained = "head" if fit.head_epochs else "nothing"
    else:
        cuts = (network.fine_tune_after, network.unfreeze_last, network.unfreeze_from)
        partly = any(cut is not None for cut in (*cuts, network.unfreeze_last_blocks))
        trained = ("head and " if fit.head_epochs else "") + (_PARTLY if partly else "everything")
    return f"{trained} on films {films}"


def family_of(recipe: Recipe) -> str:
    """The network without its depth: networks of one family differ in how often a block is repeated."""
    network = NETWORKS.get(recipe.network.name)
    if network is None or not network.application:
        return recipe.network.name
    return re.sub(r"\d+$", "", network.application)


def covering(
    recipes: Mapping[str, Recipe | SegmenterRecipe], always: Collection[str] = ()
) -> tuple[str, ...]:
    """Few, light recipes that have every shape there is.

    Parameters
    ----------
    recipes : mapping of str to recipe
    always : collection of str
        Names that are taken in any case, where there are such recipes.

    Returns
    -------
    tuple of str
        Names; first those of ``always``, then, again and again, the one with most new shapes for its cost.
    """
    shapes = {name: shapes_of(recipe) for name, recipe in recipes.items()}
    cost = {name: _cost(recipe) for name, recipe in recipes.items()}
    chosen = [name for name in recipes if name in always]
    missing = frozenset().union(*shapes.values()) - frozenset().union(*(shapes[name] for name in chosen))
    while missing:
        best = max(recipes, key=lambda name: (len(shapes[name] & missing) / cost[name], name))
        chosen.append(best)
        missing -= shapes[best]
    return tuple(chosen)


def _cost(recipe: Recipe | SegmenterRecipe) -> float:
    """A try's rough cost, of what starting it costs: deep networks take long to compile."""
    if isinstance(recipe, SegmenterRecipe):
        return 2.0
    if recipe.ensemble is not None:
        return 1.0 + sum(_cost(load_recipe(member)) for member in recipe.ensemble.members)
    network = NETWORKS[recipe.network.name]
    # bytes say little: a DenseNet has few weights in many layers
    depth = int((re.search(r"(?<=DenseNet)\d+", network.application) or [0])[0]) / 30
    return 1.0 + depth + network.parameters / 2e7


def _entries(section: BaseModel, prefix: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        value, key = getattr(section, name), f"{prefix}{name}"
        if name in _NO_SHAPE or key in _AS_BUILT:
            continue
        if isinstance(value, BaseModel):
            yield from _entries(value, f"{key}.")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not field.default:
            yield f"{key} = {_reduced(value, choice=_is_choice(field.annotation))}"


def _reduced(value: Any, *, choice: bool = True) -> str:
    if isinstance(value, bool) or value is None or (choice and isinstance(value, str)):
        return str(value)
    return "given" if value else "none"


def _is_choice(annotation: Any) -> bool:
    """Whether a type names the values it may take."""
    return get_origin(annotation) is Literal or any(_is_choice(inner) for inner in get_args(annotation))
