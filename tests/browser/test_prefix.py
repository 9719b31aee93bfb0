"""The page behind a proxy that serves it under a path."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from gunicorn_server import PATIENCE_SECONDS
from playwright.sync_api import Browser
from steps import in_view, ready
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from cxr_dash.settings import Settings
from cxr_dash.web import create_app

pytestmark = pytest.mark.browser


def test_under_a_path_everything_is_asked_for_below_it(chromium: Browser, tmp_path: Path) -> None:
    settings = Settings(url_prefix="/x-ray/cxr/", cache_dir=tmp_path / "cache", warm_up=False)
    proxied = DispatcherMiddleware(NotFound(), {"/x-ray/cxr": create_app(settings).server})
    server = make_server("127.0.0.1", 0, proxied, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    page = chromium.new_page()
    page.set_default_timeout(1000 * PATIENCE_SECONDS)
    asked: list[str] = []
    missed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda response: missed.append(response.url) if response.status >= 400 else None)
    own = f"http://127.0.0.1:{server.port}/x-ray/cxr/"
    try:
        page.goto(own)
        ready(page)
        page.click("#phantom")
        page.wait_for_function("() => Boolean(cxr.answerOf(cxr.rowInView()))")
        in_view(page)
        page.click("#card-open")
        page.click('.card-nav a[href="#card-curves"]')
        page.wait_for_selector(".card-label .js-plotly-plot .main-svg .trace")
        assert page.url == f"{own}#card-curves"
        page.keyboard.press("Escape")
        page.wait_for_selector(".modal", state="detached")
        assert page.url.startswith(f"{own}#model=")
        assert [url for url in asked if not url.startswith((own, "blob:", "data:"))] == []
        assert missed == []
    finally:
        page.close()
        server.shutdown()
        thread.join()
