"""`make smoke` tries recipes of every shape: what a shape is comes from the recipes themselves."""

from __future__ import annotations

import pytest

from training.recipe import Recipe, covering, load_any, load_recipe, recipe_names, shapes_of
from training.recipe.shapes import family_of, regime_of

RECIPES = {name: load_any(name) for name in recipe_names()}


def test_the_recipes_that_are_tried_have_every_shape_that_any_recipe_has():
    tried = covering(RECIPES, always=["trunk"])
    assert "trunk" in tried
    assert len(set(tried)) == len(tried) < len(RECIPES)
    assert {shape for name in tried for shape in shapes_of(RECIPES[name])} == {
        shape for recipe in RECIPES.values() for shape in shapes_of(recipe)
    }


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("fit.fine_tune_optimizer", '"rmsprop"'),
        ("fit.schedule", '"step"'),
        ("fit.clip_norm", "0"),
        ("network.kernels", "[5]"),
        ("network.hidden_activation", '"tanh"'),
        ("data.sampling", '"oversample"'),
        ("augment.zoom_in", "0.2"),
    ],
)
def test_a_recipe_with_a_choice_that_no_other_makes_is_tried(entry, value):
    some = {name: load_recipe(name) for name in ("quick", "finding-conv3", "covid")}
    odd = load_recipe("quick", {"id": "odd", entry: value})
    is_new = bool(shapes_of(odd) - shapes_of(some["quick"]))
    # another number is no other shape, unless it turns on what was off
    assert is_new == (entry not in ("network.kernels", "fit.clip_norm"))
    assert ("odd" in covering({**some, "odd": odd}, always=some)) == is_new


def test_texts_and_seeds_are_no_shape():
    other = {"id": "b", "seed": "9", "card.title.en": '"Other"', "data.manifest": '"b/manifest.csv"'}
    assert shapes_of(load_recipe("quick")) == shapes_of(load_recipe("quick", other))


@pytest.mark.parametrize(
    ("name", "family", "regime"),
    [
        ("quick", "small_cnn", "everything on films augmented"),
        ("findings-vote", "ensemble", "vote"),
        ("finding-mobilenet-frozen", "MobileNet", "head on films as they are"),
        ("gate", "MobileNetV", "head and last layers on films augmented"),
        ("trunk", "MobileNet", "everything on films as views"),
    ],
)
def test_family_and_regime_are_named_from_what_is_trained(name, family, regime):
    recipe = RECIPES[name]
    assert isinstance(recipe, Recipe)
    assert (family_of(recipe), regime_of(recipe)) == (family, regime)
