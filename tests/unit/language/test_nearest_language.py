"""A text that is there in a language's kin alone is said before English is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from cxr_dash.domain import LocalisedText, joined, nearest
from cxr_dash.language import catalogue, negotiate, offered, translator

Speaking = Callable[..., None]


@pytest.mark.parametrize(
    ("wanted", "available", "given"),
    [
        ("es", ["en", "es", "es-419"], ("es", "es-419")),
        ("es", ["en", "es-MX", "es-419"], ("es-419", "es-MX")),
        ("es-MX", ["en", "es", "es-419"], ("es", "es-419")),
        ("es-MX", ["en", "es-419"], ("es-419",)),
        ("pt-BR", ["pt-PT", "es"], ("pt-PT",)),
        ("de", ["en", "es"], ()),
        # who reads one of them need not read the other
        ("zh-TW", ["zh-Hans", "zh-HK"], ("zh-HK",)),
        ("zh-Hant-TW", ["zh-Hant", "zh-Hans"], ("zh-Hant",)),
        ("sr-Latn", ["sr"], ("sr",)),
        ("sr-Latn", ["sr-Cyrl", "sr-Latn-ME"], ("sr-Latn-ME",)),
        ("", ["en", "es"], ()),
    ],
)
def test_what_stands_in_for_a_language_is_its_parent_then_a_sibling_of_its_script(
    wanted: str, available: list[str], given: tuple[str, ...]
) -> None:
    assert nearest(wanted, available) == given


def test_a_text_of_a_bundle_is_said_in_a_sibling_of_the_readers_language_before_english() -> None:
    text = LocalisedText({"en": "Mass", "es-419": "Masa"})
    assert text.get("es") is None
    assert (text.near("es"), text.said_in("es"), text.said_in("es-MX")) == ("Masa", "Masa", "Masa")
    assert (text.near("de"), text.said_in("de")) == (None, "Mass")
    assert translator("es").choose(text) == "Masa"
    # English is English, whatever its siblings say
    assert translator("en").choose(LocalisedText({"en": "Edema", "en-GB": "Oedema"})) == "Edema"


def test_texts_are_joined_in_a_language_that_one_of_them_has_by_its_sibling() -> None:
    texts = [LocalisedText({"en": "Mass", "es-419": "Masa"}), LocalisedText(en="Nodule", es="Nódulo")]
    assert joined(texts).by_language == {
        "en": "Mass, Nodule",
        "es": "Masa, Nódulo",
        "es-419": "Masa, Nódulo",
    }


@pytest.fixture
def speaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Speaking]:
    """Makes the application speak languages by catalogues of a few sentences."""

    def forget() -> None:
        for cached in (catalogue.languages, catalogue.catalogue, translator):
            cached.cache_clear()

    def speak(**catalogues: dict[str | tuple[str, str], str | tuple[str, ...]]) -> None:
        for name, said in catalogues.items():
            catalog = Catalog(locale=name)
            for words, translation in said.items():
                catalog.add(words, translation, locations=[("assets/js/a.js", 1)])
            path = tmp_path / name / "LC_MESSAGES" / "app.po"
            path.parent.mkdir(parents=True)
            with path.open("wb") as stream:
                write_po(stream, catalog)
        monkeypatch.setattr(catalogue, "TRANSLATIONS", tmp_path)
        forget()

    yield speak
    monkeypatch.undo()
    forget()


def test_what_a_catalogue_leaves_empty_is_said_as_its_kin_say_it(speaking: Speaking) -> None:
    speaking(
        es={"Close": "Cerrar", "Film": ""},
        es_419={"Film": "Placa", "Close": "Cerrar, allá"},
        es_MX={"Label": "Etiqueta"},
    )
    assert [translator("es")(said) for said in ("Close", "Film", "Label", "Use")] == [
        "Cerrar",
        "Placa",
        "Etiqueta",
        "Use",
    ]
    assert [translator("es-MX")(said) for said in ("Close", "Film")] == ["Cerrar", "Placa"]
    assert translator("es").for_browser() == {"Close": "Cerrar", "Film": "Placa", "Label": "Etiqueta"}
    assert translator("en")("Close") == "Close"


def test_a_count_of_its_kin_has_the_forms_of_the_language_itself(speaking: Speaking, tmp_path: Path) -> None:
    """The sibling's head has its forms the other way round."""
    films = ("{n} film", "{n} films")
    speaking(fr={films: ("", "")}, fr_CA={films: ("{n} clichés", "{n} cliché")})
    path = tmp_path / "fr_CA" / "LC_MESSAGES" / "app.po"
    text = path.read_text(encoding="utf-8")
    head = "nplurals=2; plural=n < 2;"
    path.write_text(re.sub(r"nplurals=[^\\]*", lambda _: head, text), encoding="utf-8")
    said = ["0 cliché", "1 cliché", "2 clichés"]
    for language in ("fr", "fr-CA"):
        assert [translator(language).plural(*films, number) for number in (0, 1, 2)] == said
    french = translator("fr")
    forms = french.for_browser()["{n} film"]
    assert [forms[french.form_by_category()[category]] for category in ("one", "other")] == [
        "{n} cliché",
        "{n} clichés",
    ]


def test_who_asks_for_a_language_is_offered_its_kin_before_english(speaking: Speaking) -> None:
    speaking(es_419={"Film": "Placa"})
    assert (offered("es"), offered("es-AR"), offered("de")) == ("es-419", "es-419", None)
    assert translator("es")("Film") == "Placa"
    assert negotiate(["es-ar", "en"]) == "es-419"
    assert negotiate(["de", "es"]) == "es-419"
    assert negotiate(["en-GB", "es"]) == "en"
