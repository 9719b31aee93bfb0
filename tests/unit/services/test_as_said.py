"""Reports and exports say what they said when it was looked at: no figure, limit or digest changes unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from as_said import FILMS, KEPT, said

_KEPT = json.loads(KEPT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    return said()


def flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each figure and word with where it stands."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from flat(one, f"{place}.{name}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from flat(one, f"{place}[{number}]")
    else:
        yield place, value


@pytest.mark.parametrize("name", [*FILMS, "screens"])
def test_what_is_said_is_what_is_kept(name: str, now: dict[str, Any]) -> None:
    found, kept = dict(flat(now[name])), dict(flat(_KEPT[name]))
    assert list(found) == list(kept)
    # sums of another processor may differ in their last digit
    changed = {
        place: (kept[place], one)
        for place, one in found.items()
        if one != (pytest.approx(kept[place], rel=1e-9, abs=1e-9) if isinstance(one, float) else kept[place])
        or type(one) is not type(kept[place])
    }
    assert changed == {}


def test_nothing_is_kept_of_what_is_not_there() -> None:
    assert sorted(_KEPT) == sorted([*FILMS, "screens"])
