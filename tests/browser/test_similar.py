"""Similar cases: fetched only when asked for, told in words, and looked at larger."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn_server import GunicornServer
from library_films import MODEL, build_library, draw_films, drawn_film
from playwright.sync_api import Page
from steps import choose_label, frames, open_films
from test_accessibility import serious
from watched import Watched

from cxr_dash.services.library.files import LibrarySpec, read_spec

pytestmark = pytest.mark.browser

CASES = 14


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "library"
    build_library(draw_films(tmp_path_factory.mktemp("labelled"), range(CASES)), out)
    return out


@pytest.fixture
def library(server: GunicornServer, built: Path) -> Iterator[Path]:
    """The library where the server looks for it, for one test."""
    folder = server.log.parent / "library"
    shutil.copytree(built, folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.png"
    path.write_bytes(drawn_film(101))
    return path


def _open(page: Page) -> None:
    page.keyboard.press("s")
    page.wait_for_selector("#similar-body .case, #similar-body .similar-problem")
    frames(page)


def _choose_localised(page: Page) -> None:
    """Choose a finding for which the nearest case has heat to show."""
    localised = page.evaluate(
        """async () => {
            const film = cxr.rowInView().film;
            const found = await (await fetch(cxr.url(`/films/${film}/findings/similar`))).json();
            return Object.keys(found.cases[0].flat).find(key => !found.cases[0].flat[key]);
        }"""
    )
    choose_label(page, localised)


def _asked(watched: Watched) -> list[str]:
    return [r.url for r in watched.requests if r.url.endswith("/similar") or "/library/" in r.url]


def _lists(watched: Watched) -> int:
    return sum(url.endswith("/similar") for url in _asked(watched))


def test_nothing_is_fetched_until_the_section_is_opened_and_then_once(
    watched: Watched, library: Path, film: Path
) -> None:
    page = watched.page
    open_films(page, [film])
    assert page.get_attribute("#similar-toggle", "aria-expanded") == "false"
    assert _asked(watched) == []
    _open(page)
    assert page.get_attribute("#similar-toggle", "aria-expanded") == "true"
    assert page.evaluate("() => document.activeElement.id") == "similar-toggle"
    page.wait_for_function("() => [...document.querySelectorAll('.case img')].every(i => i.naturalWidth > 0)")
    before = len(_asked(watched))
    page.keyboard.press("s")
    page.wait_for_selector("#similar-body", state="hidden")
    _open(page)
    assert len(_asked(watched)) == before
    assert _lists(watched) == 1


def test_the_cases_are_counted_for_the_chosen_finding_against_the_whole_library(
    watched: Watched, library: Path, film: Path
) -> None:
    page = watched.page
    open_films(page, [film])
    choose_label(page, "effusion")
    _open(page)
    assert page.locator(".case").count() == 6
    with_effusion = page.locator(".case.labelled").count()
    assert with_effusion > 0
    assert page.locator(".case.labelled .case-labels").first.inner_text().startswith("Pleural effusion")
    share = page.inner_text(".similar-summary").replace("\u00a0", " ")
    assert share.startswith(f"{with_effusion} of the 6 nearest ")
    assert share.endswith(f"labelled pleural effusion; of all {CASES} cases, 50 % are.")
    assert "says nothing about this patient" in page.inner_text(".similar-caveat")
    said = page.locator(".case-likeness").all_inner_texts()
    assert all(text.split(" · ")[0] in {"very alike", "alike", "only loosely alike"} for text in said)
    before = len(_asked(watched))
    choose_label(page, "mass")
    frames(page)
    assert page.inner_text(".similar-summary") == "No case of this library is labelled mass."
    assert len(_asked(watched)) == before


def test_a_case_is_shown_larger_beside_its_heat_and_escape_goes_back_to_it(
    watched: Watched, library: Path, film: Path
) -> None:
    page = watched.page
    open_films(page, [film])
    _open(page)
    _choose_localised(page)
    tile = page.locator(".case").first
    number = tile.get_attribute("data-case")
    tile.click()
    page.wait_for_function("() => document.querySelector('.case-heat')?.dataset.drawn")
    assert page.inner_text("#case-title").startswith(f"Case {number}: ")
    assert page.evaluate("() => document.querySelector('dialog.case-window').matches(':modal')")
    heat, frame = (
        page.locator(".case-heat").bounding_box(),
        page.locator(".case-frame >> nth=1").bounding_box(),
    )
    assert heat is not None
    assert frame is not None
    assert heat["x"] >= frame["x"] - 1
    assert heat["width"] <= frame["width"] + 2
    assert "drawn with seed" in page.inner_text(".case-facts")
    page.keyboard.press("s")  # keys of the page rest
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "number => !document.getElementById('case-title').textContent.startsWith(`Case ${number}:`)",
        arg=number,
    )
    assert page.get_attribute("#similar-toggle", "aria-expanded") == "true"
    page.keyboard.press("Escape")
    page.wait_for_selector(".case-window", state="hidden")
    assert page.evaluate("() => document.activeElement.dataset.case") == number


def test_a_library_built_anew_is_asked_again_when_the_section_is_opened_again(
    watched: Watched, library: Path, film: Path, built: Path
) -> None:
    watched.expected = ("status of 409",)
    page = watched.page
    open_films(page, [film])
    _open(page)
    _choose_localised(page)
    before = _lists(watched)
    spec = read_spec(library)
    text = spec.model_copy(update={"build": "another"}).model_dump_json()
    # at once, as a build writes it: the server must not read half of it
    (library / "library.new").write_text(text, encoding="utf-8")
    (library / "library.new").replace(library / "library.json")
    page.locator(".case").first.click()
    page.wait_for_selector(".case-window figcaption:text('could not be fetched')")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    _open(page)
    assert _lists(watched) == before + 1


def test_on_a_phone_the_larger_case_fits_can_be_closed_and_has_nothing_serious(
    page: Page, library: Path, film: Path
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_films(page, [film])
    _open(page)
    page.locator(".case").first.click()
    page.wait_for_selector(".case-window[open]")
    assert page.evaluate(
        "() => { const d = document.querySelector('.case-window'); return d.scrollWidth <= d.clientWidth; }"
    )
    assert serious(page) == []
    page.click(".case-window button[aria-label='Close']")
    page.wait_for_selector(".case-window", state="hidden")
    assert serious(page) == []


def test_without_a_library_it_is_said_who_can_build_one(page: Page, film: Path) -> None:
    open_films(page, [film])
    _open(page)
    assert "No reference library on this server." in page.inner_text("#similar-body")
    assert "cxr-dash library build DIR" in page.inner_text("#similar-body")


def test_a_library_of_another_version_is_said_and_shows_no_case(
    page: Page, library: Path, film: Path
) -> None:
    spec = read_spec(library)
    old = spec.models[0].model_copy(update={"sha256": "d" * 64, "version": "0.9.0"})
    text = LibrarySpec(**{**dict(spec), "models": [old]}).model_dump_json()
    (library / "library.json").write_text(text, encoding="utf-8")
    open_films(page, [film])
    _open(page)
    assert f"built with version 0.9.0 (dddddddd…) of {MODEL}" in page.inner_text("#similar-body")
    assert page.locator(".case").count() == 0


def test_the_window_of_a_case_closes_with_the_film_that_it_is_like(
    watched: Watched, library: Path, film: Path
) -> None:
    page = watched.page
    open_films(page, [film])
    _open(page)
    page.locator(".case").first.click()
    page.wait_for_selector(".case-window[open]")
    page.evaluate("() => cxr.upload.clear()")
    page.wait_for_selector(".case-window[open]", state="detached")
    page.wait_for_selector("#similar-body", state="hidden")
