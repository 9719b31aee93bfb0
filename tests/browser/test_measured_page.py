"""What the benchmarks do with the page still works, and its figure of requests is true."""

from __future__ import annotations

from pathlib import Path

import pytest
from gunicorn_server import GunicornServer
from playwright.sync_api import Browser

from benchmarks.worklist import interactions

pytestmark = pytest.mark.browser


def test_what_only_changes_the_picture_or_a_threshold_asks_the_server_for_nothing(
    chromium: Browser, server: GunicornServer, drawn: list[Path]
) -> None:
    made = interactions(chromium, server.port, drawn[0])
    assert {"zoom", "window preset", "threshold", "order and filter"} <= set(made)
    assert set(made.values()) == {0}
