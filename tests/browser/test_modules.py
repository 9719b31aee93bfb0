"""The page's modules: each comes once, is kept, and none of them alone keeps the page from beginning."""

from __future__ import annotations

import pytest
from gunicorn_server import PATIENCE_SECONDS
from page_scripts import scripts
from playwright.sync_api import Route, expect
from steps import again, ready
from watched import Watched

pytestmark = pytest.mark.browser

_SENT = """() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/parts/'))
    .map(({ name, transferSize }) => [name, transferSize])"""


def test_every_module_comes_once_and_none_again_with_the_page(watched: Watched) -> None:
    page = watched.page
    asked = [one.url for one in watched.requests if one.resource_type == "script"]
    assert sum("/parts/" in url for url in asked) == len(scripts()) + 1  # and the entry
    assert len(set(asked)) == len(asked)
    assert [url for url in asked if "/assets/" in url and "/assets/js/begin.js?" not in url] == []
    first = dict(page.evaluate(_SENT))
    assert all(size > 0 for size in first.values())
    again(page)
    assert dict(page.evaluate(_SENT)) == dict.fromkeys(first, 0)


_NOTE = "#parts-note"


@pytest.mark.parametrize("name", ["64-roc.js", "page.js", "begin.js?*"])
def test_a_module_that_does_not_come_leaves_a_page_and_its_words(watched: Watched, name: str) -> None:
    watched.expected = ("status of 404", "dynamically imported module", "undefined (reading")
    page = watched.page

    def refuse(route: Route) -> None:
        route.fulfill(status=404)

    expect(page.locator(_NOTE)).to_be_hidden()
    page.route(f"**/{name}", refuse)
    page.reload()
    expect(page.locator("#drop")).to_be_attached()
    expect(page.locator(_NOTE)).to_contain_text("Reload the page")
    page.unroute(f"**/{name}")
    page.reload()
    ready(page)
    expect(page.locator(_NOTE)).to_be_hidden()


def test_a_module_that_is_late_is_waited_for_and_the_wait_is_said(watched: Watched) -> None:
    page = watched.page
    held: list[Route] = []
    page.route("**/64-roc.js", lambda route: held.append(route))  # noqa: PLW0108 (Playwright marks what it calls)
    page.reload(wait_until="commit")
    expect(page.locator(_NOTE)).to_contain_text("still waiting", timeout=1000 * PATIENCE_SECONDS)
    for route in held:
        route.continue_()
    ready(page)
    expect(page.locator(_NOTE)).to_be_hidden()
