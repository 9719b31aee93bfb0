"""Says sentences, figures and dates in one language."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, dates, negotiate_locale
from babel.lists import format_list
from babel.numbers import get_decimal_symbol

from cxr_dash.domain import Counted, LocalisedText, Words, nearest
from cxr_dash.language import figures
from cxr_dash.language.catalogue import SOURCE_LANGUAGE, TELLING, Catalogue, catalogue, languages

# Languages that write every noun large, also inside a sentence.
_NOUNS_LARGE = ("de", "lb")


class _Fields(string.Formatter):
    """Format fields with the decimal sign of a language."""

    def __init__(self, decimal: str) -> None:
        self._decimal = decimal

    def format_field(self, value: Any, format_spec: str) -> str:
        text = str(format(value, format_spec))
        return text.replace(".", self._decimal) if isinstance(value, float) else text


@dataclass(frozen=True, slots=True)
class Translator:
    """One language.

    Calling it translates a sentence: ``t("{count} films", count=3)``. Sentences stand in the source as string
    literals, because they are collected from there; what has no translation is said in English.

    Attributes
    ----------
    language : str
        A key of :func:`languages`.
    """

    language: str = SOURCE_LANGUAGE

    def __call__(self, text: str, /, **values: object) -> str:
        """The sentence in this language, its fields filled in."""
        known = self._catalogue.single
        if text not in known and not values and known:
            return self._with_its_figures(text)
        return self._fill(known.get(text, text), values)

    def plural(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The form for ``number``, which may be named ``{n}`` in both."""
        known = self._catalogue
        # what has no translation is said in English, and counted as English does
        english = one if number == 1 else many
        said = known.plural[one][known.form(number)] if one in known.plural else english
        return self._fill(said, {"n": number, **values})

    def form_by_category(self) -> dict[str, int]:
        """Which of the forms of ``for_browser`` a number takes, by its category of CLDR's plural rules.

        The categories are those of ``Intl.PluralRules``: ``{"one": 0, "few": 1, "many": 2}``.
        """
        found: dict[str, int] = {}
        for number in TELLING:
            found.setdefault(str(self._locale.plural_form(number)), self._catalogue.form(number))
        return found

    @property
    def nouns_large(self) -> bool:
        """Whether nouns keep their large first letter inside a sentence, as German's do."""
        return self._locale.language in _NOUNS_LARGE

    def say(self, words: Words | str) -> str:
        """A sentence that was written elsewhere."""
        if isinstance(words, str):
            return self(words)
        return self(words.template, **words.values)

    def percent(self, share: float, digits: int = 0) -> str:
        """``0.125`` as ``12.5 %``, with the no-break space that keeps both together."""
        return f"{self.decimal(100 * share, digits)}\u00a0%"

    def decimal(self, value: float, digits: int) -> str:
        """A figure with so many decimals; a half goes up, as in the browser, by its shortest digits."""
        shown = Decimal(repr(float(value)))
        if shown.is_finite():
            shown = shown.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        return f"{shown:f}".replace(".", self.decimal_sign)

    def listed(self, names: Sequence[str]) -> str:
        """``a``, ``a and b``, ``a, b and c``."""
        text = format_list(names, locale=self._locale)
        # masa e infiltrado, not "y infiltrado"
        return (
            re.sub(r" y (?=h?i(?![ae]))", " e ", text, flags=re.IGNORECASE) if self.language == "es" else text
        )

    def moment(self, value: datetime) -> str:
        """Date and time by the 24-hour clock, the month in letters, with the zone for UTC."""
        text = dates.format_datetime(value, "medium", locale=self._locale)
        return f"{text} UTC" if value.utcoffset() is not None and not value.utcoffset() else text

    def for_browser(self) -> dict[str, str | list[str]]:
        """Translations of what the browser scripts say: a sentence, or its forms by the English singular."""
        known = self._catalogue
        return {
            key: list(known.plural[key]) if key in known.plural else known.single[key]
            for key in sorted(known.browser)
            if key in known.plural or key in known.single
        }

    def choose(self, text: LocalisedText) -> str:
        """A bundle's text in this language or the nearest of its kin, else the catalogue's, else English."""
        return text.near(self.language) or self(text.en)

    @property
    def _catalogue(self) -> Catalogue:
        return catalogue(self.language)

    @property
    def _locale(self) -> Locale:
        # British dates: no month that could be a day, no second noon; and no comma before "and"
        return Locale("en", "GB") if self.language == "en" else Locale.parse(self.language, sep="-")

    @property
    def decimal_sign(self) -> str:
        """Between the whole and its parts."""
        return str(get_decimal_symbol(self._locale))

    def _with_its_figures(self, sentence: str) -> str:
        """A bundle's sentence, which the catalogue knows without its figures."""
        template, found = figures.apart(sentence)
        translated = self._catalogue.single.get(template)
        if translated is None:
            return sentence
        return translated.format(*(figures.written(figure, self.decimal_sign) for figure in found))

    def _said(self, value: object) -> object:
        if isinstance(value, Words):
            return self.say(value)
        if isinstance(value, Counted):
            return self.plural(value.one, value.many, value.number)
        return value

    def _fill(self, template: str, values: Mapping[str, object]) -> str:
        if not values:
            return template
        said = {key: self._said(value) for key, value in values.items()}
        return _Fields(self.decimal_sign).vformat(template, (), said)


@lru_cache(maxsize=8)
def translator(language: str = SOURCE_LANGUAGE) -> Translator:
    """The translator of a language, or of the nearest of its kin among :func:`languages`; else English."""
    return Translator(offered(language) or SOURCE_LANGUAGE)


def offered(wanted: str) -> str | None:
    """What of :func:`languages` stands in for a language: ``es`` for ``es-AR``, and ``es-419`` for ``es``."""
    return next(iter(nearest(wanted, languages())), None)


def negotiate(preferred: Iterable[str]) -> str:
    """The best of :func:`languages` for a browser's list, best first: ``["es-AR", "en"]`` gives ``es``."""
    for tag in map(_written, preferred):
        if found := negotiate_locale([tag], list(languages()), sep="-") or offered(tag):
            return found
    return SOURCE_LANGUAGE


def _written(tag: str) -> str:
    """A browser's tag as they are written here: ``zh-hant-tw`` as ``zh-Hant-TW``."""
    language, *rest = tag.split("-")
    return "-".join(
        [language.lower(), *(one.title() if len(one) == len("Latn") else one.upper() for one in rest)]
    )
