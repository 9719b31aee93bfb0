"""A film that leaves the list is deleted on the server too: tried again, and named until it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route
from steps import again, frames, open_films
from watched import Watched

pytestmark = pytest.mark.browser


@pytest.fixture
def films(drawn: list[Path]) -> list[Path]:
    """It is all one here what a film shows."""
    return drawn


def _answering(page: Page, statuses: list[int]) -> list[str]:
    """Answer one DELETE after the other like that, the rest by the server; says for which films they came."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method != "DELETE":
            route.fallback()
            return
        asked.append(route.request.url.rsplit("/", 1)[-1])
        if statuses:
            status = statuses.pop(0)
            route.fulfill(status=status, headers={"Retry-After": "1"} if status == 503 else {})
        else:
            route.fallback()

    page.route("**/films/*", answer)
    return asked


def _picture_status(page: Page, film: str) -> int:
    return int(
        page.evaluate(
            """film => fetch(cxr.url(`/films/${film}/picture.jpg`), {cache: 'no-store'})
                .then(reply => reply.status)""",
            film,
        )
    )


def _cleared(page: Page, film: Path) -> str:
    """Open a film, clear the list, and say its key."""
    open_films(page, [film])
    key = page.evaluate("() => cxr.state.films[0].film")
    page.click("#worklist-note .link:last-child")
    return str(key)


def test_a_deletion_that_the_server_could_not_do_is_tried_again_and_not_said_to_be_done(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("status of 503", "status of 404")
    page = watched.page
    asked = _answering(page, [503, 503])
    film = _cleared(page, films[0])
    page.wait_for_selector("#deletion-note:has-text('1 film is not deleted yet; trying again…')")
    assert page.locator("#deletion-note button").is_hidden()
    page.wait_for_selector("#deletion-note", state="hidden")
    assert asked == [film] * 3
    assert _picture_status(page, film) == 404


def test_a_film_that_cannot_be_deleted_is_named_also_after_a_reload_until_it_is(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("status of 500", "status of 404")
    page = watched.page
    refused = [500] * 8
    asked = _answering(page, refused)
    film = _cleared(page, films[0])
    page.wait_for_selector("#deletion-note:has-text('1 film could not be deleted')")
    assert asked == [film] * 4
    assert _picture_status(page, film) == 200
    page.evaluate("() => cxr.session.save()")
    again(page)
    page.wait_for_selector("#deletion-note:has-text('1 film is not deleted yet')")
    refused[3:] = []
    page.wait_for_selector("#deletion-note:has-text('1 film could not be deleted')")
    refused.clear()
    page.click("#deletion-note button:text('Try again')")
    page.wait_for_selector("#deletion-note", state="hidden")
    assert _picture_status(page, film) == 404


def test_a_deletion_that_failed_is_said_in_spanish_too(spanish: Watched, films: list[Path]) -> None:
    spanish.expected = ("status of 500",)
    page = spanish.page
    _answering(page, [500] * 4)
    _cleared(page, films[0])
    page.wait_for_selector("#deletion-note:has-text('No se pudo borrar 1 placa')")
    page.click("#deletion-note button:text('Reintentar')")
    page.wait_for_selector("#deletion-note", state="hidden")


def test_a_list_is_cleared_a_few_films_at_a_time(page: Page) -> None:
    held: list[Route] = []
    most, answered = 0, 0
    page.route(
        "**/films/*",
        lambda route: held.append(route) if route.request.method == "DELETE" else route.fallback(),
    )
    page.evaluate("() => { for (let n = 0; n < 9; n += 1) cxr.deletions.release(`${n}`.repeat(32)); }")
    while answered < 9:
        page.wait_for_timeout(20)
        frames(page)
        most = max(most, len(held))
        if len(held) < min(4, 9 - answered):
            continue
        held.pop(0).fulfill(status=204)
        answered += 1
    assert most == 4
    assert held == []


def test_who_clears_the_list_and_leaves_at_once_leaves_no_film_behind(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("ERR_ABORTED", "ERR_FAILED", "status of 404")
    page = watched.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "DELETE":
            held.append(route)
        else:
            route.fallback()

    page.route("**/films/*", hold)
    film = _cleared(page, films[0])
    frames(page)
    assert len(held) == 1
    page.unroute("**/films/*", hold)
    again(page)
    page.wait_for_function("() => cxr.deletions.owed().length === 0")
    assert _picture_status(page, film) == 404
