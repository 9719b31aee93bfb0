"""A film's tone against the training films': how far it lies along each direction, and what is unusual."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.inference.schema_tone import Tone
from cxr_dash.inference.tone import is_unusual, tone_distances, tone_shifts

COUNT = 27
RNG = np.random.default_rng(4)
MEAN, SCALE = RNG.normal(size=COUNT), RNG.uniform(0.5, 2.0, COUNT)
WEIGHTS, LIMITS = RNG.normal(size=(3, COUNT)), (1.0, 2.5, -0.5)
FITTED = Tone.model_validate(
    {
        "mean": MEAN.tolist(),
        "scale": SCALE.tolist(),
        "directions": [
            {"key": f"way_{number}", "weights": WEIGHTS[number].tolist(), "limit": LIMITS[number]}
            for number in range(3)
        ],
        "most_uneven_gaps": 0.3,
        "fitted_on": "train",
        "measured": "",
    }
)
LEVEL = FITTED.model_copy(
    update={
        "mean": [0.0] * COUNT,
        "scale": [1.0] * COUNT,
        "directions": [
            FITTED.directions[0].model_copy(update={"weights": [1.0] + [0.0] * 26, "limit": 0.0}),
            FITTED.directions[0].model_copy(update={"weights": [0.0] * 26 + [1.0], "limit": 2.0}),
        ],
    }
)


def test_a_distance_is_the_weighed_sum_of_standard_measures_beyond_the_limit() -> None:
    films = RNG.normal(size=(2, 4, COUNT))
    found = tone_distances(films, FITTED)
    assert found.shape == (2, 4, 3)
    expected = ((films - MEAN) / SCALE) @ WEIGHTS.T - np.array(LIMITS)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    np.testing.assert_array_equal(tone_distances(films[1, 2], FITTED), found[1, 2])


def test_a_shift_is_counted_from_the_middle_of_the_training_films() -> None:
    measures = RNG.normal(size=COUNT)
    expected = WEIGHTS @ ((measures - MEAN) / SCALE)
    assert tone_shifts(measures, FITTED) == pytest.approx(
        {f"way_{number}": expected[number] for number in range(3)}
    )
    assert list(tone_shifts(MEAN, FITTED).values()) == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


@pytest.mark.parametrize(
    ("first", "last", "unusual"),
    [(0.0, 2.0, False), (0.001, 0.0, True), (-5.0, 2.001, True), (-0.5, 1.5, False), (-9.0, -9.0, False)],
)
def test_a_film_is_unusual_beyond_the_limit_of_any_direction(
    first: float, last: float, unusual: bool
) -> None:
    measures = np.array([first] + [0.0] * 25 + [last])
    assert is_unusual(measures, 0.0, LEVEL) is unusual


@pytest.mark.parametrize(("gaps", "unusual"), [(0.3, False), (0.301, True), (0.0, False)])
def test_gaps_between_levels_tell_a_film_with_lungs_or_without(gaps: float, unusual: bool) -> None:
    assert is_unusual(None, gaps, LEVEL) is unusual
    assert is_unusual(np.zeros(COUNT), gaps, LEVEL) is unusual


def test_a_measure_that_is_no_number_is_said_and_not_taken_for_usual() -> None:
    with pytest.raises(FloatingPointError, match="must be numbers"):
        is_unusual(np.full(COUNT, np.nan), 0.0, LEVEL)
    assert is_unusual(np.full(COUNT, np.nan), 0.4, LEVEL) is True
