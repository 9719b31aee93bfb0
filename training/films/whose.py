"""Whose films a recipe meets: those it was written for, or somebody's own."""

from __future__ import annotations

from collections.abc import Sequence

from training.films.manifest import Film
from training.films.of_recipe import training_films
from training.recipe import RECIPES, Recipe, load_recipe


def shipped_recipe(recipe: Recipe) -> Recipe | None:
    """The recipe of the same id that comes with the package, as it is today."""
    return load_recipe(recipe.id) if (RECIPES / f"{recipe.id}.toml").is_file() else None


def are_own(recipe: Recipe, films: Sequence[Film]) -> bool:
    """Whether films are of collections that the shipped recipe of the same id does not speak of.

    Parameters
    ----------
    recipe : Recipe
        As it is trained. One that is not shipped speaks of its films itself.
    films : sequence of Film
        All its films.
    """
    shipped = shipped_recipe(recipe)
    if shipped is None:
        return False
    if "data.manifest" in recipe.changed or recipe.data.manifest != shipped.data.manifest:
        return True
    used = [*training_films(films, recipe.data, recipe.seed), *(f for f in films if f.split != "train")]
    return not {film.source for film in used} <= shipped.sources.keys()
