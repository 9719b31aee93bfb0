"""Which texts and lists a bundle gets: the recipe's of its own films, of others what was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.films.manifest import Film
from training.fitting.texts import present_recipe
from training.recipe import Recipe, load_recipe

OWN = {"data.manifest": "own/manifest.csv"}


def films(*patients: str) -> list[Film]:
    return [
        Film(Path(f"{n}.png"), frozenset({"normal"}), "train", "drawn", patient or f"{n}.png", patient)
        for n, patient in enumerate(patients)
    ]


def covid(**changes: str) -> Recipe:
    return load_recipe("covid-block3", OWN | {key.replace("__", "."): text for key, text in changes.items()})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data folder in which another hospital's lists happen to lie."""
    for name in ("gate", "findings", "mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.csv").write_text("path\n")
    return tmp_path


def test_own_films_have_no_list_of_another_hospital_even_where_it_is_there(root):
    data = present_recipe(covid(), films("1"), root).data
    assert (data.gate_manifest, data.other_manifests) == (None, [])
    data = present_recipe(covid(data__gate_manifest="mine/manifest.csv"), films("1"), root).data
    assert (data.gate_manifest, data.other_manifests) == ("mine/manifest.csv", [])


@pytest.mark.parametrize(
    ("patients", "english", "spanish"),
    [
        (("1", "1", "2", ""), "4 own films of 2 patients,", "4 placas propias de 2 pacientes,"),
        (("", ""), "2 own films, patients not known,", "2 placas propias, pacientes no conocidos,"),
    ],
)
def test_a_plain_card_counts_patients_and_not_films(root, patients, english, spanish):
    card = present_recipe(covid(), films(*patients), root).card
    assert card.trained_on.en.startswith(english)
    assert card.trained_on.said_in("es").startswith(spanish)


def test_what_set_gave_a_run_stays_in_force_in_part_too(root):
    given = {"card__population__age_years": "[18, 95]", "sources__here__title": "Here"}
    more = {"sources__here__population": "Adults", "sources__here__licence": "none"}
    recipe = covid(**given, **more)
    for texts in (None, load_recipe("covid-block3")):
        shown = present_recipe(recipe, films("1"), root, texts)
        assert shown.card.population is not None
        assert tuple(shown.card.population.age_years or ()) == (18, 95)
        assert shown.sources["here"].title == "Here"


def test_texts_without_a_label_of_the_run_take_its_name_from_the_run(root):
    recipe = covid(data__labels='["normal", "abscess"]', labels__abscess="{en = 'Abscess', es = 'Absceso'}")
    shown = present_recipe(recipe, films("1"), root, load_recipe("covid-block3"))
    assert shown.names["abscess"].name.en == "Abscess"
