"""A real Chromium before a real gunicorn; every test also fails on a console error or a foreign request."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from gunicorn_server import GunicornServer, running_gunicorn
from playwright.sync_api import Browser, Page, sync_playwright
from watched import Watched

from cxr_dash import imaging

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_FILM_NAMES = ("00000005_002.jpg", "00001946_029.jpg", "006f3a8a.png")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornServer]:
    """The application as an administrator starts it, with the shipped models."""
    with running_gunicorn(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium not found: install it (Debian: apt-get install chromium) to run browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def _watching(chromium: Browser, server: GunicornServer, **options: Any) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, accept_downloads=True, **options)
    page = context.new_page()
    page.set_default_timeout(20_000)
    seen = Watched(page, f"http://127.0.0.1:{server.port}")
    page.on("request", seen.asked)
    page.on("console", seen.said)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(seen.origin)
    page.wait_for_selector("#film-input", state="attached")
    yield seen
    context.close()
    assert seen.unexpected() == []
    assert seen.foreign() == []


@pytest.fixture
def watched(chromium: Browser, server: GunicornServer) -> Iterator[Watched]:
    """The application's page at 1280 x 720, ready for films."""
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
    page.goto(f"http://127.0.0.1:{server.port}")
    page.wait_for_selector("#film-input", state="attached")
    page.wait_for_function("() => cxr.state.facts")
    yield page
    context.close()


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three films: real ones where the shared originals are, the synthetic phantom elsewhere."""
    beside = Path(__file__).resolve().parents[2].parent / "shared"
    originals = Path(os.environ.get("CXR_SHARED_DIR", beside)) / "data" / "originals"
    real = [originals / name for name in _FILM_NAMES]
    if all(path.is_file() for path in real):
        return real
    folder = tmp_path_factory.mktemp("films")
    drawn = []
    for seed in range(3):
        path = folder / f"phantom-{seed}.png"
        path.write_bytes(imaging.encode_png(imaging.chest_phantom(700, 600, seed), {}))
        drawn.append(path)
    return drawn
