"""What axe-core finds on every screen, and what it cannot see: zoom, motion, the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from steps import frames, in_view, open_films, show_heat

pytestmark = pytest.mark.browser

# WCAG 2.1 A and AA, and axe's own good practice.
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


def serious(page: Page) -> list[str]:
    """What axe-core calls serious or critical, in a line each."""
    frames(page)
    found = Axe().run(page, options=_RULES).response["violations"]
    return [
        f"{one['id']}: {node['html'][:120]} ({node['failureSummary'][:200]})"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]


def help_open(page: Page) -> None:
    page.click("#keys-button")


def card_open(page: Page) -> None:
    page.click("#card-open")
    page.wait_for_selector(".modal.show .card-warnings")


def label_open(page: Page) -> None:
    card_open(page)
    page.click('.card-nav a[href="#card-curves"]')
    page.wait_for_selector(".card-label .js-plotly-plot .main-svg .trace")


def menu_open(page: Page) -> None:
    page.keyboard.press("d")
    page.wait_for_selector("#download-menu")


def nothing(page: Page) -> None:
    """The screen as it is."""


@pytest.mark.parametrize("screen", [nothing, help_open, menu_open], ids=["empty page", "help", "menu"])
def test_an_empty_page_has_nothing_serious(page: Page, screen: Callable[[Page], None]) -> None:
    screen(page)
    assert serious(page) == []


@pytest.mark.parametrize(
    "screen", [nothing, show_heat, card_open, label_open], ids=["result", "heat", "model page", "its curves"]
)
def test_a_film_that_was_read_has_nothing_serious(
    page: Page, films: list[Path], screen: Callable[[Page], None]
) -> None:
    open_films(page, films[:1])
    in_view(page)
    screen(page)
    assert serious(page) == []


def sticks_out(page: Page) -> list[str]:
    """What a reader would have to scroll sideways for."""
    found = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(node => {
            const box = node.getBoundingClientRect();
            if (!box.width || getComputedStyle(node).visibility === 'hidden') return false;
            // what scrolls or is cut off inside its own frame is that frame's matter
            for (let up = node.parentElement; up; up = up.parentElement) {
                if (getComputedStyle(up).overflowX !== 'visible') return false;
            }
            return box.right > innerWidth + 1 || box.left < -1;
        }).map(node => `${node.tagName}#${node.id}.${node.className}`)"""
    )
    return [name for name in found if ".skip" not in name]


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 720), (640, 360), (390, 844)], ids=["laptop", "200 % zoom", "phone"]
)
def test_nothing_sticks_out_at_any_width(page: Page, films: list[Path], width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    open_films(page, films[:1])
    in_view(page)
    show_heat(page)
    frames(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert sticks_out(page) == []


def test_who_asked_for_less_motion_gets_none(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("() => document.querySelector('.pane').classList.add('loading')")
    running = page.evaluate(
        """() => [...document.querySelectorAll('*')].flatMap(node => ['', '::before', '::after'].map(
            part => getComputedStyle(node, part || null))).filter(
            style => parseFloat(style.animationDuration) > 0.01 || parseFloat(style.transitionDuration) > 0.01
        ).length"""
    )
    assert running == 0
