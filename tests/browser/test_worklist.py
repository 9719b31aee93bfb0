"""Several films, and what can go wrong with each."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, Route
from steps import frames, in_view, open_films, settled
from watched import Watched

pytestmark = pytest.mark.browser


@pytest.fixture
def films(drawn: list[Path]) -> list[Path]:
    """It is all one here what a film shows."""
    return drawn


def states(page: Page) -> list[Any]:
    return page.eval_on_selector_all(".row", "rows => rows.map(row => row.dataset.state)")


def test_several_films_are_read_and_the_arrow_keys_walk_through_them(page: Page, films: list[Path]) -> None:
    open_films(page, films)
    assert page.locator(".row-title").all_text_contents() == ["film 01", "film 02", "film 03"]
    assert "error" not in states(page)
    for wanted in (2, 3, 3):
        page.keyboard.press("ArrowDown")
        frames(page)
        assert page.inner_text(".row.selected .row-title") == f"film {wanted:02d}"
    in_view(page)
    assert page.locator(".film").first.get_attribute("alt") == "film 03, chest film"


def test_a_text_file_named_png_is_refused_in_words_and_the_others_survive(
    watched: Watched, films: list[Path], tmp_path: Path
) -> None:
    watched.expected = ("status of 415", "status of 422")
    false_film = tmp_path / "notes.png"
    false_film.write_text("this is no picture", encoding="utf-8")
    page = watched.page
    open_films(page, [films[0], false_film, films[1]])
    assert [state == "error" for state in states(page)] == [False, True, False]
    reason = page.inner_text(".row >> nth=1 >> .row-reason")
    assert reason.startswith("notes.png: ")
    assert "PNG" in reason
    page.click(".row-main >> nth=1")
    frames(page)
    assert page.inner_text("#headline") == "This film could not be opened."
    page.click(".row-main >> nth=2")
    in_view(page)
    assert page.inner_text("#headline") != "This film could not be opened."


def test_a_picture_that_is_no_film_shows_reasons_and_figures_only_when_asked(
    page: Page, tmp_path: Path
) -> None:
    document = np.full((600, 500), 255, np.uint8)
    for line in range(60, 560, 40):
        cv2.putText(document, "no radiograph at all", (40, line), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    path = tmp_path / "letter.png"
    cv2.imwrite(str(path), document)
    page.set_input_files("#film-input", str(path))
    settled(page, 1)
    assert states(page) == ["reject"]
    assert page.inner_text(".row-note").startswith("cannot judge: ")
    assert page.inner_text("#headline") == "Cannot judge this film."
    assert page.locator(".quality-reason").count() >= 1
    assert page.locator("#figures").is_hidden()
    page.click("button:text('Show the figures anyway')")
    frames(page)
    assert page.locator("#figures").is_visible()
    assert page.locator("#quality").is_visible()
    page.click("button:text('Hide the figures')")
    frames(page)
    assert page.locator("#figures").is_hidden()


def test_no_file_name_is_sent_to_the_server(watched: Watched, films: list[Path], tmp_path: Path) -> None:
    named = tmp_path / f"Jane-Doe-1970{films[0].suffix}"
    named.write_bytes(films[0].read_bytes())
    page = watched.page
    open_films(page, [named])
    title = page.locator(".row-main").get_attribute("title")
    assert title is not None
    assert title.endswith(f" · {named.name}")
    for request in watched.requests:
        sent = request.url + str(request.headers) + (request.post_data_buffer or b"").decode("latin-1")
        assert "Jane" not in sent
    assert "Jane" not in str(page.evaluate("() => cxr.state.films"))


def test_films_dropped_anywhere_on_the_page_are_opened(page: Page, films: list[Path]) -> None:
    transfer = page.evaluate_handle(
        """([text, name]) => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0));
            transfer.items.add(new File([bytes], name));
            return transfer;
        }""",
        [base64.b64encode(films[0].read_bytes()).decode(), films[0].name],
    )
    page.dispatch_event("#panel", "dragenter", {"dataTransfer": transfer})
    frames(page)
    assert page.locator(".drop-veil").is_visible()
    page.dispatch_event("#panel", "drop", {"dataTransfer": transfer})
    settled(page, 1)
    assert page.locator(".drop-veil").is_hidden()
    assert "error" not in states(page)


def test_a_file_over_the_limit_is_refused_before_it_is_sent(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    limit = page.evaluate("() => cxr.state.settings.max_upload_bytes")
    huge = tmp_path / "huge.png"
    with huge.open("wb") as stream:
        stream.truncate(limit + 1)
    page.set_input_files("#film-input", str(huge))
    settled(page, 1)
    assert "at most 25\u00a0MB" in page.inner_text(".row-reason")
    assert not [
        request for request in watched.requests if request.method == "POST" and "/films" in request.url
    ]


def test_a_server_that_does_not_answer_loses_nothing_and_is_waited_for(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("ERR_FAILED", "ERR_INTERNET_DISCONNECTED")
    page = watched.page
    open_films(page, films[:1])

    def refuse(route: Route) -> None:
        route.abort()

    for pattern in ("**/films**", "**/healthz"):
        page.route(pattern, refuse)
    page.set_input_files("#film-input", str(films[1]))
    page.wait_for_selector("#banner:visible")
    assert "does not answer" in page.inner_text("#banner")
    settled(page, 2)
    assert states(page)[1] == "error"
    assert page.locator(".row >> nth=1 >> button:text('Try again')").is_visible()
    for pattern in ("**/films**", "**/healthz"):
        page.unroute(pattern, refuse)
    page.wait_for_selector("#banner", state="hidden")
    page.wait_for_function("() => cxr.state.films.every(item => cxr.answerOf(item))")
    settled(page, 2)
    assert "error" not in states(page)


def test_a_film_that_the_server_forgot_can_be_sent_again(watched: Watched, films: list[Path]) -> None:
    watched.expected = ("status of 404",)
    page = watched.page
    models = page.eval_on_selector_all(
        "#model option:enabled", "options => options.map(option => option.value)"
    )
    open_films(page, films[:1])
    page.evaluate("() => fetch(cxr.url(`/films/${cxr.rowInView().film}`), {method: 'DELETE'})")
    other = next((model for model in models if model != page.input_value("#model")), None)
    assert other is not None, "the shipped models folder must hold more than one bundle"
    page.select_option("#model", other)
    page.wait_for_selector('.row[data-state="error"]')
    assert "ran out" in page.inner_text(".row-reason")
    page.click("button:text('Try again')")
    page.wait_for_function("() => cxr.state.films.every(item => cxr.answerOf(item))")
    settled(page, 1)
    assert "error" not in states(page)


def test_removing_a_film_deletes_it_on_the_server(watched: Watched, films: list[Path]) -> None:
    page = watched.page
    open_films(page, films[:2])
    key = page.evaluate("() => cxr.rowInView().film")
    with page.expect_event(
        "requestfinished", lambda request: request.method == "DELETE" and key in request.url
    ):
        page.dblclick(".row.selected .row-remove")
    frames(page)
    assert len(states(page)) == 1, "of two clicks the second takes no other film"
    assert page.request.get(f"{watched.origin}/films/{key}/picture.jpg").status == 404


def test_the_main_regions_neither_overlap_nor_overflow_at_1280_by_720(page: Page, films: list[Path]) -> None:
    open_films(page, films)
    in_view(page)
    boxes = page.evaluate(
        """() => Object.fromEntries(['.top', '.worklist', '.viewer', '.panel', '.bottom'].map(name => {
            const {left, top, right, bottom} = document.querySelector(name).getBoundingClientRect();
            return [name, {left, top, right, bottom}];
        }))"""
    )
    left, film, panel = (boxes[name] for name in (".worklist", ".viewer", ".panel"))
    assert left["right"] <= film["left"] < film["right"] <= panel["left"]
    assert panel["right"] <= 1280
    # what it is for stands under the panel, so that the film has the height of the page
    for box, end in ((left, 720), (film, 720), (panel, boxes[".bottom"]["top"])):
        assert boxes[".top"]["bottom"] <= box["top"] < box["bottom"] <= end
    assert boxes[".bottom"]["bottom"] <= 720
    assert boxes[".bottom"]["left"] >= film["right"]
    overflow = page.evaluate(
        "() => ['.top', '.worklist', '.panel', '.bottom'].map(name => document.querySelector(name))"
        ".concat(document.documentElement).map(node => node.scrollWidth - node.clientWidth)"
    )
    assert overflow == [0] * 5
    for name in ("#download-overlay", "#download-report", "#download-more"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= boxes[".bottom"]["top"]


def test_a_phone_shows_the_same_page_stacked_without_sideways_scrolling(
    page: Page, films: list[Path]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_films(page, films[:1])
    in_view(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
