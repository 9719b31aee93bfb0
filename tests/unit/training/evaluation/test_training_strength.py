"""Scales of heat: limits from val peaks by the stated rule, words counted on test."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.strength import PeakFilms, label_strengths

CUT = {"mass": 0.5}


def _films(right: list[float], alone: list[float], alarms: list[float] | None = None) -> PeakFilms:
    """Films flagged rightly, rightly left alone, and flagged wrongly, by their peaks."""
    wrong = alarms or []
    peaks = np.array([*right, *alone, *wrong])[:, None]
    flagged = [0.9] * len(right) + [0.1] * len(alone) + [0.9] * len(wrong)
    true = [1.0] * len(right) + [0.0] * (len(alone) + len(wrong))
    return PeakFilms(peaks, np.array(flagged)[:, None], np.array(true)[:, None])


def _one(val: PeakFilms, test: PeakFilms | None = None):
    return label_strengths(val, test, ["mass"], CUT, {"mass": 1.0}).get("mass")


def test_weak_is_what_unflagged_films_without_it_reach_and_strong_what_right_answers_reach():
    alone = np.linspace(0.0, 1.0, 101)
    right = np.linspace(2.0, 4.0, 101)
    found = _one(_films(right.tolist(), alone.tolist(), alarms=[50.0] * 40))
    assert found.moderate == pytest.approx(0.95)
    assert found.strong == pytest.approx(3.0)
    assert found.full == pytest.approx(3.9)
    assert found.chosen_on == "val: 101 films flagged rightly, 101 rightly left alone"


def test_where_right_answers_are_mostly_weak_strong_is_the_median_of_the_others():
    right = [0.1] * 60 + [2.0] * 20 + [3.0] * 20
    found = _one(_films(right, np.linspace(0.0, 1.0, 101).tolist()))
    assert found.moderate == pytest.approx(0.95)
    assert found.strong == pytest.approx(2.5)


def test_maps_that_tell_nothing_apart_have_no_moderate_heat_below_what_healthy_films_reach():
    found = _one(_films([0.1] * 10, [0.5] * 10))
    assert found.moderate == found.strong == found.full == pytest.approx(0.5)


@pytest.mark.parametrize(("right", "alone"), [(4, 100), (100, 4)])
def test_too_few_films_of_a_kind_make_no_scale(right, alone):
    assert _one(_films([2.0] * right, [0.5] * alone)) is None


def test_a_label_whose_healthy_films_show_no_heat_at_all_has_no_scale():
    assert _one(_films([2.0] * 10, [0.0] * 10)) is None


def test_words_are_counted_on_test_films_flagged_rightly_and_left_alone_rightly():
    val = _films([3.0] * 10, [1.0] * 10)
    found = _one(val, _films([0.5, 2.0, 3.0, 9.0], [0.01, 0.2, 0.3, 1.5]))
    assert found.reached["flagged_with"].model_dump() == {"none": 0, "weak": 1, "moderate": 1, "strong": 2}
    assert found.reached["unflagged_without"].model_dump() == {
        "none": 1,
        "weak": 2,
        "moderate": 1,
        "strong": 0,
    }
