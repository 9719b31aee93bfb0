"""What a reader does, in words."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

# opens the page anew, of any size and in any language
Opener = Callable[..., Page]


def ready(page: Page) -> None:
    """Wait until the page answers to keys and knows its model: Dash brings the two in its own time."""
    page.wait_for_selector("#film-input", state="attached")
    page.wait_for_function("() => cxr.state.built && cxr.state.facts")


def unfold(page: Page) -> None:
    """Open the list and the threshold panel, which are folded where the screen is small."""
    page.evaluate("() => { cxr.fold.toggle(true); cxr.cutDrawer.set(true); }")
    frames(page)


def again(page: Page) -> None:
    """Load the page anew, and wait until it is ready."""
    page.reload()
    ready(page)


def open_card(page: Page) -> None:
    """Open the page about the model by its key, and wait for its list of sections."""
    page.keyboard.press("l")
    page.wait_for_selector(".modal.show .card-nav a")


def choose_model(page: Page, model: str) -> None:
    """Choose a model and wait until the page has changed over: its panel comes a moment before its facts."""
    page.select_option("#model", model)
    page.wait_for_selector(f'.panel-body[data-model="{model}"]')
    page.wait_for_function(
        "id => cxr.state.facts && cxr.state.facts.id === id && !cxr.state.lateModel", arg=model
    )
    frames(page)


def tap(page: Page, key: str) -> None:
    """Press a key and let go at once.

    Playwright sends the two apart: on a busy machine, as far apart as those of a key that is held.
    """
    page.evaluate(
        """key => {
            for (const kind of ['keydown', 'keyup']) {
                document.activeElement.dispatchEvent(new KeyboardEvent(kind, { key, bubbles: true }));
            }
        }""",
        key,
    )


def open_films(page: Page, paths: Sequence[Path]) -> None:
    """Open films and wait until each row says what became of it."""
    before = page.locator(".row").count()
    page.set_input_files("#film-input", [str(path) for path in paths])
    settled(page, before + len(paths))
    # a model may refuse the drawn phantoms that stand in where the shared films are missing
    anyway = page.locator("button:text('Show the figures anyway')")
    if anyway.is_visible():
        anyway.click()
        frames(page)
    explained(page)


def explained(page: Page) -> None:
    """Wait until the page knows how far the heat of the film in view may be relied on, if it shows any."""
    page.wait_for_function(
        """() => {
            const answer = cxr.answerOf(cxr.rowInView());
            return !cxr.figuresShown(cxr.rowInView(), answer) || !cxr.trust.waits(answer);
        }"""
    )
    frames(page)


def settled(page: Page, rows: int) -> None:
    """Wait until the worklist has so many rows and none is busy."""
    page.wait_for_function(
        """count => {
            const rows = [...document.querySelectorAll('.row')];
            const done = row => row.dataset.state && row.dataset.state !== 'busy';
            return rows.length === count && rows.every(done);
        }""",
        arg=rows,
    )


def in_view(page: Page) -> None:
    """Wait until the selected film's picture is on the screen."""
    frames(page)
    page.wait_for_function(
        "() => { const i = document.querySelector('.film'); return i && i.complete && i.naturalWidth > 0 &&"
        " getComputedStyle(i.parentElement).visibility === 'visible'; }"
    )


def frames(page: Page, count: int = 3) -> None:
    """Let the page paint."""
    page.evaluate(
        """n => new Promise(done => {
            const next = () => (n-- > 0 ? requestAnimationFrame(next) : done());
            next();
        })""",
        count,
    )


def beside(page: Page, row: str) -> None:
    """Choose a film of the list to stand beside the one in view, as a prior."""
    page.keyboard.press("b")
    page.click("[data-compare=film]")
    page.click(f"#compare-menu [data-prior={row}]")


def localised_label(page: Page) -> str:
    """The label of the film in view whose map shows the strongest evidence on its scale."""
    label = page.evaluate(
        """() => {
            const answer = cxr.answerOf(cxr.rowInView());
            const strength = key => cxr.heat.onScale(1, answer.heat[key]);
            const shown = Object.keys(answer.heat).filter(key => !answer.heat[key].flat);
            return shown.sort((one, other) => strength(other) - strength(one))[0] || null;
        }"""
    )
    assert label is not None, "no label of this film has localised evidence"
    return str(label)


def choose_label(page: Page, label: str) -> None:
    """Choose a finding by its row, opening the list where it is folded away."""
    row = page.locator(f'#findings [data-label="{label}"]')
    if not row.is_visible():
        page.click("#more")
    row.click()


def show_heat(page: Page) -> None:
    """Switch the heat on and wait until it is drawn."""
    page.click('.tool[data-action="heat"]')
    page.wait_for_function(
        "() => { const c = document.getElementById('heat-canvas'); return !c.hidden && c.dataset.drawn; }"
    )


def heat_pixels(page: Page) -> NDArray[np.uint8]:
    """The heat canvas: RGBA, shape (H, W, 4)."""
    frames(page)
    url = page.evaluate("() => document.getElementById('heat-canvas').toDataURL('image/png')")
    data = np.frombuffer(base64.b64decode(url.split(",")[1]), np.uint8)
    bgra = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    return np.asarray(bgra[..., [2, 1, 0, 3]], np.uint8)
