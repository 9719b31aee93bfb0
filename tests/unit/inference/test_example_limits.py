"""Figures in ``bundle.json`` that a page must draw: how many shapes an example has, lists of one length."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cxr_dash.inference.schema_films import FreeResponse
from cxr_dash.inference.schema_localisation import LocalisationExample

FRAME = {"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4}
LUNG = [[0.1, 0.1], [0.4, 0.1], [0.4, 0.9]]
EXAMPLE: dict[str, Any] = {
    "place": "best",
    "rank": 1,
    "ranked": 1,
    "finding": "effusion",
    "label": "effusion",
    "probability": 1.0,
    "energy": 0.0,
    "hit": True,
    "flat": False,
    "aspect": 0.8,
    "boxes": [FRAME],
    "lungs": [],
    "heat": ["0f"],
    "heat_frame": FRAME,
    "peak": None,
}


@pytest.mark.parametrize(
    "changes",
    [
        {"boxes": [FRAME] * 16},
        {"lungs": [LUNG] * 2},
        {"heat": ["0f"] * 32},
        {"heat": ["0" * 32]},
        {"ranked": 2, "rank": 2},
        {"aspect": 1e-3},
    ],
    ids=str,
)
def test_the_last_good_value_is_taken(changes: dict[str, Any]) -> None:
    (name, value), *_ = changes.items()
    found = LocalisationExample.model_validate(EXAMPLE | changes).model_dump()[name]
    assert found == value or len(found) == len(value)


@pytest.mark.parametrize(
    "changes",
    [
        {"boxes": [FRAME] * 17},
        {"boxes": []},
        {"lungs": [LUNG] * 3},
        {"heat": ["0f"] * 33},
        {"heat": ["0" * 33]},
        {"heat": ["0g"]},
        {"rank": 0},
        {"ranked": 0},
        {"probability": 1.01},
        {"energy": -0.01},
        {"aspect": 0.0},
        {"place": "second"},
    ],
    ids=str,
)
def test_the_next_one_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(changes))):
        LocalisationExample.model_validate(EXAMPLE | changes)


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("longer", [None, "shown", "found", "found_low", "found_high"])
def test_a_free_response_curve_has_lists_of_one_length_and_at_least_one_setting(
    count: int, longer: str | None
) -> None:
    lists = {name: [0.5] * count for name in ("shown", "found", "found_low", "found_high")}
    if longer:
        lists[longer] = [*lists[longer], 0.5]
    curve: dict[str, Any] = {"split": "test", "without_finding": 9, "findings": 4, **lists}
    if count and longer is None:
        assert FreeResponse.model_validate(curve).found == lists["found"]
        return
    with pytest.raises(ValidationError, match="lists of one length"):
        FreeResponse.model_validate(curve)
