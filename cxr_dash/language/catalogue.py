"""Catalogues of translations: gettext ``.po`` files, read once a process.

They are read as they are, without a compiled twin that could be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Translations by their English sentence.

    Attributes
    ----------
    single : dict of str to str
    plural : dict of str to tuple of str
        By the English singular: one, many.
    browser : frozenset of str
        The English sentences that the browser scripts say.
    """

    single: dict[str, str] = field(default_factory=dict)
    plural: dict[str, tuple[str, ...]] = field(default_factory=dict)
    browser: frozenset[str] = frozenset()


def read_messages(path: Path) -> Catalog:
    """A ``.po`` file as Babel reads it."""
    with path.open("rb") as stream:
        return read_po(stream)


@lru_cache(maxsize=8)
def catalogue(language: str) -> Catalogue:
    """All translations into one language; empty for the language of the source."""
    single: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    browser: set[str] = set()
    for path in sorted((TRANSLATIONS / language / "LC_MESSAGES").glob("*.po")):
        for message in read_messages(path):
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
    return Catalogue(single, plural, frozenset(browser))
