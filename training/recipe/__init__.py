"""A recipe: everything that decides how a model comes out, in one frozen, checked table."""

from training.recipe.fitting import AugmentRecipe, FitRecipe
from training.recipe.load import RECIPES, load_recipe, recipe_names
from training.recipe.sections import DataRecipe, NetworkRecipe, Recipe

__all__ = [
    "RECIPES",
    "AugmentRecipe",
    "DataRecipe",
    "FitRecipe",
    "NetworkRecipe",
    "Recipe",
    "load_recipe",
    "recipe_names",
]
