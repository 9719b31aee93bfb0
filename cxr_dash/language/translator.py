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

from cxr_dash.domain import Words
from cxr_dash.language import figures
from cxr_dash.language.catalogue import Catalogue, catalogue

SOURCE_LANGUAGE = "en"
# Languages a reader may choose, by their own names.
LANGUAGES = {"en": "English", "es": "Español"}


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
        A key of :data:`LANGUAGES`.
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
        forms = self._catalogue.plural.get(one, (one, many))
        return self._fill(forms[0] if number == 1 else forms[-1], {"n": number, **values})

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

    def choose(self, texts: Mapping[str, str]) -> str:
        """The entry of this language out of one text in several."""
        return texts.get(self.language) or texts[SOURCE_LANGUAGE]

    @property
    def _catalogue(self) -> Catalogue:
        return catalogue(self.language)

    @property
    def _locale(self) -> Locale:
        # British dates: no month that could be a day, no second noon; and no comma before "and"
        return Locale("en", "GB") if self.language == "en" else Locale.parse(self.language)

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

    def _fill(self, template: str, values: Mapping[str, object]) -> str:
        if not values:
            return template
        said = {key: self.say(value) if isinstance(value, Words) else value for key, value in values.items()}
        return _Fields(self.decimal_sign).vformat(template, (), said)


@lru_cache(maxsize=8)
def translator(language: str = SOURCE_LANGUAGE) -> Translator:
    """The translator of a language; English for one that is not among :data:`LANGUAGES`."""
    return Translator(language if language in LANGUAGES else SOURCE_LANGUAGE)


def negotiate(preferred: Iterable[str]) -> str:
    """The best of :data:`LANGUAGES` for a browser's list, best first: ``["es-AR", "en"]`` gives ``es``."""
    return negotiate_locale(list(preferred), list(LANGUAGES), sep="-") or SOURCE_LANGUAGE
