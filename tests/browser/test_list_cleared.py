"""When the list is cleared, nothing of a film that is gone stays open."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from steps import frames, in_view, open_films

pytestmark = pytest.mark.browser

# by the key that opens it
_WINDOWS = {"t": "#cut-drawer", "q": "#marks-menu", "w": "#window-popover", "s": "#similar-body"}
# what a press beside it closes by itself, and what lies over the list: cleared without the button
_OVER = {"b": "#compare-menu", "d": "#download-menu", "l": ".modal.show"}


@pytest.fixture
def reading(page: Page, drawn: list[Path]) -> Page:
    open_films(page, drawn[:2])
    in_view(page)
    page.evaluate("() => cxr.cutDrawer.set(false)")
    frames(page)
    return page


@pytest.mark.parametrize("key", _WINDOWS)
def test_what_is_open_beside_the_list_closes_when_it_is_cleared(reading: Page, key: str) -> None:
    page = reading
    page.keyboard.press(key)
    page.wait_for_selector(_WINDOWS[key])
    page.click("button:text('Clear now')")
    page.click("button:text('Delete all 2?')")
    page.wait_for_selector(".row", state="detached")
    page.wait_for_selector(_WINDOWS[key], state="hidden")


@pytest.mark.parametrize("key", _OVER)
def test_what_lies_over_the_page_closes_when_the_list_is_cleared(reading: Page, key: str) -> None:
    page = reading
    page.keyboard.press(key)
    page.wait_for_selector(_OVER[key])
    page.evaluate("() => cxr.upload.clear()")
    page.wait_for_selector(_OVER[key], state="hidden")
    assert "card-" not in page.url


def test_the_films_to_compare_with_go_with_the_one_in_view_and_the_marks_stay(reading: Page) -> None:
    page = reading
    page.keyboard.press("b")
    page.wait_for_selector("#compare-menu")
    page.evaluate("() => cxr.upload.remove(cxr.rowInView())")
    page.wait_for_selector("#compare-menu", state="hidden")
    in_view(page)
    page.keyboard.press("q")
    page.wait_for_selector("#marks-menu")
    assert page.locator(".row").count() == 1
