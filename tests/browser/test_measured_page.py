"""What the benchmarks do with the page still works, and its figure of requests is true."""

from __future__ import annotations

from pathlib import Path

import pytest
from brief_benchmarks import run_briefly
from gunicorn_server import GunicornServer
from playwright.sync_api import Browser

from benchmarks.worklist import ROWS, interactions

pytestmark = pytest.mark.browser


def test_what_only_changes_the_picture_or_a_threshold_asks_the_server_for_nothing(
    chromium: Browser, server: GunicornServer, drawn: list[Path]
) -> None:
    made = interactions(chromium, server.port, drawn[0])
    assert {"zoom", "window preset", "threshold", "order and filter"} <= set(made)
    assert set(made.values()) == {0}


@pytest.mark.usefixtures("chromium")
def test_a_brief_run_measures_a_long_list_beside_a_shorter_one(tmp_path: Path) -> None:
    """Before a server of its own that has room for them: dropped, scrolled and stepped through."""
    printed, kept = run_briefly(tmp_path, "list")
    lists = kept["list"]["lists"]
    for films, found in ((2, lists["2"]), (4, lists["4"])):
        assert (found["rows"], found["failed"]) == (films, 0)
        assert found["requests"] > films
        assert found["kept_mb"] > 5.0
        assert len(found["step_ms"]) == films - 1
        assert min(found["scrolled"]["frames"], found["stepped"]["frames"]) > 0
    assert "| what | 2 films | 4 films |" in printed
    assert all(what in printed for what in ROWS.values())
    assert "a cache of 8 GiB, 4 GiB a reader" in printed
