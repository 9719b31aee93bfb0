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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-shared",
        action="store_true",
        help="as where the shared films are missing: only the tests that then go on otherwise",
    )
    parser.addoption(
        "--every-recipe", action="store_true", help="tests/smoke: all recipes, not those of every shape alone"
    )


# Longest files first: the last minutes of a run on several cores then go to short ones.
_LONGEST_FIRST = ("browser", "http", "model", "unit/training")


def _rank(item: pytest.Item) -> int:
    folders = [ROOT / "tests" / name for name in _LONGEST_FIRST]
    return next((rank for rank, folder in enumerate(folders) if folder in item.path.parents), len(folders))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest first; on request keep only tests that ask for `perhaps_shared`, if by a fixture."""
    items.sort(key=_rank)
    if config.getoption("--without-shared"):
        two_ways = [item for item in items if "perhaps_shared" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in two_ways])
        items[:] = two_ways


def _folder_of_shared_films() -> Path:
    return Path(os.environ.get("CXR_SHARED_DIR", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def perhaps_shared(request: pytest.FixtureRequest) -> Path | None:
    """The same as `shared_dir` for a fixture that draws films where it is missing, and is then None."""
    folder = _folder_of_shared_films()
    there = (folder / "data").is_dir() and not request.config.getoption("--without-shared")
    return folder if there else None


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of shared radiographs and weights; the test is skipped, loudly, where it is missing."""
    folder = _folder_of_shared_films()
    if not (folder / "data").is_dir():
        pytest.skip(f"shared radiographs not found at {folder}: set CXR_SHARED_DIR to run this test")
    return folder


@pytest.fixture(scope="session")
def originals(shared_dir: Path) -> Path:
    """Untouched files as people upload them."""
    return shared_dir / "data" / "originals"
