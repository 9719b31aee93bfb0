"""A real application with a shipped model, asked through Flask's test client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from log_watch import LogWatch, watched_logs

from cxr_dash import imaging
from cxr_dash.settings import Settings
from cxr_dash.web import create_app


@pytest.fixture(scope="session", autouse=True)
def log_watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogWatch]:
    """All that these tests log, at every level: at the end no key, name or identifier stands in it."""
    with watched_logs(tmp_path_factory.mktemp("logs") / "all.log") as watch:
        yield watch
    assert watch.found() == []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The shipped settings with a cache of the test's own."""
    return Settings(cache_dir=tmp_path / "cache", warm_up=False)


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    """A client of a fresh application."""
    with create_app(settings).server.test_client() as client:
        yield client


@pytest.fixture(scope="session")
def phantom_png() -> bytes:
    """The product's own synthetic film, as a file."""
    return imaging.encode_png(imaging.chest_phantom(600, 500), {})
