"""Take the screenshots of the documentation, with drawn phantoms only.

    .venv/bin/gunicorn app:server &
    .venv/bin/python docs/screenshots/take.py http://127.0.0.1:8050

No film of a person appears in them: real films stay out of the repository.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page, Route, sync_playwright

from cxr_dash import imaging

HERE = Path(__file__).resolve().parent
BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


# height, width, seed, opacity
_PHANTOMS = (
    (1024, 1024, 0, True),
    (1180, 980, 0, False),
    (1024, 1024, 6, True),
    (1024, 900, 9, False),
)


def phantoms(folder: Path) -> list[Path]:
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


def shoot(page: Page, name: str) -> None:
    """Save what the page shows, packed as tightly as PNG allows."""
    page.wait_for_timeout(700)
    target = HERE / f"{name}.png"
    page.screenshot(path=target)
    # the phantoms' noise hardly packs: the two lowest bits go, which nobody sees
    picture = cv2.imread(str(target)) & 0xFC
    cv2.imwrite(
        str(target),
        picture,
        [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS],
    )


def open_films(page: Page, paths: list[Path]) -> None:
    """Open films and wait until none is busy."""
    before = page.locator(".row").count()
    page.set_input_files("#film-input", [str(path) for path in paths])
    page.wait_for_function(
        """n => document.querySelectorAll('.row').length === n
            && !document.querySelector('.row[data-state=busy]')""",
        arg=before + len(paths),
    )


def fresh(page: Page, url: str) -> None:
    """An empty page."""
    page.goto(url)
    page.wait_for_selector("#film-input", state="attached")
    page.wait_for_timeout(300)


def working(page: Page, url: str, films: list[Path]) -> None:
    """The page while the first film is being read: its answer is held back."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "question" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/_dash-update-component*", hold)
    fresh(page, url)
    page.set_input_files("#film-input", [str(path) for path in films[:3]])
    page.wait_for_timeout(1500)
    shoot(page, "working")
    for route in held:
        route.abort()
    page.unroute("**/_dash-update-component*", hold)


def main(url: str) -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        films = phantoms(folder)
        broken = folder / "notes.png"
        broken.write_text("no picture", encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        fresh(page, url)
        shoot(page, "empty")
        working(page, url, films)
        fresh(page, url)
        open_films(page, films[:1])
        shoot(page, "result")
        page.keyboard.press("h")
        shoot(page, "heat")
        page.click("#card-open")
        page.wait_for_selector(".modal .js-plotly-plot .main-svg")
        shoot(page, "model-card")
        fresh(page, url)
        open_films(page, [films[1], broken, films[2]])
        page.click(".row-main >> nth=1")
        shoot(page, "error")
        fresh(page, url)
        open_films(page, [*films[:3], letter(folder), films[3], broken])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        shoot(page, "several-films")
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.keyboard.press("h")
        shoot(page, "several-films-1920")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
