"""Every recipe of the package loads, says what it needs, and its network can be built."""

from __future__ import annotations

import json

import pytest

from training.networks import NETWORKS, build_network, choose_cut, split_at
from training.recipe import RECIPES, Recipe, load_any, load_recipe, recipe_names
from training.smoke import miniature_recipe

pytestmark = pytest.mark.thorough

CLASSIFIERS = [name for name in recipe_names() if isinstance(load_any(name), Recipe)]
SINGLE = [name for name in CLASSIFIERS if load_recipe(name).ensemble is None]


def _networks() -> dict[str, str]:
    """One recipe for each different network, head and regime."""
    found: dict[str, str] = {}
    for name in SINGLE:
        recipe = load_recipe(name)
        found.setdefault(json.dumps(recipe.network.model_dump(), sort_keys=True), name)
    return found


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_opens_with_command_data_cost_and_expected_score(name):
    assert load_any(name).id == name
    header = (RECIPES / f"{name}.toml").read_text(encoding="utf-8").partition("\nid = ")[0]
    header = header.partition("\nkind = ")[0]
    assert all(line.startswith("#") for line in header.splitlines() if line)
    for word in ("Command:", "Data:", "Cost:", "Expected:"):
        assert word in header
    assert "?" not in header


@pytest.mark.parametrize("name", _networks().values())
def test_the_network_of_a_recipe_builds_and_divides_where_it_says(name):
    recipe = miniature_recipe(load_recipe(name))
    network = recipe.network
    model = build_network(
        network.name,
        height=recipe.preparation.height,
        width=recipe.preparation.width,
        labels=3,
        activation=network.activation,
        dropout=network.dropout,
        weights=None,
        options=network.options(),
    )
    assert model.output.shape[-1] == 3
    assert model.get_layer(NETWORKS[network.name].cam_layer).output.shape[1] > 1
    if network.fine_tune_after:
        assert split_at(model, network.fine_tune_after).tail.trainable_weights
        return
    first = network.unfreeze_from
    if network.unfreeze_last_blocks:
        first = NETWORKS[network.name].cuts[-network.unfreeze_last_blocks]
    if network.unfreeze_last or first:
        cut = choose_cut(model, unfreeze_last=network.unfreeze_last, unfreeze_from=first)
        assert split_at(model, cut).tail.trainable_weights
