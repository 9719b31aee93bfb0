"""A place is named only where boxes showed that the maps know it better than the average place."""

from __future__ import annotations

from typing import Any

import pytest
from bundle_builder import KEYS, spec_dict
from pydantic import ValidationError

from cxr_dash.inference.places import label_place, why_no_place
from cxr_dash.inference.schema import BundleSpec


def _interval(value: float, low: float | None, high: float | None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high}


def _spec(films: int, low: float | None, method: str = "served") -> BundleSpec:
    place = {
        "films": films,
        "splits": "val and test",
        "pointing": _interval(0.6, 0.5, 0.7),
        "template": _interval(0.4, 0.3, 0.5),
        "gain": _interval(0.2, low, 0.4),
    }
    found = {
        "method": method,
        "split": "test",
        "films": films,
        "patients": films,
        "flat": 0,
        "cut": 0.5,
        "mean": {},
        "findings": [],
        "places": {KEYS[0]: place},
    }
    return BundleSpec.model_validate(spec_dict(localisation=[found]))


@pytest.mark.parametrize(
    ("films", "low", "reason"),
    [
        (30, 0.01, None),
        (30, 0.0, "no_better_than_template"),
        (30, -0.1, "no_better_than_template"),
        (30, None, "no_better_than_template"),
        (9, 0.1, "no_better_than_template"),
    ],
)
def test_the_whole_interval_of_the_gain_must_lie_above_nought_on_ten_boxes_or_more(
    films: int, low: float | None, reason: str | None
) -> None:
    assert why_no_place(_spec(films, low), KEYS[0]) == reason


def test_what_was_never_measured_names_no_place() -> None:
    assert why_no_place(_spec(30, 0.1), KEYS[1]) == "not_measured"
    assert why_no_place(BundleSpec.model_validate(spec_dict()), KEYS[0]) == "not_measured"
    assert label_place(_spec(30, 0.1, method="centre"), KEYS[0]) is None


_LIMITS = {"moderate": 1.0, "strong": 2.0, "full": 3.0, "chosen_on": "val"}


@pytest.mark.parametrize(
    ("strength", "message"),
    [
        ({KEYS[0]: _LIMITS | {"strong": 0.5}}, "moderate <= strong <= full"),
        ({KEYS[0]: _LIMITS | {"moderate": 0.0}}, "greater than 0"),
        ({"edema": _LIMITS}, "`strength` must be of labels"),
    ],
)
def test_a_scale_that_does_not_rise_or_is_of_no_label_is_refused(
    strength: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        BundleSpec.model_validate(spec_dict(strength=strength))


def test_a_label_of_the_model_cannot_stand_among_what_it_does_not_look_for() -> None:
    entry = {"key": KEYS[0], "name": {"en": "Effusion", "es": "Derrame"}}
    with pytest.raises(ValidationError, match="`not_looked_for` must not name labels"):
        BundleSpec.model_validate(spec_dict(not_looked_for=[entry]))
