"""Names and figures as people read them."""

from __future__ import annotations

from cxr_dash.domain import Label
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.language import Translator

_MOST_DIGITS = 3  # of a probability that would read like its threshold


def label_name(label: Label, t: Translator) -> str:
    """A label's name in the reader's language."""
    return t.choose(label.name)


def not_looked_for(spec: BundleSpec, t: Translator) -> list[str]:
    """What a reader may expect and a model does not look for, as words inside a sentence."""
    return [lower(label_name(one, t), t) for one in spec.not_looked_for]


def percent(share: float, t: Translator) -> str:
    """A probability or share, 0-1: enough digits to tell small ones apart, never a false 0 or 100.

    The rule of ``words.percent`` in the page, so that paper and screen say the same.
    """
    value = 100.0 * share
    sign = "\u00a0%"
    if 0.0 < value < 0.1:
        return f"<{t.decimal(0.1, 1)}{sign}"
    if 99.9 < value < 100.0:
        return f">{t.decimal(99.9, 1)}{sign}"
    digits = 1 if 0.0 < value < 9.95 or 99.0 < value < 100.0 else 0
    return f"{t.decimal(value, digits)}{sign}"


def pair(first: float, second: float, t: Translator) -> tuple[str, str]:
    """A probability and what it is held against, both 0-1.

    Where two that differ would read alike ("48 % against 48 %") both get a digit more, three at most. The
    rule of ``words.pair`` in the page.
    """
    plain = percent(first, t), percent(second, t)
    if plain[0] != plain[1] or first == second or not plain[0][0].isdigit():
        return plain
    for digits in range(1, _MOST_DIGITS + 1):
        one, other = (f"{t.decimal(100.0 * value, digits)}\u00a0%" for value in (first, second))
        if one != other:
            return one, other
    return plain


def interval(low: float, high: float, t: Translator) -> str:
    """A 95 % interval in per cent, ``79–94``."""
    digits = 1 if high - low < 0.01 and high < 0.1 else 0
    return f"{t.decimal(100 * low, digits)}–{t.decimal(100 * high, digits)}"


def lower(name: str, t: Translator) -> str:
    """A name inside a sentence: ``Pneumonia`` as ``pneumonia``; ``COVID-19`` and nouns in German stay."""
    if t.nouns_large or len(name) < 2 or not name[1].islower():
        return name
    return name[0].lower() + name[1:]
