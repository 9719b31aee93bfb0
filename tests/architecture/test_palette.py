"""A colour stands in ``cxr_dash/palette.py``, or nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cxr_dash import palette
from cxr_dash.settings import ROOT

# #rgb, #rgba, #rrggbb, #rrggbbaa; functions of CSS with figures in them
_HEX = r"(?<![\w&])#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})(?![\w-])"
_FUNCTION = r"\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(\s*\d[^)]*\)"
_COLOUR = re.compile(rf"{_HEX}|{_FUNCTION}")
# Each with the reason why it has colours of its own.
_ALLOWED = {
    "cxr_dash/palette.py": "the palette",
    "assets/css/00-palette.css": "written from it",
    "cxr_dash/ui/figures/frame.py": "rgba(0,0,0,0): Plotly's word for no colour at all",
    "training/report/templates/style.css": "reports of training: their own pages, light, dark and on paper",
    "training/report/charts.py": "the same; lines are told apart in the colours of Okabe and Ito",
}
_SOURCES = sorted(
    path
    for folder, kinds in (
        ("cxr_dash", ("py",)),
        ("training", ("py", "css", "html")),
        ("assets", ("css", "js")),
    )
    for kind in kinds
    for path in (ROOT / folder).rglob(f"*.{kind}")
)


def _colours(text: str) -> list[str]:
    return _COLOUR.findall(text)


def test_no_colour_stands_outside_the_palette() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): _colours(path.read_text(encoding="utf-8")) for path in _SOURCES
    }
    assert {name: colours for name, colours in found.items() if colours and name not in _ALLOWED} == {}
    assert {name for name in _ALLOWED if not found[name]} == set(), "no longer needed"
    assert set(found["cxr_dash/ui/figures/frame.py"]) == {"rgba(0,0,0,0)"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("color: #fff;", ["#fff"]),
        ('INK = "#d9e0e5"', ["#d9e0e5"]),
        ("background: #0b0f12d9 url()", ["#0b0f12d9"]),
        ("rgba(11, 15, 18, 0.5)", ["rgba(11, 15, 18, 0.5)"]),
        ("#findings [data-label]", []),
        ("case #1234567", []),
        ('f"#{red:02x}{green:02x}"', []),
        ("rgb(${table.join()})", []),
    ],
)
def test_a_colour_is_found(text: str, found: list[str]) -> None:
    assert _colours(text) == found


def test_the_style_sheet_has_the_palette_as_it_is() -> None:
    written = (ROOT / palette.STYLE_SHEET).read_text(encoding="utf-8")
    assert written == palette.style_sheet(), "run `python -m cxr_dash.palette`"


@pytest.mark.parametrize("path", sorted((ROOT / "assets").rglob("*.css")), ids=lambda path: path.name)
def test_style_sheets_use_only_variables_that_there_are(path: Path) -> None:
    sources = [one for one in _SOURCES if one.is_relative_to(ROOT / "assets")]
    every = "".join(one.read_text(encoding="utf-8") for one in sources)
    known = set(re.findall(r"(--[\w-]+): ", every))
    known |= set(re.findall(r"setProperty\(\s*\"(--[\w-]+)\"", every))
    assert set(re.findall(r"var\((--[\w-]+)", path.read_text(encoding="utf-8"))) - known == set()


def test_every_colour_of_the_palette_is_used() -> None:
    python = "".join(path.read_text(encoding="utf-8") for path in _SOURCES if path.suffix == ".py")
    page = "".join(path.read_text(encoding="utf-8") for path in _SOURCES if path.suffix in {".css", ".js"})
    unused = [
        name
        for name in palette.colours()
        if f"palette.{name}" not in python
        and f"{{{name}}}" not in python
        and not re.search(rf"[(\"]--{name.lower().replace('_', '-')}[)\"]", page)
    ]
    assert unused == []


def test_a_colour_is_given_as_figures_too() -> None:
    assert palette.rgb(palette.GROUND) == (11, 15, 18)
    assert palette.rgb(palette.GROUND_VEIL) == (11, 15, 18)
