"""The catalogues say in every language what the sources and bundles say in English, and nothing else."""

from __future__ import annotations

import ast
import re
import string
from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from cxr_dash.language import SOURCE_LANGUAGE, languages
from cxr_dash.language.catalogue import TRANSLATIONS, folder_of, read_messages
from cxr_dash.language.collect import said_by_the_application, said_by_the_models, update

_SAID = {"app": lambda _: said_by_the_application(), "models": said_by_the_models}
_FILES = [(language, name) for language in languages() if language != SOURCE_LANGUAGE for name in _SAID]
each_file = pytest.mark.parametrize(("language", "name"), _FILES)

# Words that are the same in Spanish: names of measures and formats, of splits, and what both languages share.
_SHARED = """AUPRC AUROC Brier CC BY CSV Dice IoU JPG JSON Kappa MB No Normal PDF PNG ROC SHA Total ZIP
    external kappa logits mm normal test train val"""
_ALIKE = {"es": set(_SHARED.split())}


@lru_cache(maxsize=8)
def _said(language: str, name: str) -> Catalog:
    return _SAID[name](language)


@lru_cache(maxsize=8)
def _known(language: str, name: str) -> list[Message]:
    return [message for message in read_messages(_path(language, name)) if message.id]


def _path(language: str, name: str) -> Path:
    return folder_of(language) / f"{name}.po"


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _pairs(language: str, name: str) -> list[tuple[str, str]]:
    """English and its translation, form by form."""
    return [
        pair
        for message in _known(language, name)
        # the first form is that of one, and all others that of many, however many a language has
        for at, form in enumerate(_forms(message.string))
        for pair in [(_forms(message.id)[min(at, len(_forms(message.id)) - 1)], form)]
        if pair[1]
    ]


def _fields(text: str) -> set[str]:
    """``{name:spec}`` as written, without the braces."""
    return {
        f"{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}"
        for _, name, spec, conversion in string.Formatter().parse(text)
        if name is not None
    }


@each_file
def test_the_catalogue_holds_what_is_said_and_nothing_else(language: str, name: str) -> None:
    said = {_forms(message.id) for message in _said(language, name) if message.id}
    known = {_forms(message.id) for message in _known(language, name)}
    assert (sorted(said - known), sorted(known - said)) == ([], []), (
        "missing, obsolete: run `make translations`"
    )


@each_file
def test_every_sentence_is_translated_in_all_its_forms(language: str, name: str) -> None:
    messages = _known(language, name)
    assert len(messages) > 50
    lacking = [message.id for message in messages if message.fuzzy or not all(_forms(message.string))]
    assert lacking == []
    wanted = Catalog(locale=language.replace("-", "_")).num_plurals
    assert {len(_forms(message.string)) for message in messages if message.pluralizable} <= {wanted}


@each_file
def test_a_translation_has_the_fields_of_its_sentence(language: str, name: str) -> None:
    differing = [pair for pair in _pairs(language, name) if _fields(pair[0]) != _fields(pair[1])]
    assert differing == []


@each_file
def test_a_translation_is_not_the_english_again(language: str, name: str) -> None:
    same = [one for one, other in _pairs(language, name) if one == other]
    prose = {text: set(re.findall(r"[a-zA-Z]{2,}", re.sub(r"\{[^}]*\}", "", text))) for text in same}
    assert [text for text, words in prose.items() if words - _ALIKE.get(language, set())] == []


@each_file
def test_a_translation_is_plain_text_that_ends_and_breaks_like_its_sentence(language: str, name: str) -> None:
    for english, translated in _pairs(language, name):
        assert not re.search(r"</?\w+[^>]*>|&\w+;", translated), translated
        assert translated == translated.strip() or english != english.strip(), translated
        for end in (".", ":", "…"):
            assert translated.rstrip("»").endswith(end) == english.rstrip("”").endswith(end), (
                english,
                translated,
            )
        assert translated.endswith("?") == english.endswith("?"), (english, translated)


def test_a_threshold_is_never_called_a_cut() -> None:
    for _, name in _FILES:
        for english, _translated in _pairs("es", name):
            assert not re.search(r"(?<![{\w])cuts?\b(?! off| short)", english, re.IGNORECASE), english


def test_spanish_sets_a_no_break_space_before_a_per_cent_sign_and_opens_its_questions() -> None:
    for _, name in _FILES:
        for _english, translated in _pairs("es", name):
            assert not re.search(r"(?<!\u00a0)%", translated), translated
            assert translated.count("?") == translated.count("¿") or translated.startswith("? "), translated


def test_spanish_keeps_to_the_words_of_its_glossary() -> None:
    # English left over, other words for what has a name already, and the informal form of address
    strayed = re.compile(
        r"\b(films?|heatmap|threshold|cut|película|tú|tus|haz|suelta|elige|pulsa)\b", re.IGNORECASE
    )
    for _, name in _FILES:
        prose = [re.sub(r"\{[^}]*\}|`[^`]*`", "", text) for _, text in _pairs("es", name)]
        assert [text for text in prose if strayed.search(text)] == []


@each_file
def test_a_catalogue_carries_no_dates_paths_or_tools(language: str, name: str) -> None:
    text = _path(language, name).read_text(encoding="utf-8")
    assert not re.search(r"Date:|Generated-By|PROJECT|EMAIL|^#: /|^#:.*:\d+$", text, flags=re.MULTILINE)
    assert "fuzzy" not in text


@each_file
def test_collecting_again_changes_no_byte(language: str, name: str, tmp_path: Path) -> None:
    copy = tmp_path / f"{name}.po"
    copy.write_bytes(_path(language, name).read_bytes())
    update(copy, language, _said(language, name))
    assert copy.read_bytes() == _path(language, name).read_bytes()


def test_collecting_keeps_translations_and_notes_and_drops_what_is_said_no_more(tmp_path: Path) -> None:
    path = tmp_path / "some.po"
    first = Catalog()
    for sentence in ("One film.", "Two films, 27% of all."):
        first.add(sentence, locations=[("cxr_dash/a.py", None)])
    update(path, "es", first)
    written = path.read_text(encoding="utf-8").replace(
        '"One film."\nmsgstr ""', '"One film."\nmsgstr "Una placa."'
    )
    path.write_text(f"# A note.\n{written}", encoding="utf-8")
    second = Catalog()
    for sentence in ("One film.", "A new one."):
        second.add(sentence, locations=[("assets/js/b.js", None)])
    update(path, "es", second)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# A note.\n")
    assert {message.id: message.string for message in read_messages(path) if message.id} == {
        "One film.": "Una placa.",
        "A new one.": "",
    }
    assert "Two films" not in text


def test_no_sentence_is_said_both_with_and_without_a_number() -> None:
    """gettext keeps one entry for both: the one without a number would stay in English."""
    plural = {_forms(message.id)[0] for message in _said("es", "app") if message.pluralizable}
    alone = set()
    for path in (
        *(TRANSLATIONS.parent).rglob("*.py"),
        *(TRANSLATIONS.parent.parent / "assets").rglob("*.js"),
    ):
        alone |= set(re.findall(r'\b(?:t|N_)\(\s*"((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8")))
    assert plural & alone == set()


def test_what_is_counted_is_collected_with_both_its_forms() -> None:
    """Babel takes the sentence for one without a number where `t` stands inside the call."""
    counted = {_forms(message.id) for message in _said("es", "app") if message.pluralizable}
    said = set()
    for path in TRANSLATIONS.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) == 3:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                forms = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
                if name in {"plural", "Counted"} and len(forms) == 2:
                    said.add(tuple(forms))
    assert len(said) > 15
    assert said - counted == set()
