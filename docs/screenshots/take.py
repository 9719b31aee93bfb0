"""Take the pictures of the tour, with drawn phantoms only.

    .venv/bin/python docs/screenshots/take.py

Starts the application itself, with a reference library of phantoms. No film of a person appears: real films
stay out of the repository.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from cxr_dash import imaging

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

from gunicorn_server import running_gunicorn  # noqa: E402
from library_films import build_library, write_table  # noqa: E402
from steps import frames, open_films, ready, show_heat  # noqa: E402

from benchmarks.in_page import show_parts  # noqa: E402

BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZES = {"laptop": (1280, 720), "desk": (1920, 1080), "phone": (390, 844)}
WEBP_QUALITY = 82
# height, width, seed, opacity
_PHANTOMS = (
    (1024, 1024, 0, True),
    (1180, 980, 0, False),
    (1024, 1024, 6, True),
    (1024, 900, 9, False),
    (1100, 1024, 3, True),
    (1024, 1024, 12, False),
    (980, 900, 7, True),
)


def draw(folder: Path) -> list[Path]:
    """Drawn chests of different build, some with an opacity."""
    paths = []
    for number, (height, width, seed, opacity) in enumerate(_PHANTOMS, start=1):
        path = folder / f"phantom-{number}.png"
        path.write_bytes(imaging.encode_png(imaging.chest_phantom(height, width, seed, opacity=opacity), {}))
        paths.append(path)
    return paths


def letter(folder: Path) -> Path:
    """A page of text: a picture, but no film."""
    paper = np.full((600, 480), 255, np.uint8)
    for line in range(60, 560, 34):
        cv2.putText(paper, "no radiograph at all", (40, line), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    path = folder / "letter.png"
    path.write_bytes(imaging.encode_png(paper, {}))
    return path


def library(folder: Path, out: Path) -> None:
    """A reference library of phantoms; what has a drawn opacity is labelled so."""
    folder.mkdir()
    lines = []
    for seed in range(20, 44):
        film = imaging.chest_phantom(600, 560, seed, opacity=bool(seed % 2))
        (folder / f"{seed}.png").write_bytes(imaging.encode_png(film, {}))
        lines.append(f"{seed}.png,{'mass' if seed % 2 else 'No finding'},drawn")
    write_table(folder, lines)
    build_library(folder, out)


def shoot(page: Page, name: str) -> None:
    """Save what the page shows."""
    page.mouse.move(640, 2)
    page.evaluate("() => document.fonts.ready")
    page.wait_for_timeout(500)
    frames(page)
    shot = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    cv2.imwrite(str(HERE / f"{name}.webp"), shot, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])
    print(name)  # noqa: T201


class Tour:
    """The screens, one after another, each on a page of its own."""

    def __init__(self, browser: Browser, url: str, folder: Path) -> None:
        self.browser, self.url, self.folder = browser, url, folder
        self.films = draw(folder)
        self.broken = folder / "notes.png"
        self.broken.write_text("no picture", encoding="utf-8")

    def screen(
        self, name: str, steps: Callable[[Page], None], size: str = "laptop", locale: str = "en-GB"
    ) -> None:
        """One picture."""
        width, height = SIZES[size]
        context = self.browser.new_context(viewport={"width": width, "height": height}, locale=locale)
        page = context.new_page()
        page.goto(self.url)
        ready(page)
        steps(page)
        shoot(page, name)
        context.close()

    def first(self, page: Page) -> None:
        """One film, read."""
        open_films(page, self.films[:1])

    def heat(self, page: Page) -> None:
        """Its heat."""
        self.first(page)
        show_heat(page)

    def contour(self, page: Page) -> None:
        """Its heat as lines."""
        self.heat(page)
        page.keyboard.press("c")

    def roc(self, page: Page) -> None:
        """The threshold panel with its curve, at a cut of the reader's own."""
        self.first(page)
        for key in ("g", "]", "]", "]"):
            page.keyboard.press(key)
        page.locator(".cut-panel").evaluate("node => node.scrollIntoView({ block: 'start' })")

    def prior(self, page: Page) -> None:
        """A film beside an earlier one."""
        open_films(page, self.films[:3])
        page.keyboard.press("b")
        page.click("[data-compare=film]")
        page.click("[data-prior] >> nth=0")
        page.wait_for_selector(".pane >> nth=1")

    def accepted(self, page: Page) -> None:
        """Findings accepted, and the text made of them."""
        open_films(page, self.films[:1])
        page.click("#more")
        for key in (".", "ArrowRight", "ArrowRight", "."):
            page.keyboard.press(key)
        page.keyboard.press(";")
        page.wait_for_function("() => document.querySelector('#report-text textarea').value.length > 80")

    def several(self, page: Page) -> None:
        """A list with all that can become of a film."""
        open_films(page, [*self.films[:3], letter(self.folder), *self.films[3:], self.broken])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")

    def several_with_heat(self, page: Page) -> None:
        """The same, with heat."""
        self.several(page)
        show_heat(page)

    def refused(self, page: Page) -> None:
        """A file that is no picture."""
        open_films(page, [self.films[1], self.broken, self.films[2]])
        page.click(".row-main >> nth=1")

    def reading(self, page: Page) -> None:
        """The reader first."""
        open_films(page, self.films[:3])
        page.keyboard.press("y")
        page.click("#own-reading label:has-text('Abnormal')")

    def similar(self, page: Page) -> None:
        """Cases of the site's own."""
        self.first(page)
        page.keyboard.press("s")
        page.wait_for_selector("#similar-body .case")
        page.locator("#similar-body").evaluate("node => node.scrollIntoView({ block: 'end' })")

    def menu(self, page: Page) -> None:
        """What can be taken away."""
        self.first(page)
        page.keyboard.press("d")

    def model_page(self, page: Page) -> None:
        """The model page."""
        self.first(page)
        page.keyboard.press("l")
        page.wait_for_selector(".modal.show .card-warnings")

    def curves(self, page: Page) -> None:
        """Its curves."""
        self.model_page(page)
        page.click('.card-nav a[href="#card-curves"]')
        page.wait_for_selector("#card-curves .js-plotly-plot .main-svg")

    def help(self, page: Page) -> None:
        """The keys."""
        self.first(page)
        page.keyboard.press("?")

    def take(self) -> None:
        """All of them."""
        self.screen("empty", lambda page: None)  # noqa: ARG005
        self.screen("result", self.first)
        self.screen("heat", self.heat)
        self.screen("contour", self.contour)
        self.screen("threshold", self.roc)
        self.screen("prior", self.prior)
        self.screen("refused", self.refused)
        self.screen("read-first", self.reading)
        self.screen("similar", self.similar)
        self.screen("report-text", self.accepted)
        self.screen("take-away", self.menu)
        self.screen("keys", self.help)
        self.screen("spanish", self.heat, locale="es-ES")
        self.screen("worklist", self.several)
        self.screen("worklist-1920", self.several_with_heat, "desk")
        self.screen("model-page-1920", self.model_page, "desk")
        self.screen("curves", self.curves)
        self.screen("phone-empty", lambda page: None, "phone")  # noqa: ARG005
        self.screen("phone-heat", self.heat, "phone")


def main() -> None:
    """Start everything, take them, stop everything."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        library(folder / "labelled", folder / "library")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_ARGUMENTS)
        show_parts(browser)
        with running_gunicorn(folder) as server:
            Tour(browser, f"http://127.0.0.1:{server.port}", folder).take()
        browser.close()


if __name__ == "__main__":
    main()
