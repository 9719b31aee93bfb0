"""Recipes of every shape run from one end to the other on a drawn miniature of their layout.

Minutes rather than seconds, so `make smoke` runs it and `make test` does not; `make smoke ALL=1` tries every
recipe.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cxr_dash.inference.bundle import SegmenterBundle, load_any
from training.recipe import SegmenterRecipe, covering, recipe_names
from training.recipe import load_any as load_any_recipe
from training.smoke import smoke

pytestmark = pytest.mark.smoke

BUNDLES = Path(__file__).resolve().parents[2] / "models"
# what is shipped, and what the largest of it goes on from: tried whatever their shapes
SHIPPED = {*(path.parent.name for path in BUNDLES.glob("*/bundle.json")), "trunk"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The recipes that between them have every shape; on request all of them."""
    if "name" in metafunc.fixturenames:
        recipes = {name: load_any_recipe(name) for name in recipe_names()}
        few = not metafunc.config.getoption("--every-recipe")
        metafunc.parametrize("name", covering(recipes, always=SHIPPED) if few else tuple(recipes))


def test_the_recipe_trains_and_exports_on_a_miniature_of_its_layout(name, tmp_path):
    recipe = load_any_recipe(name)
    bundle = load_any(smoke(recipe, tmp_path / "smoke").bundle)
    assert bundle.serving_path is not None
    if isinstance(recipe, SegmenterRecipe):
        assert isinstance(bundle, SegmenterBundle)
        assert {split.split for split in bundle.spec.metrics} == {"val", "test"}
        return
    assert bundle.spec.activation == recipe.network.activation
    assert {split.split for split in bundle.spec.metrics} >= {"val", "test"}
