"""One typeface in page, pictures and paper, in five sizes, in colours that can be read."""

from __future__ import annotations

import re
from itertools import product

import cv2
import numpy as np
import pytest
from reportlab.pdfbase.ttfonts import TTFont

from cxr_dash import palette, typeface
from cxr_dash.settings import ROOT

_TEXT = ("INK", "INK_SOFT", "DIM", "ACCENT", "ACCENT_BRIGHT", "ALERT", "AMBER", "RED", "ERROR", "ALARMS_TEXT")
_GROUNDS = ("GROUND", "RAISED", "RAISED_MORE")
_FILLED = (
    ("ON_ACCENT", "ACCENT_FILL"),
    ("ON_ACCENT", "ACCENT_GROUND"),
    ("ON_AMBER", "AMBER"),
    ("AMBER", "AMBER_GROUND"),
    ("ON_BAD", "BAD_GROUND"),
    ("ON_RED", "RED"),
    ("PAPER_INK", "PAPER_SHADE"),
    ("PAPER_SOFT", "WHITE"),
)
# Letters of no language: drawn by the machine's own typeface, where they are signs on a button.
_SIGNS = set("▸▾▴⇧")
_STYLES = sorted((ROOT / "assets" / "css").glob("*.css"))


def _luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    parts = (one / 255.0 for one in palette.rgb(colour))
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), [*product(_TEXT, _GROUNDS), *_FILLED])
def test_text_stands_out_from_its_ground(text: str, ground: str) -> None:
    dark, light = sorted(_luminance(getattr(palette, one)) for one in (text, ground))
    assert (light + 0.05) / (dark + 0.05) >= 5.9


@pytest.mark.parametrize("path", [typeface.REGULAR, typeface.BOLD], ids=lambda path: path.stem)
def test_pictures_and_paper_can_write_every_letter_of_every_sentence(path: object) -> None:
    sentences = "".join(
        one.read_text(encoding="utf-8") for one in (ROOT / "cxr_dash" / "translations").rglob("*.po")
    )
    known = TTFont("letters", path).face.charToGlyph
    assert {one for one in sentences if one.isprintable() and ord(one) not in known} <= _SIGNS


@pytest.mark.parametrize("path", [typeface.REGULAR, typeface.BOLD], ids=lambda path: path.stem)
def test_figures_are_as_wide_as_each_other_where_no_features_are_known(path: object) -> None:
    face = TTFont("figures", path).face
    assert len({face.getCharWidth(ord(one)) for one in "0123456789"}) == 1


def test_a_picture_is_lettered_in_the_typeface() -> None:
    def drawn(face: cv2.FontFace) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        pixels = np.zeros((60, 300, 3), np.uint8)
        cv2.putText(pixels, "Rag 48", (5, 45), (255, 255, 255), face, 40, 400)
        return pixels

    assert (drawn(cv2.FontFace(str(typeface.REGULAR))) != drawn(cv2.FontFace("sans"))).any()


def test_the_licence_travels_with_the_letters() -> None:
    for path in (typeface.LICENCE, ROOT / "assets" / "fonts" / "OFL.txt"):
        words = path.read_text(encoding="utf-8")
        assert "Inter Project Authors" in words
        assert "SIL OPEN FONT LICENSE" in words


def test_the_page_loads_the_typeface_from_its_own_server() -> None:
    base = (ROOT / "assets" / "css" / "10-base.css").read_text(encoding="utf-8")
    assert 'src: url("../fonts/inter.woff2")' in base
    assert (ROOT / "assets" / "fonts" / "inter.woff2").read_bytes()[:4] == b"wOF2"
    assert re.search(r"--font: Inter,", base)


@pytest.mark.parametrize("path", _STYLES, ids=lambda path: path.name)
def test_text_has_one_of_five_sizes_which_grow_with_the_screen(path: object) -> None:
    style = (ROOT / "assets" / "css" / str(path)).read_text(encoding="utf-8")
    sizes = re.findall(r"font-size: ([^;]+);", style) + re.findall(r"[^-]font: (?:\d+ )?([^ /;]+)/", style)
    tokens = {f"var(--text-{one})" for one in ("small", "body", "large", "figure", "title")}
    page = {"clamp(100%, 68% + 0.36vw, 125%)"}
    assert [one for one in sizes if one not in tokens | page and not one.endswith("em")] == []
    assert not any(one.endswith("rem") for one in sizes)
