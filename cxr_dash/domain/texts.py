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

    def said_in(self, language: str) -> str:
        """In that language, else in English."""
        return self.get(language) or self.en

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


def joined(texts: Sequence[LocalisedText], separator: str = ", ") -> LocalisedText:
    """Several texts as one, in the languages that all of them have."""
    shared = set.intersection(*(set(text.by_language) for text in texts))
    return LocalisedText({tag: separator.join(text.said_in(tag) for text in texts) for tag in shared})
