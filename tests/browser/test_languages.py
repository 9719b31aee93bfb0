"""The page in Spanish: all of it, in every state a reader comes by, and for as long as it was chosen."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from steps import beside, frames, settled
from watched import Watched

pytestmark = pytest.mark.browser

# What is on the screen or read aloud, but for what says itself that it is in another language, and for names.
_SAID = """() => {
  const shown = (node) => node.checkVisibility({ visibilityProperty: true });
  const ours = (node) => node.closest('[lang]').lang === document.documentElement.lang
    && !node.closest('code, kbd, script, style, .footer-model');
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (shown(node) && ours(node)) said.push(walker.currentNode.textContent.trim());
  }
  for (const name of ['title', 'aria-label', 'aria-valuetext', 'alt', 'placeholder']) {
    for (const node of document.querySelectorAll(`[${name}]`)) {
      if (shown(node) && ours(node)) said.push(node.getAttribute(name));
    }
  }
  return said.filter(Boolean);
}"""
# English words that hardly a sentence does without, and this page's own; none of them is Spanish too.
_ENGLISH = re.compile(
    r"\b(the|of|and|with|without|is|are|was|were|not|this|that|its|your|for|from|by|to|at|on|in|how|what|which|"
    r"above|add|all|below|close|cuts?|thresholds?|films?|findings?|heat|heatmap|help|hide|keys|list|more|next|none|open|page|"
    r"previous|read|reading|remove|score|show|threshold|try|view)\b",
    re.IGNORECASE,
)

_NAMED = re.compile(r"`[^`]*`|[\w-]+ \d+\.\d+\.\d+")


def left_in_english(page: Page) -> list[str]:
    """Every text on the screen, or behind it for screen readers, that looks English."""
    frames(page)
    said = page.evaluate(_SAID)
    assert len(said) > 20, "the page is not there"
    # keys of labels and commands are quoted as they are, and so are models by their id and version
    return sorted({text for text in said if _ENGLISH.search(_NAMED.sub("", text))})


def drop(page: Page, *paths: Path) -> None:
    """Open files and wait until each row says what became of it; show figures that were held back."""
    before = page.locator(".row").count()
    page.set_input_files("#film-input", [str(path) for path in paths])
    settled(page, before + len(paths))
    anyway = page.get_by_role("button", name="Mostrar las cifras de todos modos")
    if anyway.is_visible():
        anyway.click()
    frames(page)


def test_a_browser_that_prefers_spanish_gets_the_page_in_spanish(spanish: Watched) -> None:
    page = spanish.page
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("footer")).to_contain_text("Ayuda a la decisión para lectores formados.")
    expect(page.locator("#headline")).to_have_text("Aún no hay placa.")
    expect(page.get_by_role("button", name="Español")).to_have_attribute("aria-pressed", "true")
    assert left_in_english(page) == []
    page.keyboard.press("?")
    expect(page.locator("#keys-help")).to_contain_text("mapa de calor: mostrar u ocultar")
    assert left_in_english(page) == []


def test_a_film_is_read_in_spanish_with_spanish_figures(spanish: Watched, films: list[Path]) -> None:
    page = spanish.page
    drop(page, films[1])
    headline = page.inner_text("#headline")
    assert re.match(
        r"\d+ hallazgos? (?:que|por) revisar|Nada por encima|Solo |No se puede juzgar", headline
    ), headline
    assert page.inner_text(".row-title") == "placa 01"
    names = " ".join(page.locator(".finding-name").all_text_contents())
    assert "Derrame pleural" in names
    assert "Neumonía" in names
    # figures: a decimal comma, and a no-break space before the sign
    figures = page.inner_text("#panel")
    assert re.search(r"\d,\d\u00a0%", figures)
    assert not re.search(r"\d\.\d|\d%", figures)
    assert left_in_english(page) == []
    page.click('.tool[data-action="heat"]')
    page.wait_for_function("() => document.querySelector('.tool[data-action=heat]').ariaPressed === 'true'")
    frames(page, 10)
    assert left_in_english(page) == []


def test_what_cannot_be_read_says_so_in_spanish(spanish: Watched, tmp_path: Path) -> None:
    spanish.expected = ("status of 415", "status of 422")
    page = spanish.page
    letter = tmp_path / "carta.png"
    letter.write_text("Estimado colega:", encoding="utf-8")
    drop(page, letter)
    expect(page.locator("#headline")).to_have_text("No se pudo abrir esta placa.")
    expect(page.locator(".row-reason").first).to_contain_text("se recibió un archivo de texto.")
    assert left_in_english(page) == []
    document = np.full((600, 500), 255, np.uint8)
    for line in range(60, 560, 40):
        cv2.putText(document, "lorem ipsum", (40, line), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    picture = tmp_path / "documento.png"
    cv2.imwrite(str(picture), document)
    page.set_input_files("#film-input", [str(picture)])
    settled(page, 2)
    page.click(".row-main >> nth=1")
    expect(page.locator("#headline")).to_have_text("No se puede juzgar esta placa.")
    assert left_in_english(page) == []


def test_every_part_of_the_reading_room_speaks_spanish(
    spanish: Watched, films: list[Path], tmp_path: Path
) -> None:
    page = spanish.page
    drop(page, *films)
    # the list: order and filter
    page.keyboard.press("e")
    page.fill(".list-filter", "placa 0")
    frames(page)
    assert page.locator(".row:visible").count() == len(films)
    assert left_in_english(page) == []
    page.fill(".list-filter", "")
    page.locator(".list-filter").blur()
    # the film: window, flip, magnifier
    for key in ("w", "x"):
        page.keyboard.press(key)
    expect(page.locator(".film-note:visible").first).to_contain_text("Voltead")
    assert left_in_english(page) == []
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    # side by side with a prior film
    beside(page, "row-2")
    expect(page.locator(".pane-related")).to_have_text("No consta que sea el mismo paciente")
    expect(page.locator(".pane.second .pane-head")).to_contain_text("previa")
    assert left_in_english(page) == []
    page.keyboard.press("Escape")
    # the cut: curve and a cut of one's own
    for key in ("g", "]"):
        page.keyboard.press(key)
    expect(page.locator("#panel")).to_contain_text("Umbral elegido por usted; el predeterminado es")
    assert left_in_english(page) == []
    # similar cases: none on this server
    page.keyboard.press("s")
    expect(page.locator("#similar-body")).to_contain_text("cxr-dash library build")
    # to take away: the menu, and the report
    page.keyboard.press("d")
    frames(page)
    assert left_in_english(page) == []
    page.keyboard.press("Escape")
    with page.expect_download() as caught:
        page.click("#download-report")
    caught.value.save_as(tmp_path / "informe.pdf")
    report = " ".join(sheet.extract_text() for sheet in PdfReader(tmp_path / "informe.pdf").pages)
    assert "Sensibilidad" in report
    assert "No sustituye su lectura." in report
    # reading first
    page.keyboard.press("y")
    expect(page.locator("#own-reading")).to_contain_text("¿Qué ve?")
    assert left_in_english(page) == []
    page.keyboard.press("y")


def test_the_model_card_opens_in_spanish(spanish: Watched) -> None:
    page = spanish.page
    page.click("#card-open")
    expect(page.get_by_role("heading", name="Antes de fiarse de él")).to_be_visible()
    assert left_in_english(page) == []


def test_a_language_chosen_on_the_page_stays(spanish: Watched) -> None:
    page = spanish.page
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#headline")).to_have_text("No film yet.")
    page.goto(spanish.origin)
    expect(page.locator("#headline")).to_have_text("No film yet.")
    # an address that names a language outweighs the choice, until there is another one
    page.goto(f"{spanish.origin}/?lang=es")
    expect(page.locator("#headline")).to_have_text("Aún no hay placa.")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#headline")).to_have_text("No film yet.")
    assert "lang=" not in page.url
