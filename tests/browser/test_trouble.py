"""What the page says and does when the server is slow, gone, or keeps a film no more."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from gunicorn_server import PATIENCE_SECONDS
from playwright.sync_api import Browser, Page, Route
from steps import (
    choose_label,
    frames,
    heat_pixels,
    in_view,
    localised_label,
    open_films,
    settled,
    show_heat,
)
from watched import Watched
from werkzeug.serving import make_server

from cxr_dash.settings import Settings
from cxr_dash.web import create_app

pytestmark = pytest.mark.browser


@pytest.fixture
def films(drawn: list[Path]) -> list[Path]:
    """It is all one here what a film shows."""
    return drawn


CALLBACKS = re.compile("_dash-update-component")


def _forget_on_server(page: Page) -> None:
    page.evaluate("() => fetch(cxr.url(`/films/${cxr.rowInView().film}`), {method: 'DELETE'})")


def _two_localised(page: Page) -> tuple[str, str]:
    """Two labels of the film in view whose maps show evidence; the second is made to, where one has."""
    first = localised_label(page)
    second = page.evaluate(
        """first => {
            const heat = cxr.answerOf(cxr.rowInView()).heat;
            const key = Object.keys(heat).find(key => key !== first);
            heat[key].flat = false;
            return key;
        }""",
        first,
    )
    return first, str(second)


def test_a_picture_that_is_gone_is_asked_for_once_and_named(watched: Watched, films: list[Path]) -> None:
    watched.expected = ("status of 404",)
    page = watched.page
    open_films(page, films[:2])
    in_view(page)
    page.evaluate(
        """() => Promise.all(cxr.state.films.map(item => {
            cxr.pictures.forget(item.film);
            return fetch(cxr.url(`/films/${item.film}`), {method: 'DELETE'});
        }))"""
    )
    before = len(watched.requests)
    page.click(".row-main >> nth=1")
    page.wait_for_selector('.row.selected[data-state="error"]')
    frames(page, 30)
    asked = [r for r in watched.requests[before:] if r.url.endswith("picture.jpg")]
    assert len(asked) == 1
    assert page.inner_text("#headline") == "This film is no longer kept."
    page.click(".row.selected button:text('Try again')")
    page.wait_for_selector('.row.selected:not([data-state="error"]):not([data-state="busy"])')
    in_view(page)


def test_no_heat_of_another_finding_is_shown_while_one_is_fetched_or_cannot_be(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("ERR_FAILED",)
    page = watched.page
    open_films(page, films[:1])
    in_view(page)
    first, second = _two_localised(page)
    choose_label(page, first)
    show_heat(page)
    held: list[Route] = []
    page.route("**/heat-layer.png", lambda route: held.append(route))  # noqa: PLW0108
    with page.expect_request("**/heat-layer.png"):
        choose_label(page, second)
    frames(page)
    assert page.locator("#heat-canvas").is_hidden()
    held[0].abort()
    page.wait_for_selector("#heat-note:has-text('could not be fetched')")
    assert page.locator("#heat-canvas").is_hidden()
    choose_label(page, first)
    page.wait_for_selector("#heat-canvas")
    assert heat_pixels(page)[..., 3].any()
    assert "could not" not in page.inner_text("#heat-note")


def test_a_download_of_a_film_that_is_gone_leaves_the_reader_on_the_page(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("status of 404",)
    page = watched.page
    open_films(page, films[:2])
    in_view(page)
    choose_label(page, localised_label(page))
    _forget_on_server(page)
    frames(page)
    page.click("#download-overlay")
    page.wait_for_selector('.row.selected[data-state="error"]')
    assert page.url.split("#")[0].rstrip("/") == watched.origin
    assert page.locator(".row").count() == 2
    assert page.inner_text("#headline") == "This film is no longer kept."


def test_figures_of_one_model_never_stay_beside_the_name_of_another(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("ERR_FAILED", "did not respond")
    page = watched.page
    open_films(page, films[:1])
    shown = page.get_attribute(".panel-body", "data-model")
    models = page.eval_on_selector_all("#model option:enabled", "all => all.map(option => option.value)")
    other = next(model for model in models if model != shown)

    def refuse(route: Route) -> None:
        route.abort()

    page.route(CALLBACKS, refuse)
    page.select_option("#model", other)
    page.wait_for_function("() => document.getElementById('figures').hidden")
    assert page.inner_text("#headline") == "Fetching the model…"
    page.unroute(CALLBACKS, refuse)
    page.wait_for_function(
        "id => cxr.state.facts.id === id && Boolean(cxr.answerOf(cxr.rowInView()))", arg=other
    )
    frames(page)
    assert page.get_attribute(".panel-body", "data-model") == other
    assert page.locator("#headline").inner_text() != "Fetching the model…"


def test_a_question_that_went_down_with_the_server_is_asked_again(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("ERR_FAILED", "did not respond")
    page = watched.page
    open_films(page, films[:1])
    refused: list[str] = []

    def refuse_the_first_question(route: Route) -> None:
        if not refused and "answer.data" in (route.request.post_data or ""):
            refused.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route(CALLBACKS, refuse_the_first_question)
    page.evaluate("() => cxr.analysis.retry(cxr.rowInView())")
    page.wait_for_function("() => { const a = cxr.answerOf(cxr.rowInView()); return a && !a.error; }")
    assert len(refused) == 1


def test_a_film_that_never_arrives_is_not_sent_for_ever(watched: Watched, films: list[Path]) -> None:
    watched.expected = ("ERR_FAILED",)
    page = watched.page
    sent: list[str] = []

    def refuse(route: Route) -> None:
        sent.append(route.request.url)
        route.abort()

    page.route("**/films?*", refuse)
    page.set_input_files("#film-input", str(films[0]))
    page.wait_for_function(
        "() => { const [film] = cxr.state.films;"
        " return film?.tries === 3 && film.status === 'failed' && !cxr.state.serverLost; }"
    )
    frames(page, 10)
    assert len(sent) == 3
    assert page.locator(".row >> button:text('Try again')").is_visible()


def test_a_server_without_models_says_so_instead_of_reading_for_ever(
    chromium: Browser, films: list[Path], tmp_path: Path
) -> None:
    settings = Settings(models_dir=tmp_path / "none", cache_dir=tmp_path / "cache", warm_up=False)
    server = make_server("127.0.0.1", 0, create_app(settings).server, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    page = chromium.new_page()
    page.set_default_timeout(1000 * PATIENCE_SECONDS)
    try:
        page.goto(f"http://127.0.0.1:{server.port}")
        page.wait_for_selector("#film-input", state="attached")
        assert page.inner_text("#panel .headline") == "No model to ask."
        assert page.locator("footer").count() == 1
        page.set_input_files("#film-input", str(films[0]))
        page.wait_for_selector('.row[data-state="error"]')
        assert "no model" in page.inner_text(".row-reason")
        assert page.locator(".row >> button:text('Try again')").is_hidden()
    finally:
        page.close()
        server.shutdown()
        thread.join()


def test_no_heat_is_drawn_and_no_place_named_before_it_is_known_how_far_to_rely_on_them(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("ERR_FAILED",)
    page, held = watched.page, list[Route]()
    page.route("**/trust.json*", lambda route: held.append(route))  # noqa: PLW0108
    page.set_input_files("#film-input", [str(films[0])])
    settled(page, 1)
    if page.locator("button:text('Show the figures anyway')").is_visible():
        page.click("button:text('Show the figures anyway')")
    page.wait_for_function("() => cxr.trust.waits(cxr.answerOf(cxr.rowInView()))")
    # every finding counts and points somewhere, whatever the model says of this film
    page.evaluate(
        """() => {
            const answer = cxr.answerOf(cxr.rowInView());
            answer.quality.verdict = 'ok';
            const pointing = {flat: false, at: [[0.8, 0.7]]};
            for (const {key} of cxr.modelLabels()) Object.assign(answer.heat[key], pointing);
            cxr.setThresholds(Object.fromEntries(cxr.modelLabels().map(({key}) => [key, 0.001])));
            cxr.changed();
        }"""
    )
    page.wait_for_selector(".finding-place:text('…')")
    before = page.inner_text("#headline"), page.inner_text("#summary")
    page.keyboard.press("h")
    page.wait_for_selector("#heat-note:has-text('Checking how far this heat may be relied on…')")
    assert page.locator("#heat-canvas").is_hidden()
    page.keyboard.press("z")
    frames(page)
    assert page.locator(".outlines path").count() == 0
    page.keyboard.press("z")
    held[0].abort()
    page.wait_for_selector("#heat-note:has-text('could not be checked')")
    page.wait_for_selector("#heat-canvas:visible")
    assert not page.locator(".finding-place:text('picture right')").count()
    page.unroute("**/trust.json*")
    assert len(held) == 1
    page.evaluate("() => { cxr.tell('server-back'); cxr.changed(); }")
    page.wait_for_function("() => Object.keys(cxr.answerOf(cxr.rowInView()).trust).length > 0")
    frames(page)
    trust = page.evaluate("() => cxr.answerOf(cxr.rowInView()).trust[cxr.labelInView()]")
    assert page.inner_text("#heat-note").startswith(trust)
    assert (page.inner_text("#headline"), page.inner_text("#summary")) == before
    for place in page.locator(".finding-place:visible").all_inner_texts():
        assert place in ("", "just above") or place.startswith("picture right, lower third")
