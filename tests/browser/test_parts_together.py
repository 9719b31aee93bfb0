"""Parts of the page that meet: a text and its film, a row and its id, a model that was left and taken up."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from steps import again, choose_model, frames, open_films, ready, settled
from test_own_levels import as_png, levels_there, twelve_bits
from test_read_first import open_unread
from test_verdicts import SAY, judge, told
from watched import Watched

pytestmark = pytest.mark.browser


def test_a_row_that_gave_its_number_back_gives_its_id_to_no_other(
    watched: Watched, drawn: list[Path], tmp_path: Path
) -> None:
    watched.expected = ("status of 415",)
    page = watched.page
    for name, path in zip(("a.png", "c.png"), drawn, strict=False):
        (tmp_path / name).write_bytes(path.read_bytes())
    (tmp_path / "b.txt").write_text("no film")
    page.set_input_files("#folder-input", str(tmp_path))
    page.wait_for_function("() => cxr.intake.aside.length === 1")
    settled(page, 2)
    page.set_input_files("#film-input", str(drawn[2]))
    settled(page, 3)
    rows = page.evaluate("() => cxr.state.films.map(({ id, number }) => [id, number])")
    assert [number for _, number in rows] == [1, 2, 3]
    # nor does one that went, whatever the page remembers by its row
    gone = rows[-1][0]
    page.evaluate("() => cxr.upload.remove(cxr.state.films.at(-1))")
    again(page)
    settled(page, 2)
    page.set_input_files("#film-input", str(drawn[2]))
    settled(page, 3)
    ids = page.evaluate("() => cxr.state.films.map(({ id }) => id)")
    assert len({gone, *ids}) == 4


def test_a_report_text_goes_with_its_film_and_asks_one_question_at_a_time(
    page: Page, drawn: list[Path]
) -> None:
    open_unread(page, drawn[:2])
    page.evaluate(SAY)
    page.keyboard.press("b")
    page.click("[data-compare=heat]")
    page.keyboard.press(";")
    area, copy = page.locator("#report-words"), page.locator("#report-text-copy")
    expect(area).not_to_have_value("")
    # while a threshold moves one request is under way, and what is on the screen is no text of it
    held: list[Route] = []
    page.route("**/exports.txt*", lambda route: route.continue_() if held else held.append(route))
    asked: list[str] = []
    page.on("request", lambda request: "exports.txt" in request.url and asked.append(request.url))
    for cut in (0.2, 0.3, 0.4):
        page.evaluate("cut => cxr.setThresholds({ effusion: cut })", cut)
        frames(page)
    assert len(asked) == 1
    expect(page.locator("#report-text-note")).to_have_text("Preparing the text…")
    expect(copy).to_be_disabled()
    held[0].continue_()
    expect(copy).to_be_enabled()
    area.fill("Mine.")
    # Escape takes the text away and leaves what it lies over
    page.keyboard.press("Escape")
    expect(page.locator("#report-text")).to_be_hidden()
    assert page.evaluate("() => cxr.state.view.compare.kind") == "heat"
    page.keyboard.press(";")
    expect(area).to_have_value("Mine.")
    page.evaluate("() => cxr.upload.remove(cxr.rowInView())")
    frames(page)
    expect(page.locator("#report-text")).to_be_hidden()
    assert page.evaluate("() => cxr.state.selected") == "row-2"


def test_a_verdict_beside_the_form_of_a_changed_reading_is_not_lost(page: Page, drawn: list[Path]) -> None:
    page.keyboard.press("y")
    open_unread(page, drawn[:1])
    page.evaluate(SAY)
    page.locator('[name="own-finding"][value="effusion"]').check()
    page.locator(".own-form [type=submit]").click()
    page.click("#compared .link")
    judge(page, "mass", "accepted")
    expect(page.locator('[name="own-finding"][value="mass"]')).to_be_checked()
    page.locator(".own-form [type=submit]").click()
    frames(page)
    assert told(page) == {"effusion": "accepted", "mass": "accepted"}


@pytest.mark.parametrize("way", ["address", "selector"])
def test_a_model_that_was_left_and_taken_again_before_the_other_came_has_its_panel(
    page: Page, drawn: list[Path], way: str
) -> None:
    open_films(page, drawn[:1])
    first = page.evaluate("() => cxr.state.facts.id")
    choose_model(page, "covid")
    page.wait_for_function("() => location.hash.includes('model=covid')")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "panel.children" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/_dash-update-component*", hold)
    for step, model in (("back", first), ("forward", "covid")):
        if way == "address":
            page.evaluate(f"() => history.{step}()")
        else:
            page.select_option("#model", model)
        page.wait_for_function("id => document.querySelector('#model').value === id", arg=model)
        frames(page)
    assert len(held) == 2
    for route in held:
        route.continue_()
    expect(page.locator("#headline")).not_to_have_text("Fetching the model…")
    expect(page.locator("#headline")).not_to_have_text("")
    assert page.evaluate("() => cxr.state.lateModel") is False
    expect(page.locator("#cut-range")).to_have_count(1)
    assert page.evaluate("() => document.querySelectorAll('#dots canvas').length") == 1


def test_an_address_of_a_film_that_is_gone_is_told_until_a_film_comes(page: Page, drawn: list[Path]) -> None:
    address = page.url.split("#")[0]
    page.goto("about:blank")
    page.goto(f"{address}#model=covid&film=row-9.abcdef")
    ready(page)
    expect(page.locator("#banner")).to_have_text("The film of this address is no longer in the list.")
    open_films(page, drawn[:1])
    expect(page.locator("#banner")).to_be_hidden()


def test_levels_that_waited_for_a_sign_in_come_after_it(watched: Watched, tmp_path: Path) -> None:
    watched.expected = ("status of 401",)
    page = watched.page
    refused = {"code": "sign_in", "message": "Sign in.", "remedy": ""}
    page.route("**/levels.bin", lambda route: route.fulfill(status=401, json={"error": refused}))
    with page.expect_response("**/levels.bin"):
        open_films(page, [as_png(tmp_path / "film.png", twelve_bits())])
    expect(page.locator("#signed-out")).to_be_visible()
    page.unroute("**/levels.bin")
    levels_there(page)
