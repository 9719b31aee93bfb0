"""Fixtures every kind of test shares."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _log_handlers_end_with_their_test() -> Iterator[None]:
    """A command that sets up logging writes to the test's own stream, which is closed behind it."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    for handler in list(root.handlers):
        if handler not in before:
            root.removeHandler(handler)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of shared radiographs and weights; the test is skipped, loudly, where it is missing."""
    folder = Path(os.environ.get("CXR_SHARED_DIR", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"shared radiographs not found at {folder}: set CXR_SHARED_DIR to run this test")
    return folder


@pytest.fixture(scope="session")
def originals(shared_dir: Path) -> Path:
    """Untouched files as people upload them."""
    return shared_dir / "data" / "originals"
