"""The list outlives a reload, a change of language and a dead server, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from gunicorn_server import PATIENCE_SECONDS, running_gunicorn
from playwright.sync_api import Browser, Page, Route
from steps import again, choose_model, frames, in_view, open_films, ready, settled
from watched import Watched

from cxr_dash import imaging

pytestmark = pytest.mark.browser


@pytest.fixture
def films(drawn: list[Path]) -> list[Path]:
    """It is all one here what a film shows."""
    return drawn


def stored(page: Page) -> Any:
    """What the tab keeps, once it has caught up with the page."""
    page.evaluate("() => cxr.session.save()")
    text = page.evaluate("() => sessionStorage.getItem('cxr-session')")
    return json.loads(text) if text else None


def answered(page: Page) -> None:
    page.wait_for_function(
        "() => cxr.state.films.length &&"
        " cxr.state.films.every(item => item.status !== 'kept' || cxr.heard(item))"
    )
    frames(page)


def test_a_reload_keeps_rows_marks_choices_and_model(
    watched: Watched, films: list[Path], tmp_path: Path
) -> None:
    page = watched.page
    named = tmp_path / f"Jane-Doe-1970{films[0].suffix}"
    named.write_bytes(films[0].read_bytes())
    models = page.eval_on_selector_all("#model option:enabled", "all => all.map(option => option.value)")
    other = next(model for model in models if model != page.input_value("#model"))
    choose_model(page, other)
    open_films(page, [named, films[1]])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("u")
    frames(page)
    label = page.evaluate("() => cxr.modelLabels().at(-1).key")
    page.evaluate("label => cxr.chooseLabel(label)", label)
    frames(page)
    keep = "() => [...document.querySelectorAll('.row')].map(row => row.innerText + row.dataset.state)"
    before = page.evaluate(keep)
    assert "Jane-Doe" in page.locator(".row-name").first.inner_text()
    posted = [r for r in watched.requests if r.method == "POST" and "/films" in r.url]
    again(page)
    page.wait_for_function("id => cxr.state.facts && cxr.state.facts.id === id", arg=other)
    settled(page, 2)
    answered(page)
    in_view(page)
    assert page.evaluate(keep) == before
    assert page.inner_text(".row.selected .row-title") == "film 02"
    assert page.locator(".row.is-read").count() == 1
    assert page.evaluate("() => cxr.labelInView()") == label
    assert [r for r in watched.requests if r.method == "POST" and "/films" in r.url] == posted


def test_the_list_survives_a_change_of_language(page: Page, films: list[Path]) -> None:
    open_films(page, films[:2])
    keys = page.evaluate("() => cxr.state.films.map(item => item.film)")
    with page.expect_navigation():
        page.click('[data-language="es"]')
    ready(page)
    settled(page, 2)
    assert page.evaluate("() => cxr.state.films.map(item => item.film)") == keys


def test_a_film_that_was_not_sent_asks_to_be_dropped_again_and_gets_its_row_back(
    page: Page, films: list[Path]
) -> None:
    open_films(page, films[:1])
    page.route("**/films?*", lambda _route: None)
    page.set_input_files("#film-input", str(films[1]))
    page.wait_for_function("() => cxr.state.films[1]?.sha")
    frames(page)
    page.unroute("**/films?*")
    stored(page)
    again(page)
    settled(page, 2)
    assert "Drop the same file once more" in page.inner_text(".row-reason:visible")
    assert page.locator("button:visible:text('Try again')").count() == 0
    page.set_input_files("#film-input", str(films[1]))
    answered(page)
    settled(page, 2)
    assert page.locator(".row-title").all_text_contents() == ["film 01", "film 02"]
    assert page.locator('.row[data-state="error"]').count() == 0


def test_a_film_that_went_meanwhile_says_so_and_takes_the_file_back(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("status of 404",)
    page = watched.page
    open_films(page, films[:1])
    stored(page)
    page.evaluate("() => fetch(cxr.url(`/films/${cxr.rowInView().film}`), {method: 'DELETE'})")
    again(page)
    page.wait_for_selector('.row[data-state="error"]')
    assert page.inner_text(".row-note") == "no longer kept"
    page.set_input_files("#film-input", str(films[0]))
    page.wait_for_selector('.row:not([data-state="error"]):not([data-state="busy"])')
    assert page.locator(".row").count() == 1


def test_nothing_is_kept_of_a_list_that_was_cleared_and_parts_come_back_with_one_that_was_not(
    page: Page, films: list[Path]
) -> None:
    open_films(page, films[:1])
    page.evaluate("() => cxr.session.part('trial', {save: () => ({figure: 7}), load: () => {}})")
    assert stored(page)["parts"]["trial"] == {"figure": 7}
    again(page)
    settled(page, 1)
    assert page.evaluate(
        "() => new Promise(done => cxr.session.part('trial', {save: () => null, load: done}))"
    ) == {"figure": 7}
    page.click("button:text('Clear now')")
    frames(page)
    assert page.evaluate("() => sessionStorage.length") == 0


def _noisy(folder: Path, count: int) -> list[Path]:
    paths = []
    for seed in range(count):
        noise = np.random.default_rng(seed).normal(0, 6, (500, 420))
        film = np.clip(imaging.chest_phantom(500, 420, seed).astype(np.float64) + noise, 0, 255).astype(
            np.uint8
        )
        paths.append(folder / f"film-{seed}.png")
        cv2.imwrite(str(paths[-1]), film)
    return paths


def _kill(process: psutil.Process) -> None:
    for one in [*process.children(), process]:
        one.kill()


def test_a_server_killed_between_ten_uploads_is_waited_for_and_the_list_goes_on(
    chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE_SECONDS)
    held: list[Route] = []
    passed: list[str] = []

    def hold_after_four(route: Route) -> None:
        passed.append(route.request.url)
        if len(passed) > 4 and not held[1:]:
            held.append(route)
        else:
            route.continue_()

    with running_gunicorn(tmp_path) as server:
        page.goto(f"http://127.0.0.1:{server.port}")
        ready(page)
        page.route("**/films?*", hold_after_four)
        page.set_input_files("#film-input", [str(path) for path in _noisy(tmp_path, 10)])
        page.wait_for_function("() => cxr.state.films.filter(item => item.status === 'kept').length === 4")
        page.wait_for_function("() => cxr.state.films.filter(item => item.status === 'sending').length === 2")
        frames(page)
        _kill(psutil.Process(server.process.pid))
        server.process.wait()
        for route in held:
            route.continue_()
        page.wait_for_selector("#banner:visible")
        assert page.locator(".row").count() == 10
    with running_gunicorn(tmp_path, port=server.port):
        page.wait_for_selector("#banner", state="hidden")
        settled(page, 10)
        answered(page)
        assert page.locator('.row[data-state="error"]').count() == 0
        again(page)
        settled(page, 10)
        answered(page)
        assert page.locator('.row[data-state="error"]').count() == 0
    context.close()
