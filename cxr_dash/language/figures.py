"""Figures apart from the sentences that a bundle says them in.

A bundle brings finished sentences, and its next training changes their figures but hardly their words. The
catalogue holds them with numbered fields, so that a translation outlives the figures.
"""

from __future__ import annotations

import re

# A number by itself: no part of a name (COVID-19, 3-pixel), of a version (1.2.0) or a licence (CC BY 4.0).
_FIGURE = re.compile(
    r"(?<![\w.,/-])(?<!CC BY )(?<!-SA )\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?![.,]?\d|[\w/]|-\w)"
)
_DIGITS_WITHOUT_GROUPS = 4  # Spanish writes 2000, and 20 000 with a no-break space


def apart(sentence: str) -> tuple[str, tuple[str, ...]]:
    """A sentence as a format string with fields ``{0}``, ``{1}``, …, and its figures as they stand there."""
    figures: list[str] = []

    def field(found: re.Match[str]) -> str:
        figures.append(found.group())
        return f"{{{len(figures) - 1}}}"

    escaped = sentence.replace("{", "{{").replace("}", "}}")
    return _FIGURE.sub(field, escaped), tuple(figures)


def written(figure: str, decimal: str) -> str:
    """An English figure with another decimal sign; thousands are set apart from five digits on."""
    whole, point, rest = figure.replace(",", "").partition(".")
    if len(whole) > _DIGITS_WITHOUT_GROUPS and "," in figure:
        whole = f"{int(whole):,}".replace(",", "\u00a0")
    return f"{whole}{decimal}{rest}" if point else whole
