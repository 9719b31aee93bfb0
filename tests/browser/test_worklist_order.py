"""A list of several films: put in order, filtered, marked as read, and never holding the same film twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route
from steps import frames, open_films, settled
from watched import Watched

pytestmark = pytest.mark.browser


@pytest.fixture
def films(drawn: list[Path]) -> list[Path]:
    """It is all one here what a film shows."""
    return drawn


# Says what the model would have said, so that an order can be expected: a probability by label and film.
_SAY = """probabilities => cxr.state.films.forEach((item, index) => {
    const key = cxr.answerKey(cxr.state.facts.id, item.film);
    const said = {};
    for (const label of cxr.modelLabels()) said[label.key] = probabilities[index][label.key] || 0.0001;
    const quality = {verdict: 'ok', reasons: []};
    cxr.hear({...cxr.state.answers.get(key), quality, probabilities: said});
    cxr.changed();
})"""


def say(page: Page, *probabilities: dict[str, float]) -> None:
    page.evaluate(_SAY, list(probabilities))
    frames(page)


def titles(page: Page) -> list[str]:
    return page.locator(".row-title").all_text_contents()


def posts(watched: Watched) -> list[str]:
    return [r.url for r in watched.requests if r.method == "POST" and "/films" in r.url]


def selected(page: Page) -> str:
    frames(page)
    return page.inner_text(".row.selected .row-title")


def named(folder: Path, source: Path, name: str) -> Path:
    copy = folder / f"{name}{source.suffix}"
    copy.write_bytes(source.read_bytes())
    return copy


def test_one_film_needs_no_controls_and_two_have_them(page: Page, films: list[Path]) -> None:
    open_films(page, films[:1])
    assert page.locator("#list-controls").is_hidden()
    open_films(page, films[1:2])
    assert page.locator("#list-controls").is_visible()
    box = page.locator("#list-controls").bounding_box()
    assert box is not None
    assert box["height"] <= 60
    assert page.evaluate(
        "() => { const n = document.querySelector('.worklist'); return n.scrollWidth <= n.clientWidth; }"
    )


def test_films_are_put_in_order_and_the_arrow_keys_follow_it(page: Page, films: list[Path]) -> None:
    open_films(page, films)
    say(page, {"effusion": 0.3}, {"effusion": 0.0001}, {"pneumothorax": 0.9, "effusion": 0.9})
    assert titles(page) == ["film 01", "film 02", "film 03"]
    page.select_option(".list-order", "above")
    frames(page)
    assert titles(page) == ["film 03", "film 01", "film 02"]
    page.keyboard.press("Escape")
    page.locator(".list-order").blur()
    page.keyboard.press("ArrowDown")
    frames(page)
    assert selected(page) == "film 02"
    page.keyboard.press("k")
    page.keyboard.press("ArrowUp")
    frames(page)
    assert selected(page) == "film 03"
    page.keyboard.press("e")
    frames(page)
    if page.input_value(".list-order") == "score":  # of a model with a score for the whole film
        page.keyboard.press("e")
        frames(page)
    assert page.locator(".list-group").count() >= 2
    assert page.locator(".list-group").last.inner_text().startswith("Nothing above its threshold")


def test_a_moving_cut_does_not_make_the_rows_jump_until_it_rests(page: Page, films: list[Path]) -> None:
    open_films(page, films[:2])
    say(page, {"effusion": 0.3}, {"pneumothorax": 0.9})
    page.select_option(".list-order", "above")
    frames(page)
    assert titles(page) == ["film 02", "film 01"]
    at_once = page.evaluate(
        """() => new Promise(done => {
            cxr.setThresholds({effusion: 0.0002, pneumothorax: 0.95});
            requestAnimationFrame(() => requestAnimationFrame(() =>
                done([...document.querySelectorAll('.row-title')].map(node => node.textContent))));
        })"""
    )
    assert at_once == ["film 02", "film 01"]
    page.wait_for_function("() => document.querySelector('.row-title').textContent === 'film 01'")


def test_the_filter_knows_findings_marks_and_numbers(page: Page, films: list[Path]) -> None:
    open_films(page, films)
    say(page, {"effusion": 0.9}, {"effusion": 0.0001}, {"pneumothorax": 0.9})
    page.keyboard.press("/")
    for words, expected in (
        ("effusion", ["film 01"]),
        ("NOTHING above", ["film 02"]),
        ("unread 3", ["film 03"]),
        (films[1].stem, None),
        ("no such thing", []),
    ):
        page.locator(".list-filter").fill(words)
        frames(page)
        assert titles(page) == expected if expected is not None else "film 02" in titles(page)
    assert page.locator(".list-none").is_visible()
    page.keyboard.press("Escape")
    frames(page)
    assert len(titles(page)) == 3
    page.click('.list-chip:text("Above")')
    frames(page)
    assert titles(page) == ["film 01", "film 03"]
    assert page.inner_text("#worklist-note").startswith("2 of 3 films shown")


def test_only_the_reader_marks_a_film_as_read(page: Page, films: list[Path]) -> None:
    open_films(page, films)
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    frames(page)
    assert page.locator(".row.is-read").count() == 0
    page.click(".row-main >> nth=0")
    page.keyboard.press("u")
    frames(page)
    assert page.get_attribute(".row >> nth=0 >> .row-mark", "aria-pressed") == "true"
    assert page.inner_text("#worklist-note").startswith("1 of 3 read")
    page.click('.list-chip:text("Unread")')
    frames(page)
    assert titles(page) == ["film 02", "film 03"]
    page.click(".row-main >> nth=0")
    page.keyboard.press("u")
    frames(page)
    assert selected(page) == "film 03"
    assert titles(page) == ["film 03"]


def test_the_same_film_under_another_name_is_not_sent_again_unless_asked(
    watched: Watched, films: list[Path], tmp_path: Path
) -> None:
    page = watched.page
    open_films(page, films[:2])
    page.click(".row-main >> nth=1")
    frames(page)
    sent = len(posts(watched))
    open_films(page, [named(tmp_path, films[0], "again")])
    assert len(posts(watched)) == sent
    assert page.inner_text(".row >> nth=2 >> .row-note") == "same as film 01"
    assert selected(page) == "film 01"
    page.click("button:text('Add anyway')")
    settled(page, 3)
    page.wait_for_function("() => cxr.state.films.every(item => cxr.answerOf(item))")
    assert len(posts(watched)) == sent + 1
    assert len(set(page.evaluate("() => cxr.state.films.map(item => item.film)"))) == 3


def test_without_a_digest_in_the_browser_the_servers_tells_films_apart(
    watched: Watched, films: list[Path], tmp_path: Path
) -> None:
    page = watched.page
    page.evaluate("() => Object.defineProperty(window.crypto, 'subtle', {value: undefined})")
    open_films(page, films[:1])
    sent = len(posts(watched))
    open_films(page, films[:1])
    assert len(posts(watched)) == sent
    with page.expect_request(lambda request: request.method == "DELETE"):
        open_films(page, [named(tmp_path, films[0], "renamed")])
    assert page.locator(".row-note:text('same as film 01')").count() == 2
    page.click("button:text('Take 2 doubles out')")
    frames(page)
    assert titles(page) == ["film 01"]


def test_a_film_can_be_stopped_while_it_waits_or_is_sent_and_sent_later(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("ERR_FAILED", "ERR_ABORTED")
    page = watched.page
    held: list[Route] = []
    holding = True

    def hold(route: Route) -> None:
        if holding:
            held.append(route)
        else:
            route.continue_()

    page.route("**/films?*", hold)
    page.set_input_files("#film-input", [str(path) for path in films])
    page.wait_for_function("() => cxr.state.films.filter(item => item.status === 'sending').length === 2")
    for row in (0, 2):
        page.hover(f".row >> nth={row}")
        page.click(f".row >> nth={row} >> .row-remove")
    frames(page)
    notes = page.locator(".row-note").all_text_contents()
    assert [notes[0], notes[2]] == ["stopped", "stopped"]
    holding = False
    for route in held:
        if route.request.failure is None:
            route.continue_()
    # by the row's own number: a button that was clicked is there until the next frame, and then is not
    for row in (0, 2):
        page.click(f".row >> nth={row} >> button:text('Try again')")
    page.wait_for_function("() => cxr.state.films.every(item => cxr.answerOf(item))")
    settled(page, 3)


def test_try_again_clicked_twice_before_it_goes_sends_the_film_once(
    watched: Watched, films: list[Path]
) -> None:
    watched.expected = ("status of 500",)
    page = watched.page
    page.route("**/films?*", lambda route: route.fulfill(status=500), times=1)
    page.set_input_files("#film-input", str(films[0]))
    page.wait_for_selector(".row-more button:text('Try again')")
    sent = len(posts(watched))
    page.evaluate(
        "() => { const b = document.querySelector('.row-more button'); b.click(); b.click(); }",
    )
    page.wait_for_function("() => cxr.state.films.every(item => cxr.answerOf(item))")
    assert len(posts(watched)) == sent + 1


def test_clearing_several_films_asks_once(page: Page, films: list[Path]) -> None:
    open_films(page, films[:2])
    # the question stands for some seconds, which a busy machine may need for the next click
    page.clock.set_fixed_time(page.evaluate("() => Date.now()"))
    page.click("button:text('Clear now')")
    frames(page)
    assert len(titles(page)) == 2
    page.click("button:text('Delete all 2?')")
    frames(page)
    assert titles(page) == []
    assert page.locator("#empty").is_visible()
