"""Every recipe of the package runs from one end to the other on a drawn miniature of its layout.

Minutes rather than seconds, so `make smoke` runs it and `make test` does not.
"""

from __future__ import annotations

import pytest

from cxr_dash.inference.bundle import SegmenterBundle, load_any
from training.recipe import SegmenterRecipe, recipe_names
from training.recipe import load_any as load_any_recipe
from training.smoke import smoke

pytestmark = pytest.mark.smoke


@pytest.mark.parametrize("name", recipe_names())
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
