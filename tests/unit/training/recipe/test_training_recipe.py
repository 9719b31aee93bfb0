"""Recipes are read strictly: what is misspelt or out of range does not train."""

from __future__ import annotations

import re
import shlex

import pytest
from typer.main import get_command

from cxr_dash.domain import Label, LocalisedText
from cxr_dash.errors import TrainingError
from training.cli import app
from training.films.of_recipe import read_films
from training.recipe import RECIPES, DataRecipe, Recipe, load_recipe, recipe_names


def test_overrides_are_written_as_in_toml():
    recipe = load_recipe(
        "quick", {"fit.copies": "7", "network.name": "mobilenet_v2", "data.labels": '["mass"]'}
    )
    assert (recipe.fit.copies, recipe.network.name, recipe.data.labels) == (7, "mobilenet_v2", ["mass"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("fit.copys", "7", "fit.copys.*not permitted"),
        ("fit.copies", "0", "fit.copies.*greater than or equal to 1"),
        ("network.activation", "tanh", "network.activation.*'sigmoid' or 'softmax'"),
        ("data.labels", '["edema", "edema"]', "unique keys"),
        ("data.labels", '["silicosis"]', r"'silicosis'\. A new label needs a section \[labels\.silicosis\]"),
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
        load_recipe("quick", {key: value})


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
        load_recipe("quick", entries)


def test_the_plateau_gives_way_to_a_schedule_unless_it_is_asked_for():
    assert load_recipe("quick").fit.slows_on_plateau
    assert not load_recipe("quick", {"fit.schedule": "cosine"}).fit.slows_on_plateau
    assert not load_recipe("quick", {"fit.plateau": "false"}).fit.slows_on_plateau


def test_an_unknown_recipe_is_refused_with_the_known_ones():
    with pytest.raises(TrainingError, match=r"covid-mobilenetv2, .*findings-mobilenetv2"):
        load_recipe("no-such")


def test_a_recipe_that_is_not_toml_is_refused(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("id = ", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"bad\.toml must be TOML"):
        load_recipe(str(path))


def test_the_flat_recipe_names_every_entry_but_the_texts():
    flat = load_recipe("quick").flat()
    assert flat["fit.copies"] == 2
    assert flat["preparation.height"] == 64
    assert not any(name.startswith(("card", "sources")) for name in flat)


def test_a_recipe_survives_json():
    recipe = load_recipe("covid-mobilenetv2")
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def _write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return str(folder / "mine.toml")


def test_a_recipe_changes_entries_of_what_it_extends_and_replaces_whole_lists(tmp_path):
    base = RECIPES / "findings-mobilenetv2"
    text = f'extends = ["{base}", "more"]\nid = "mine"\n[fit]\ncopies = 1\n'
    path = _write(tmp_path, mine=text, more='[data]\nlabels = ["mass"]\n[fit]\ncopies = 2\nhead_epochs = 7\n')
    mine, theirs = load_recipe(path), load_recipe("findings-mobilenetv2")
    assert (mine.id, mine.data.labels, mine.fit.copies, mine.fit.head_epochs) == ("mine", ["mass"], 1, 7)
    assert (mine.network, mine.augment, mine.sources) == (theirs.network, theirs.augment, theirs.sources)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"mine": 'extends = ["other"]', "other": 'extends = ["mine"]'}, "must not lead in a circle"),
        ({"mine": 'extends = ["nowhere"]'}, "there is no .*nowhere.toml"),
        ({"mine": 'extends = "other"'}, "must be a list of file names"),
        ({"mine": 'extends = ["other"]', "other": "fit = "}, "other.toml must be TOML"),
    ],
)
def test_a_recipe_that_cannot_be_put_together_is_refused(tmp_path, files, said):
    with pytest.raises(TrainingError, match=said):
        load_recipe(_write(tmp_path, **files))


CARD = """
[card]
title_en = "Ours"
title_es = "Lo nuestro"
population_es = "Nuestras placas"
"""


def test_a_recipe_with_an_entry_a_language_is_read_as_before_and_told_how_to_write_it_now(tmp_path, caplog):
    base = RECIPES / "findings-mobilenetv2"
    path = _write(tmp_path, mine=f'extends = ["{base}"]\nid = "mine"\n{CARD}')
    card, theirs = load_recipe(path).card, load_recipe("findings-mobilenetv2").card
    assert card.title == LocalisedText(en="Ours", es="Lo nuestro")
    # what a recipe does not say is that of what it extends, language by language
    assert card.trained_on == LocalisedText(en=theirs.trained_on.en, es="Nuestras placas")
    (said,) = [record.message for record in caplog.records]
    assert said == (
        "mine.toml: [card] has title_en, title_es, population_es: read as before; write "
        'title = { en = "...", es = "..." }, trained_on = { en = "...", es = "..." }'
    )


