"""Recipes of every shape run from one end to the other on a drawn miniature of their layout.

Minutes rather than seconds, so `make smoke` runs it and `make test` does not; `make smoke ALL=1` tries every
recipe.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cxr_dash.inference.bundle import SegmenterBundle, load_any
from training.recipe import Recipe, SegmenterRecipe, covering, recipe_names
from training.recipe import load_any as load_any_recipe
from training.smoke import Tried, smoke

pytestmark = pytest.mark.smoke

BUNDLES = Path(__file__).resolve().parents[2] / "models"
# what is shipped, and what the largest of it goes on from: tried whatever their shapes
SHIPPED = {*(path.parent.name for path in BUNDLES.glob("*/bundle.json")), "trunk"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The recipes that between them have every shape; on request all of them.

    Those that go on from the same others are left to one process, which tries these once (`loadgroup`).
    """
    if "name" in metafunc.fixturenames:
        recipes = {name: load_any_recipe(name) for name in recipe_names()}
        few = not metafunc.config.getoption("--every-recipe")
        chosen = covering(recipes, always=SHIPPED) if few else tuple(recipes)
        bases = {name: _goes_on_from(recipes[name]) for name in chosen}
        trunks = {base for base in bases.values() if base in recipes}
        groups = {name: base or (name if name in trunks else None) for name, base in bases.items()}
        # groups are the longest work of one process; in each, what others go on from comes first
        order = sorted(
            chosen, key=lambda name: (groups[name] is None, groups[name] or "", name not in trunks)
        )
        metafunc.parametrize("name", [pytest.param(name, marks=_marks(groups[name])) for name in order])


def _goes_on_from(recipe: Recipe | SegmenterRecipe) -> str | None:
    if isinstance(recipe, SegmenterRecipe):
        return None
    return "+".join(recipe.ensemble.members) if recipe.ensemble else recipe.network.trunk


def _marks(group: str | None) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xdist_group(group)] if group else []


@pytest.fixture(scope="session")
def tried():
    return Tried()


@pytest.fixture
def folder(request, name, tmp_path, tmp_path_factory):
    """Emptied behind the test, unless others go on from what is in it: all of them together fill a disk."""
    shared = request.node.get_closest_marker("xdist_group") is not None
    return (tmp_path_factory.mktemp(name) if shared else tmp_path) / "smoke"


def test_the_recipe_trains_and_exports_on_a_miniature_of_its_layout(name, tried, folder):
    recipe = load_any_recipe(name)
    bundle = load_any(smoke(recipe, folder, tried).bundle)
    assert bundle.serving_path is not None
    if isinstance(recipe, SegmenterRecipe):
        assert isinstance(bundle, SegmenterBundle)
        assert {split.split for split in bundle.spec.metrics} == {"val", "test"}
        return
    assert bundle.spec.activation == recipe.network.activation
    assert {split.split for split in bundle.spec.metrics} >= {"val", "test"}
