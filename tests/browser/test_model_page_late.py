"""The page about the model where answers are lost on their way: it says so, and asks until they come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect
from steps import frames, open_card, open_films
from watched import Watched

pytestmark = pytest.mark.browser

_CALLBACKS = re.compile("_dash-update-component")
_LATE = "#card-late"


@contextmanager
def _lost(watched: Watched, question: str) -> Iterator[list[str]]:
    """Meanwhile no answer to a question arrives; what was asked is handed out."""
    watched.expected = ("net::ERR_FAILED", "Callback failed: the server did not respond")
    asked: list[str] = []

    def lose(route: Route) -> None:
        body = route.request.post_data or ""
        if f'"id":"{question}"' not in body.replace(" ", ""):
            route.fallback()
            return
        asked.append(body)
        route.abort()

    watched.page.route(_CALLBACKS, lose)
    yield asked
    watched.page.unroute(_CALLBACKS, lose)


def test_a_section_that_was_lost_is_said_to_be_missing_and_asked_for_until_it_comes(watched: Watched) -> None:
    page = watched.page
    open_card(page)
    late = page.locator(_LATE)
    expect(late).to_be_hidden()
    with _lost(watched, "card-asked") as asked:
        page.click('.card-nav a[href="#card-use"]')
        expect(late).to_have_text("The section you chose has not come. It is asked for until it does.")
        expect(page.locator("#card-use")).to_have_count(0)
        # the one before is not called the new one
        expect(page.locator('.card-nav a[href="#card-use"][aria-current]')).to_have_count(0)
    assert asked
    expect(page.locator("#card-use")).to_be_visible()
    expect(late).to_be_hidden()
    watched.quiet()


def test_a_page_that_was_lost_as_it_opened_comes_and_one_closed_meanwhile_is_asked_for_no_more(
    watched: Watched,
) -> None:
    page = watched.page
    with _lost(watched, "card-asked"):
        page.keyboard.press("l")
        expect(page.locator(_LATE)).to_be_visible()
    expect(page.locator(".card-warnings, .card-bad").first).to_be_visible()
    expect(page.locator(_LATE)).to_be_hidden()
    with _lost(watched, "card-asked") as asked:
        page.click('.card-nav a[href="#card-films"]')
        page.keyboard.press("Escape")
        page.wait_for_selector(".modal", state="detached")
        watched.quiet()
        page.clock.install()
        page.clock.run_for(60_000)
        frames(page)
        assert len(asked) == 1


def test_counts_that_were_lost_are_said_to_be_of_an_earlier_threshold(
    watched: Watched, drawn: list[Path]
) -> None:
    page = watched.page
    open_films(page, drawn[:1])
    open_card(page)
    page.click('.card-nav a[href="#card-curves"]')
    found = page.locator(".confusion [data-count=found] strong").first
    expect(found).to_be_visible()
    before = found.inner_text()
    with _lost(watched, "card-cut-moved"):
        page.focus("#card-cut-slider")
        page.keyboard.press("Home")
        expect(page.locator(_LATE)).to_contain_text("The counts are of an earlier threshold.")
        assert found.inner_text() == before
    expect(page.locator(_LATE)).to_be_hidden()
    # at a threshold of nothing every film with the finding is found
    expect(page.locator(".confusion [data-count=missed] strong").first).to_have_text("0")
    assert found.inner_text() != before