def test_a_recipe_with_a_text_in_both_forms_is_refused(tmp_path):
    text = 'extends = ["{}"]\nid = "mine"\n{}title.en = "Theirs"\n'.format(RECIPES / "quick", CARD)
    with pytest.raises(TrainingError, match=r"mine\.toml: `card`: `title` must be written once"):
        load_recipe(_write(tmp_path, mine=text))


def test_a_run_of_before_remembers_its_recipe():
    recipe = load_recipe("quick", {"card.title_en": "Ours"})
    assert (recipe.card.title.en, recipe.changed) == ("Ours", ["card.title.en"])
    table = recipe.model_dump(mode="json")
    card = table["card"]
    card |= {f"title_{tag}": text for tag, text in card.pop("title").items()}
    card |= {f"population_{tag}": text for tag, text in card.pop("trained_on").items()}
    assert Recipe.model_validate(table | {"changed": ["card.title_en"]}) == recipe


def test_a_label_of_its_own_may_be_named_in_english_alone():
    recipe = load_recipe("quick", {"labels.silicosis.en": "Silicosis", "data.labels": '["silicosis"]'})
    assert recipe.names["silicosis"].name.said_in("es") == "Silicosis"


OWN = {"labels.silicosis.en": "Silicosis", "labels.silicosis.es": "Silicosis pulmonar"}


def test_a_recipe_names_labels_of_its_own():
    recipe = load_recipe("quick", OWN | {"data.labels": '["effusion", "silicosis"]'})
    assert recipe.names["silicosis"] == Label(
        "silicosis", LocalisedText(en="Silicosis", es="Silicosis pulmonar")
    )
    assert recipe.names["effusion"].name.said_in("es") == "Derrame pleural"
    with pytest.raises(TrainingError, match="'mass', which is known already"):
        load_recipe("quick", {"labels.mass.en": "Lump", "labels.mass.es": "Bulto"})


def test_a_manifest_may_have_the_recipes_own_labels_and_no_others(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    path = tmp_path / "manifest.csv"
    path.write_text("path,labels,split\na.png,SILICOSIS,train\n")
    data = load_recipe("quick", OWN | {"data.labels": '["silicosis"]'}).data
    assert [film.labels for film in read_films(data, path)] == [{"silicosis"}]
    path.write_text("path,labels,split\na.png,Silicossis,train\n")
    with pytest.raises(TrainingError, match=r"row 2: A label must be one of .*'Silicossis'.*\[labels\.KEY\]"):
        read_films(data, path)


def test_an_empty_change_takes_an_entry_back():
    assert load_recipe("covid-block3").data.gate_manifest == "gate/manifest.csv"
    recipe = load_recipe("covid-block3", {"data.gate_manifest": "", "data.other_manifests": ""})
    assert recipe.data.gate_manifest is None
    assert recipe.data.other_manifests == []
    assert recipe.changed == ["data.gate_manifest", "data.other_manifests"]
    assert DataRecipe(manifest="m.csv", labels=["mass"], gate_manifest="").gate_manifest is None


def _commands(name: str) -> list[list[str]]:
    """The commands at the head of a recipe, as words behind ``python -m training``."""
    head = []
    for line in (RECIPES / f"{name}.toml").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        head.append(line.removeprefix("#").strip())
    text = "\n".join(head).replace("\\\n", " ")
    lines = re.findall(r"python -m training (\S.*)", text)
    cut = [re.split(r"`| \.{2,3}(?= |$)|\.$|,$|, and | \(", line)[0] for line in lines]
    return [shlex.split(line) for line in cut]


@pytest.mark.parametrize("name", recipe_names())
def test_the_commands_at_the_head_of_a_recipe_can_be_given(name):
    commands = _commands(name)
    assert commands
    for words in commands:
        command = get_command(app).commands[words[0]]
        with command.make_context(words[0], words[1:]) as context:
            for option in ("grid", "param", "overrides"):
                values = context.params.get(option) or []
                assert all("=" in value for value in values)
