"""Recipes are read strictly: what is misspelt or out of range does not train."""

from __future__ import annotations

import pytest

from cxr_dash.errors import TrainingError
from training.recipe import RECIPES, Recipe, load_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_loads_and_opens_with_command_cost_and_expected_score(name):
    assert load_recipe(name).id == name
    opening = (RECIPES / f"{name}.toml").read_text(encoding="utf-8")[:900]
    for word in ("Command:", "Cost:", "Expected:"):
        assert word in opening


def test_overrides_are_written_as_in_toml():
    recipe = load_recipe(
        "smoke", {"fit.copies": "7", "network.name": "mobilenet_v2", "data.labels": '["mass"]'}
    )
    assert (recipe.fit.copies, recipe.network.name, recipe.data.labels) == (7, "mobilenet_v2", ["mass"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("fit.copys", "7", "fit.copys.*not permitted"),
        ("fit.copies", "0", "fit.copies.*greater than or equal to 1"),
        ("network.activation", "tanh", "network.activation.*'sigmoid' or 'softmax'"),
        ("data.labels", '["oedema"]', "unique keys"),
        ("augment.shift", "1.5", "augment.shift.*less than or equal to 1"),
        ("fit.fine_tune_optimizer", "nadam", "fit.fine_tune_optimizer.*'adamax', 'sgd' or 'rmsprop'"),
        ("fit.momentum", "1.0", "fit.momentum.*less than 1"),
        ("fit.loss", "categorical_cross_entropy", "'categorical_cross_entropy' does not go with 'sigmoid'"),
        ("fit.focal_alpha", "0.25", "focal_alpha` must be left out unless"),
        ("network.unfreeze_last_blocks", "3", "must be at most 0, the cuts of small_cnn; received 3"),
    ],
)
def test_a_wrong_entry_is_refused_by_its_name(key, value, said):
    with pytest.raises(TrainingError, match=said):
        load_recipe("smoke", {key: value})


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"fit.schedule": "cosine", "fit.plateau": "true"}, "`fit.plateau` must be off .* 'cosine'"),
        ({"fit.warmup_epochs": "2", "fit.plateau": "true"}, r"`fit.plateau` must be off .* warmup_epochs 2"),
        ({"fit.nesterov": "true", "fit.momentum": "0"}, "`fit.momentum` must be above 0 with nesterov"),
        ({"fit.schedule": "step", "fit.decay_rate": "1.5"}, "`fit.decay_rate` must be below 1"),
        (
            {"network.unfreeze_last_blocks": "1", "network.unfreeze_last": "5", "network.name": "mobilenet"},
            "only one of",
        ),
    ],
)
def test_entries_that_exclude_one_another_are_refused(entries, said):
    with pytest.raises(TrainingError, match=said):
        load_recipe("smoke", entries)


def test_the_plateau_gives_way_to_a_schedule_unless_it_is_asked_for():
    assert load_recipe("smoke").fit.slows_on_plateau
    assert not load_recipe("smoke", {"fit.schedule": "cosine"}).fit.slows_on_plateau
    assert not load_recipe("smoke", {"fit.plateau": "false"}).fit.slows_on_plateau


def test_an_unknown_recipe_is_refused_with_the_known_ones():
    with pytest.raises(TrainingError, match=r"covid-mobilenetv2, .*findings-mobilenetv2"):
        load_recipe("no-such")


def test_a_recipe_that_is_not_toml_is_refused(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("id = ", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"bad\.toml must be TOML"):
        load_recipe(str(path))


def test_the_flat_recipe_names_every_entry_but_the_texts():
    flat = load_recipe("smoke").flat()
    assert flat["fit.copies"] == 2
    assert flat["preparation.height"] == 64
    assert not any(name.startswith(("card", "sources")) for name in flat)


def test_a_recipe_survives_json():
    recipe = load_recipe("covid-mobilenetv2")
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
