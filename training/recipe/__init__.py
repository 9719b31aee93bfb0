"""A recipe: everything that decides how a model comes out, in one frozen, checked table."""

from training.recipe.card import CardRecipe, SourceText
from training.recipe.ensemble import ENSEMBLE, FEATURES_LAYER, EnsembleRecipe
from training.recipe.fitting import AugmentRecipe, FitRecipe, Precision
from training.recipe.further import FurtherFilms
from training.recipe.load import RECIPES, load_any, load_recipe, recipe_names
from training.recipe.network import NetworkRecipe
from training.recipe.sections import DataRecipe, Recipe
from training.recipe.segmenter import SegmenterRecipe
from training.recipe.shapes import covering, shapes_of
from training.recipe.views import ViewsRecipe

__all__ = [
    "ENSEMBLE",
    "FEATURES_LAYER",
    "RECIPES",
    "AugmentRecipe",
    "CardRecipe",
    "DataRecipe",
    "EnsembleRecipe",
    "FitRecipe",
    "FurtherFilms",
    "NetworkRecipe",
    "Precision",
    "Recipe",
    "SegmenterRecipe",
    "SourceText",
    "ViewsRecipe",
    "covering",
    "load_any",
    "load_recipe",
    "recipe_names",
    "shapes_of",
]
