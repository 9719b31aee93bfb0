"""Catalogues of translations: gettext ``.po`` files, read once a process.

They are read as they are, without a compiled twin that could be forgotten. A folder with a catalogue is all
that makes a language: it is offered, and its figures, dates, lists and plurals are those of CLDR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from types import MappingProxyType

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from cxr_dash.domain import is_language, nearest

SOURCE_LANGUAGE = "en"
# Numbers that between them take every form of a language; Spanish has one of its own for a million.
TELLING = (*range(201), 1000, 10**6, 10**6 + 1)
TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


def _as_in_english(number: int) -> int:
    return int(number != 1)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Translations by their English sentence.

    Attributes
    ----------
    single : dict of str to str
    plural : dict of str to tuple of str
        By the English singular: as many forms as the language has.
    form : callable
        Which of those forms a number takes, as the catalogue's own head says.
    browser : frozenset of str
        The English sentences that the browser scripts say.
    """

    single: dict[str, str] = field(default_factory=dict)
    plural: dict[str, tuple[str, ...]] = field(default_factory=dict)
    browser: frozenset[str] = frozenset()
    form: Callable[[int], int] = _as_in_english


def folder_of(language: str) -> Path:
    """Where the catalogues of a language lie: ``pt_BR`` of ``pt-BR``, as gettext has it."""
    return TRANSLATIONS / language.replace("-", "_") / "LC_MESSAGES"


@lru_cache(maxsize=1)
def languages() -> Mapping[str, str]:
    """Languages a reader may choose, by tag, with their own names: English, and each with a catalogue.

    Raises
    ------
    ValueError
        When a folder of translations is not named after a language.
    """
    found = sorted(path.parent.parent.name.replace("_", "-") for path in TRANSLATIONS.glob("*/*/app.po"))
    if wrong := [tag for tag in found if not is_language(tag)]:
        raise ValueError(f"a folder of translations must be named after a language; received {wrong[0]!r}")
    return MappingProxyType({tag: _own_name(tag) for tag in (SOURCE_LANGUAGE, *found)})


def _own_name(tag: str) -> str:
    name = str(Locale.parse(tag, sep="-").get_display_name())
    return name[0].upper() + name[1:]


def read_messages(path: Path) -> Catalog:
    """A ``.po`` file as Babel reads it."""
    with path.open("rb") as stream:
        return read_po(stream)


@lru_cache(maxsize=8)
def catalogue(language: str) -> Catalogue:
    """All translations into one language; empty for the language of the source.

    What its own files leave empty is taken from the nearest language that has it (``nearest``).
    """
    own = _own(language)
    if language.split("-", maxsplit=1)[0] == SOURCE_LANGUAGE:
        return own
    chain = [own, *(_own(tag) for tag in nearest(language, languages()) if tag != language)]
    singles: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for one in reversed(chain):
        singles |= one.single
        plurals |= one.plural if one is own else _in_the_forms_of(own, one)
    return Catalogue(singles, plurals, frozenset().union(*(one.browser for one in chain)), own.form)


def _in_the_forms_of(own: Catalogue, other: Catalogue) -> dict[str, tuple[str, ...]]:
    """Another language's plurals, its forms in the order and number that ``own`` has."""
    numbers = [
        next(n for n in TELLING if own.form(n) == form) for form in sorted(set(map(own.form, TELLING)))
    ]
    return {
        key: tuple(forms[other.form(number)] for number in numbers) for key, forms in other.plural.items()
    }


def _own(language: str) -> Catalogue:
    """What the files of a language say."""
    single: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    browser: set[str] = set()
    form: Callable[[int], int] = _as_in_english
    for path in sorted(folder_of(language).glob("*.po")):
        messages = read_messages(path)
        form = c2py(messages.plural_expr)
        for message in messages:
            if not message.id or message.fuzzy:
                continue
            key = message.id if isinstance(message.id, str) else message.id[0]
            if any(place.endswith(".js") for place, _ in message.locations):
                browser.add(key)
            if isinstance(message.id, str):
                if message.string:
                    single[key] = message.string
            elif all(message.string):
                plural[key] = tuple(message.string)
    return Catalogue(single, plural, frozenset(browser), form)
