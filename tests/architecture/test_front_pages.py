"""The front page in Spanish says the same as the English one."""

from __future__ import annotations

import re
from collections import Counter

from cxr_dash.settings import ROOT

ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
SPANISH = (ROOT / "README.es.md").read_text(encoding="utf-8")
_CODE = re.compile(r"^ *```.*?^ *```|`[^`]*`", re.DOTALL | re.MULTILINE)
_TARGET = re.compile(r"\]\(([^)]+)\)")


def _figures(text: str, thousands: str) -> Counter[str]:
    """Every figure of the prose, with a decimal point and without marks between thousands."""
    prose = _TARGET.sub("]", _CODE.sub(" ", text))
    plain = re.sub(rf"(?<=\d){thousands}(?=\d{{3}}(?!\d))", "", prose)
    return Counter(re.findall(r"\d+(?:\.\d+)*", re.sub(r"(?<=\d),(?=\d)", ".", plain)))


def test_both_front_pages_quote_the_same_figures() -> None:
    english, spanish = _figures(ENGLISH, ","), _figures(SPANISH, "\u00a0")
    assert sum(english.values()) > 20
    assert spanish - english == Counter()
    assert english - spanish == Counter()


def test_spanish_figures_have_a_decimal_comma() -> None:
    prose = _TARGET.sub("]", _CODE.sub(" ", SPANISH)).replace("Python 3.11", "")
    assert re.findall(r"\d+\.\d+", prose) == []


def test_both_front_pages_have_the_same_links_commands_and_headings() -> None:
    def links(text: str) -> Counter[str]:
        return Counter(target for target in _TARGET.findall(text) if not target.startswith("README"))

    assert links(SPANISH) == links(ENGLISH)
    assert set(_CODE.findall(SPANISH)) == set(_CODE.findall(ENGLISH))
    marks = [re.findall(r"^(#+|- |\|)", text, flags=re.MULTILINE) for text in (ENGLISH, SPANISH)]
    assert marks[0] == marks[1]


def test_each_front_page_leads_to_the_other() -> None:
    assert "](README.es.md)" in ENGLISH.split("##", 1)[0]
    assert "](README.md)" in SPANISH.split("##", 1)[0]
