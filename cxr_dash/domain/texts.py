"""One text in several languages, as bundles and recipes hold it: ``{"en": "Mass", "es": "Masa"}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

ENGLISH: Final = "en"
_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")


@dataclass(frozen=True, slots=True, init=False)
class LocalisedText:
    """One text in several languages; English is always there, and stands in for those that are not.

    Attributes
    ----------
    texts : tuple of (str, str)
        Language and text, English first. A language is named by a BCP 47 tag that CLDR knows: ``es``,
        ``pt-BR``. No text is empty.
    """

    texts: tuple[tuple[str, str], ...]

    def __init__(self, texts: Mapping[str, str] | Iterable[tuple[str, str]] = (), **more: str) -> None:
        """Texts by language, from a table or as ``LocalisedText(en="Mass", es="Masa")``.

        Raises
        ------
        ValueError
            When English is missing, a tag is of no known language, or a text is empty.
        """
        given: dict[str, str] = {**dict(texts), **more}
        for tag, text in given.items():
            if not is_language(tag):
                raise ValueError(
                    f"a text must be by the tag of its language, {{en, es, pt-BR, ...}}; received {tag!r}"
                )
            if not isinstance(text, str) or not text.strip():
                raise ValueError(
                    f"a text must be words, and not empty, in every language; received {tag} = {text!r}"
                )
        if ENGLISH not in given:
            raise ValueError(f"a text must be there in English too, {{en, ...}}; received {sorted(given)}")
        rest = sorted(given.keys() - {ENGLISH})
        object.__setattr__(self, "texts", tuple((tag, given[tag]) for tag in (ENGLISH, *rest)))

    @property
    def by_language(self) -> dict[str, str]:
        """As a table, English first."""
        return dict(self.texts)

    @property
    def en(self) -> str:
        """In English."""
        return self.texts[0][1]

    def get(self, language: str) -> str | None:
        """In that language, where it is there."""
        return self.by_language.get(language)

    def near(self, language: str) -> str | None:
        """In that language, else in the nearest of its kin (:func:`nearest`), where one is there."""
        found = self.by_language
        return next((found[tag] for tag in nearest(language, found)), None)

    def said_in(self, language: str) -> str:
        """In that language, else in the nearest of its kin, else in English."""
        return self.near(language) or self.en

    def filled(self, **values: object) -> LocalisedText:
        """The texts with their fields filled in: each is a format string."""
        return LocalisedText({tag: text.format(**values) for tag, text in self.texts})

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """As a bundle's schema and a recipe's read and write it: a table."""
        # whoever asks has it; processes that only decode pictures import this room, too
        from pydantic_core import core_schema  # noqa: PLC0415

        return core_schema.no_info_plain_validator_function(
            _read,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda text: text.by_language),
        )


def _read(value: object) -> LocalisedText:
    if isinstance(value, LocalisedText):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(f"a text must be by language, {{en, es, ...}}; received {value!r:.60}")  # noqa: TRY004 (for pydantic)
    return LocalisedText(value)


@lru_cache(maxsize=64)
def is_language(tag: str) -> bool:
    """Whether a BCP 47 tag is of a language that CLDR, and so Babel, knows."""
    from babel import localedata  # noqa: PLC0415 (as above)

    return bool(_TAG.fullmatch(tag)) and bool(localedata.exists(tag.replace("-", "_")))


def nearest(language: str, available: Iterable[str]) -> tuple[str, ...]:
    """What stands in for a language, best first: ``es-MX`` for ``es-419``, and ``es-419`` for ``es``.

    The language itself; what is left of its tag as parts are taken off its end (RFC 4647, lookup); then its
    siblings, which are of other regions and written in the same script, those of a group of countries first.

    Parameters
    ----------
    language : str
        A BCP 47 tag.
    available : iterable of str
        Tags of known languages.

    Returns
    -------
    tuple of str
        Those of ``available``; none is of another language.
    """
    parts, there = language.split("-"), set(available)
    lookup = ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    kin = (tag for tag in there if tag.split("-")[0] == parts[0] and _script(tag) == _script(language))
    # a group of countries is a number, which comes before letters
    return tuple(dict.fromkeys((*(tag for tag in lookup if tag in there), *sorted(kin))))


@lru_cache(maxsize=64)
def _script(tag: str) -> str:
    """The script of a language: ``Hant`` of ``zh-Hant`` and of ``zh-TW``; empty where CLDR knows none."""
    from babel import core  # noqa: PLC0415 (as above)

    likely = core.get_global("likely_subtags")
    whole = tag.replace("-", "_")
    parts = (whole + "_" + str(likely.get(whole) or likely.get(whole.split("_")[0], ""))).split("_")[1:]
    return next((part for part in parts if len(part) == len("Latn")), "")


def joined(texts: Sequence[LocalisedText], separator: str = ", ") -> LocalisedText:
    """Several texts as one, in the languages that all of them have, or have one near to."""
    asked = {tag for text in texts for tag in text.by_language}
    shared = [tag for tag in asked if all(text.near(tag) for text in texts)]
    return LocalisedText({tag: separator.join(text.said_in(tag) for text in texts) for tag in shared})
