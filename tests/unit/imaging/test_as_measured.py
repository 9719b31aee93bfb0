"""Measures and drawings come to what they came to when they were looked at: no constant changes unseen."""

from __future__ import annotations

import json

import numpy as np
import pytest
from as_measured import KEPT, MEASURES, numbers
from frozen import compared_arrays, loose_dataclasses

from cxr_dash.imaging import polarity

_KEPT = json.loads(KEPT.read_text())
# Grey levels of drawings: a rounding of another processor's arithmetic is not a change.
_LEVELS = {
    "phantom's grain": 0.05,
    "phantom": 0.6,
    "marks": 0.6,
    "caption": 0.6,
    "letterbox": 0.6,
    "overlay": 0.6,
    "seen": 0.6,
}


def test_every_measure_has_its_numbers() -> None:
    assert sorted(_KEPT) == sorted(MEASURES)


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_comes_to_what_is_kept(name: str) -> None:
    tolerance = next((least for start, least in _LEVELS.items() if name.startswith(start)), 1e-3)
    np.testing.assert_allclose(numbers(MEASURES[name]()), _KEPT[name], rtol=2e-3, atol=tolerance)


def test_the_average_film_is_the_one_that_was_measured() -> None:
    table = np.array(polarity._LEFT_HALF)
    rows = [-448, -258, -109, -78, -86, -85, -74, -55, -22, 17, 63, 118, 179, 237, 278, 322]
    assert table.sum(axis=1).tolist() == rows
    assert table.sum(axis=0).tolist() == [-719, -252, 8, -39, -100, 19, 349, 733]


def test_what_imaging_hands_out_is_frozen() -> None:
    # walked through and filled within one function
    assert loose_dataclasses("cxr_dash.imaging") == ["cxr_dash.imaging.formats.jpeg_scans.Scans"]


def test_what_holds_an_array_is_not_compared_by_value() -> None:
    assert compared_arrays("cxr_dash.imaging") == []
