"""A text is one entry by language; bundles with an entry a language, as they were at first, still load."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from bundle_builder import KEYS, spec_dict, write_bundle
from segmenter_builder import segmenter_dict

from cxr_dash.cli.answers import bundle_data
from cxr_dash.domain import Label, LocalisedText, joined
from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_segmenter import SegmenterSpec
from cxr_dash.language import translator
from cxr_dash.store.codec import Codec

MASS = LocalisedText(es="Masa", en="Mass", **{"pt-BR": "Massa"})
# every text of a bundle: where it stands, its name now, and as it was
TEXTS = [
    ((), "title", "title"),
    ((), "trained_on", "population"),
    (("labels", 0), "name", "name"),
    (("not_looked_for", 0), "name", "name"),
    (("operating_points", 0), "name", "name"),
    (("operating_points", 0), "explanation", "explanation"),
    (("film_score", "points", 0), "name", "name"),
    (("held_out", 0), "description", "description"),
    (("calibrated_at",), "description", "description"),
    (("metrics", 0), "description", "description"),
]


def _whole() -> dict[str, Any]:
    """A bundle with every kind of text."""
    text = {"en": "In English", "es": "En español"}
    point = {"key": "one_in_10", "name": text, "threshold": 0.4}
    split = {"split": "test", "films": 4, "patients": 4, "description": text, "macro": {}, "labels": {}}
    return spec_dict(
        not_looked_for=[{"key": "fractures", "name": text}],
        film_score={"label": KEYS[0], "points": [point], "chosen_on": "val"},
        calibrated_at={"films": 4, "natural": True, "description": text},
        prevalence=dict.fromkeys(KEYS, 0.1),
        metrics=[split],
        schema_version=3,
    )


def _at(table: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        table = table[step]
    return table


def _as_before(table: dict[str, Any], name: str, before: str) -> None:
    for tag, text in table.pop(name).items():
        table[f"{before}_{tag}"] = text


@pytest.mark.parametrize(("place", "name", "before"), TEXTS)
def test_a_text_in_two_entries_is_read_as_one(place: tuple[str | int, ...], name: str, before: str) -> None:
    now, older = _whole(), _whole()
    _as_before(_at(older, place), name, before)
    assert BundleSpec.model_validate(older) == BundleSpec.model_validate(now)


@pytest.mark.parametrize(("place", "name", "before"), TEXTS)
def test_a_text_in_both_forms_is_refused(place: tuple[str | int, ...], name: str, before: str) -> None:
    table = _whole()
    _at(table, place)[f"{before}_es"] = "Otra"
    with pytest.raises(ValueError, match=f"`{name}` must be written once.*{before}_es"):
        BundleSpec.model_validate(table)


def test_a_segmenter_of_before_is_read_too() -> None:
    older = segmenter_dict()
    _as_before(older, "title", "title")
    _as_before(older, "trained_on", "population")
    assert SegmenterSpec.model_validate(older) == SegmenterSpec.model_validate(segmenter_dict())


def test_a_bundle_of_before_loads_from_its_folder_and_is_listed_as_before(tmp_path: Path) -> None:
    path = write_bundle(tmp_path)
    table = json.loads((path / "bundle.json").read_text(encoding="utf-8"))
    for place, name, before in TEXTS:
        if place[0:1] not in (("not_looked_for",), ("film_score",), ("calibrated_at",), ("metrics",)):
            _as_before(_at(table, place), name, before)
    (path / "bundle.json").write_text(json.dumps(table), encoding="utf-8")
    said = bundle_data(load_bundle(path))
    assert (said["title"], said["population"]) == ("Tiny", "nobody")
    assert said["labels"][0] == {"key": "effusion", "en": "Effusion", "es": "Effusion"}


def test_what_an_older_bundle_left_blank_is_said_in_english_or_not_at_all() -> None:
    table = spec_dict()
    del table["title"], table["trained_on"]
    table |= {"title_en": "Tiny", "title_es": "", "population_en": " ", "population_es": ""}
    spec = BundleSpec.model_validate(table)
    assert (spec.title.by_language, spec.trained_on.by_language) == ({"en": "Tiny"}, {"en": "–"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"es": "Masa"}, "must be there in English"),
        ({"en": "Mass", "sp": "Masa"}, "by the tag of its language.*received 'sp'"),
        ({"en": "Mass", "ES": "Masa"}, "received 'ES'"),
        ({"en": "Mass", "es": ""}, "must be words, and not empty, in every language; received es"),
        ({"en": " "}, "and not empty, in every language"),
        ({"en": 3}, "must be words, and not empty, in every language; received en = 3"),
        ("Mass", "must be by language"),
    ],
)
def test_a_text_that_is_none_is_refused_with_its_place(tmp_path: Path, text: Any, message: str) -> None:
    path = write_bundle(tmp_path, title=text)
    with pytest.raises(BundleMismatchError, match=f"title: .*{message}"):
        load_bundle(path)


def test_a_reader_gets_a_text_in_their_language_else_in_english() -> None:
    assert (MASS.said_in("es"), MASS.said_in("pt-BR"), MASS.said_in("de")) == ("Masa", "Massa", "Mass")
    assert (translator("es").choose(MASS), translator("en").choose(MASS)) == ("Masa", "Mass")
    alone = LocalisedText(en="Lump")
    assert translator("es").choose(alone) == "Lump"
    # what a bundle says in English alone may be in the catalogue
    assert translator("es").choose(LocalisedText(en="Sign in")) == "Iniciar sesión"


def test_a_text_is_a_value() -> None:
    assert LocalisedText({"pt-BR": "Massa", "en": "Mass", "es": "Masa"}) == MASS
    assert len({MASS, copy.deepcopy(MASS)}) == 1
    codec = Codec((Label,))
    assert codec.decode(codec.encode(Label("mass", MASS))) == Label("mass", MASS)
    with pytest.raises(AttributeError):
        MASS.texts = ()  # type: ignore[misc]


def test_texts_are_joined_and_filled_in_the_languages_that_all_have() -> None:
    nodule = LocalisedText(en="Nodule", es="Nódulo")
    assert joined([MASS, nodule]).by_language == {"en": "Mass, Nodule", "es": "Masa, Nódulo"}
    counted = LocalisedText(en="{n} films", es="{n} placas").filled(n=3)
    assert counted.by_language == {"en": "3 films", "es": "3 placas"}
