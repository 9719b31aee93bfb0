"""What people read, in their language: English in the source, translations in ``cxr_dash/translations``."""

from __future__ import annotations

from cxr_dash.language.catalogue import SOURCE_LANGUAGE, languages
from cxr_dash.language.film import say_facts, say_identity
from cxr_dash.language.heat import say_no_place, say_place, say_strength
from cxr_dash.language.measures import ratio_words, short_ratio
from cxr_dash.language.reasons import say_reasons
from cxr_dash.language.translator import Translator, negotiate, offered, translator

__all__ = [
    "SOURCE_LANGUAGE",
    "Translator",
    "languages",
    "negotiate",
    "offered",
    "ratio_words",
    "say_facts",
    "say_identity",
    "say_no_place",
    "say_place",
    "say_reasons",
    "say_strength",
    "short_ratio",
    "translator",
]
