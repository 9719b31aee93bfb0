"""A reader signs in on a page of its own, reads a film, and signs out, in either language."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn_server import PATIENCE_SECONDS, GunicornServer, running_gunicorn
from playwright.sync_api import Browser, Page, expect
from steps import ready

from cxr_dash.services.accounts.users_file import UsersFile

PASSWORD = "a sentence of anna's own"  # noqa: S105

# a film on a busy machine takes longer than Playwright's five seconds


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornServer]:
    """A server that asks who comes; ready for whoever is asked nothing, `/readyz`."""
    folder = tmp_path_factory.mktemp("guarded")
    users = UsersFile(folder / "users.json")
    for name in ("anna", "berta"):
        users.put(name, "reader", PASSWORD)
    environment = {**os.environ, "CXR_SIGN_IN": "users", "CXR_USERS_FILE": str(users.path)}
    with running_gunicorn(folder, environment=environment) as running:
        yield running


@pytest.fixture(params=["en-GB", "es-ES"])
def visitor(chromium: Browser, guarded: GunicornServer, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale=request.param)
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE_SECONDS)
    page.goto(f"http://127.0.0.1:{guarded.port}")
    yield page
    context.close()


def test_a_reader_signs_in_reads_a_film_and_signs_out(visitor: Page, drawn: list[Path]) -> None:
    spanish = visitor.locator("html").get_attribute("lang") == "es"
    expect(visitor.locator("h1")).to_have_text("Iniciar sesión" if spanish else "Sign in")
    _shot(visitor, f"sign-in-{spanish}")
    visitor.get_by_label("Nombre de usuario" if spanish else "User name").fill("anna")
    visitor.keyboard.press("Tab")
    visitor.keyboard.type("wrong")
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("alert")).to_contain_text("no se corresponden" if spanish else "do not belong")
    expect(visitor.locator("[name=name]")).to_have_value("anna")
    visitor.locator("[name=password]").fill(PASSWORD)
    visitor.keyboard.press("Enter")
    ready(visitor)
    expect(visitor.locator(".user-name")).to_have_text("anna")
    visitor.set_input_files("input[type=file]", str(drawn[0]))
    expect(visitor.locator("#footer-time")).to_contain_text("ms")
    _shot(visitor, f"signed-in-{spanish}")
    visitor.keyboard.press("F2")
    visitor.keyboard.type("room 4")
    visitor.keyboard.press("Enter")
    visitor.evaluate("() => cxr.session.save()")
    assert [word for word in (drawn[0].name, "room 4") if word not in _kept(visitor)] == []
    visitor.get_by_role("button", name="Cerrar sesión" if spanish else "Sign out").click()
    expect(visitor.locator("h1")).to_have_text("Iniciar sesión" if spanish else "Sign in")
    kept = _kept(visitor)
    assert kept, "the list waits for its reader, without names"
    assert not [word for word in (drawn[0].name, "room 4") if word in kept]
    visitor.go_back()
    visitor.reload()
    expect(visitor.locator("h1")).to_have_text("Iniciar sesión" if spanish else "Sign in")


def test_a_page_whose_sign_in_ends_says_so_and_goes_on_with_its_films_after_another(
    visitor: Page, drawn: list[Path]
) -> None:
    spanish = visitor.locator("html").get_attribute("lang") == "es"
    _sign_in(visitor)
    ready(visitor)
    visitor.set_input_files("input[type=file]", str(drawn[0]))
    expect(visitor.locator("#footer-time")).to_contain_text("ms")
    note = visitor.locator("#signed-out")
    expect(note).to_be_hidden()
    visitor.context.clear_cookies(name="cxr-sign-in")
    visitor.set_input_files("input[type=file]", str(drawn[1]))
    expect(note).to_contain_text("ya no está iniciada" if spanish else "no longer signed in")
    _shot(visitor, f"signed-out-{spanish}")
    rows = visitor.locator(".row")
    expect(rows).to_have_count(2)
    with visitor.context.expect_page() as opened:
        note.get_by_role("link").click()
    opened.value.wait_for_load_state()
    _sign_in(opened.value)
    ready(opened.value)
    opened.value.close()
    expect(note).to_be_hidden()
    visitor.wait_for_function("() => cxr.state.films.every((item) => item.status === 'kept')")
    expect(rows).to_have_count(2)
    # another user in another tab: what this one knew is not for her
    other = visitor.context.new_page()
    other.goto(visitor.url)
    ready(other)
    other.locator(".signed-in button").click()
    _sign_in(other, "berta")
    ready(other)
    with visitor.expect_navigation():
        visitor.evaluate("() => void fetch(cxr.url('/_dash-dependencies'), { method: 'HEAD' })")
    ready(visitor)
    expect(visitor.locator(".user-name")).to_have_text("berta")
    expect(rows).to_have_count(0)
    assert drawn[0].name not in _kept(visitor)


def _kept(page: Page) -> str:
    """What the tab keeps over a reload."""
    return str(page.evaluate("() => sessionStorage.getItem('cxr-session') || ''"))


def _sign_in(page: Page, name: str = "anna") -> None:
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")


def _shot(page: Page, name: str) -> None:
    folder = os.environ.get("CXR_SHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")
