"""A real Chromium before a real gunicorn; every test also fails on a console error or a foreign request."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from gunicorn_server import PATIENCE_SECONDS, GunicornServer, running_gunicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from steps import Opener, ready, unfold
from watched import Watched

from benchmarks.in_page import show_parts
from cxr_dash import imaging

expect.set_options(timeout=1000 * PATIENCE_SECONDS)  # a machine under load is slow, not wrong
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_FILM_NAMES = ("00000005_002.jpg", "00001946_029.jpg", "006f3a8a.png")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what waits for a browser in vain a second go, said in the summary.

    On a busy machine the browser's own processes may hang for minutes. A fault of the page fails twice.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["TimeoutError", "Call log"]))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornServer]:
    """The application as an administrator starts it, with the shipped models."""
    with running_gunicorn(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # The same engine without a window's toolbars, which nobody sees here, takes a quarter less CPU.
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        pytest.skip(
            "chromium not found: install it (Debian: apt-get install chromium-headless-shell, or chromium) "
            "to run browser tests"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        show_parts(browser)
        yield browser
        browser.close()


@contextmanager
def _watching(
    chromium: Browser, server: GunicornServer, *, opened: bool = True, **options: Any
) -> Iterator[Watched]:
    options = {"viewport": {"width": 1280, "height": 720}} | options
    context = chromium.new_context(accept_downloads=True, **options)
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE_SECONDS)
    seen = Watched(page, f"http://127.0.0.1:{server.port}")
    page.on("request", seen.asked)
    page.on("requestfinished", seen.ended)
    page.on("requestfailed", seen.ended)
    page.on("console", seen.said)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(seen.origin)
    ready(page)
    if opened:
        unfold(page)
    yield seen
    context.close()
    assert seen.unexpected() == []
    assert seen.foreign() == []


@pytest.fixture
def watched(chromium: Browser, server: GunicornServer) -> Iterator[Watched]:
    """The application's page at 1280 x 720, ready for films, with list and threshold panel open."""
    with _watching(chromium, server) as seen:
        yield seen


@pytest.fixture
def spanish(chromium: Browser, server: GunicornServer) -> Iterator[Watched]:
    """The same in a browser that prefers Spanish."""
    with _watching(chromium, server, locale="es-ES") as seen:
        yield seen


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


@pytest.fixture(scope="module")
def still(chromium: Browser, server: GunicornServer) -> Iterator[Page]:
    """The page for tests that only ask its scripts: loaded once, and left as it is."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE_SECONDS)
    page.goto(f"http://127.0.0.1:{server.port}")
    ready(page)
    yield page
    context.close()


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three different phantoms."""
    folder = tmp_path_factory.mktemp("films")
    paths = []
    for seed in range(3):
        paths.append(folder / f"phantom-{seed}.png")
        paths[-1].write_bytes(imaging.encode_png(imaging.chest_phantom(700, 600, seed), {}))
    return paths


@pytest.fixture(scope="session")
def films(perhaps_shared: Path | None, drawn: list[Path]) -> list[Path]:
    """Three films: real ones where the shared originals are, the synthetic phantom elsewhere.

    Tests that ask for them run both ways in CI. Where it is all one what a film shows, ask for `drawn`.
    """
    if perhaps_shared is None:
        return drawn
    return [perhaps_shared / "data" / "originals" / name for name in _FILM_NAMES]


@pytest.fixture
def opener(chromium: Browser, server: GunicornServer) -> Iterator[Opener]:
    """Pages as a reader first finds them: of any size, in any language, with nothing unfolded."""
    with ExitStack() as stack:

        def opened(width: int, height: int, locale: str = "en-GB", **options: Any) -> Page:
            size = {"width": width, "height": height}
            watching = _watching(chromium, server, opened=False, viewport=size, locale=locale, **options)
            return stack.enter_context(watching).page

        yield opened
