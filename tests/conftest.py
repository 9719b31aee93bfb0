"""Fixtures every kind of test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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
