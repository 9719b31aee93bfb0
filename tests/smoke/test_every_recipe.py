"""Every recipe of the package runs from one end to the other on a drawn miniature of its layout.

Minutes rather than seconds, so `make smoke` runs it and `make test` does not.
"""

from __future__ import annotations

import pytest

from cxr_dash.inference.bundle import load_bundle
from training.recipe import load_recipe, recipe_names
from training.smoke import smoke

pytestmark = pytest.mark.smoke


@pytest.mark.parametrize("name", recipe_names())
def test_the_recipe_trains_and_exports_on_a_miniature_of_its_layout(name, tmp_path):
    recipe = load_recipe(name)
    bundle = load_bundle(smoke(recipe, tmp_path / "smoke").bundle)
    assert bundle.serving_path is not None
    assert bundle.spec.activation == recipe.network.activation
    assert {split.split for split in bundle.spec.metrics} >= {"val", "test"}
