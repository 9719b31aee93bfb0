"""Which findings of a film count, to the figure at which they begin to: the rules of the page."""

from __future__ import annotations

import math

import pytest
from export_material import analysis_of, bundle_of, film_file

from cxr_dash.domain import Analysis
from cxr_dash.inference.bundle import Bundle
from cxr_dash.services.exports.listed import (
    BORDERLINE_MARGIN,
    above_cut,
    borderline,
    label_in_view,
    margin,
    to_check,
)

KEYS = ("effusion", "finding", "normal")
BUNDLE = bundle_of([(key, key.title(), key.title()) for key in KEYS])
FILM = film_file(size=(64, 64))


def said(*probabilities: float, bundle: Bundle = BUNDLE) -> Analysis:
    """Probabilities of an effusion, of anything at all, and of a normal film; each threshold is 0.5."""
    return analysis_of(FILM, bundle, probabilities)


def keys(*probabilities: float, **thresholds: float) -> tuple[list[str], list[str]]:
    """What lies above its threshold, and what of that is to be checked."""
    analysis = said(*probabilities)
    counted = to_check(analysis.findings, thresholds)
    return [one.label.key for one in above_cut(analysis, thresholds)], [one.label.key for one in counted]


def test_a_probability_at_its_threshold_counts_and_one_below_does_not() -> None:
    assert keys(0.5, 0.499, 0.0) == (["effusion"], ["effusion"])
    assert keys(0.499, 0.5, 0.0) == (["finding"], ["finding"])
    assert keys(0.5, 0.5, 0.0, effusion=0.51, finding=0.5) == (["finding"], ["finding"])


def test_a_summary_counts_alone_and_what_reassures_never() -> None:
    assert keys(0.9, 0.9, 0.9) == (["effusion", "finding", "normal"], ["effusion"])
    assert keys(0.1, 0.9, 0.9) == (["finding", "normal"], ["finding"])
    assert keys(0.1, 0.1, 0.9) == (["normal"], [])


@pytest.mark.parametrize("cut", [0.1, 0.48, 0.9])
def test_borderline_is_a_stretch_of_the_angular_scale_above_the_threshold(cut: float) -> None:
    def at(distance: float) -> float:
        """The probability so far above the threshold."""
        return math.sin(math.asin(math.sqrt(cut)) + distance * math.pi / 2.0) ** 2

    for distance, expected in ((0.0, True), (0.039, True), (0.041, False), (-0.001, False)):
        (effusion, *_) = said(cut if distance == 0.0 else at(distance), 0.0, 0.0).findings
        assert borderline(effusion, {"effusion": cut}) is expected
        assert margin(effusion.probability, cut) == pytest.approx(distance, abs=1e-9)
    assert BORDERLINE_MARGIN == 0.04, "the page is told"


def test_the_scale_goes_from_none_to_all_in_one() -> None:
    assert margin(1.0, 0.0) == pytest.approx(1.0)
    assert margin(0.5, 0.0) == pytest.approx(0.5)
    assert margin(0.0, 1.0) == pytest.approx(-1.0)


def test_the_finding_in_view_is_the_one_furthest_above_and_a_summary_only_where_it_stands_alone() -> None:
    assert label_in_view(said(0.6, 0.9, 0.1), BUNDLE, None, {}) == "effusion"
    assert label_in_view(said(0.4, 0.9, 0.1), BUNDLE, None, {}) == "finding"
    assert label_in_view(said(0.4, 0.1, 0.2), BUNDLE, None, {}) == "effusion"
    assert label_in_view(said(0.6, 0.1, 0.7), BUNDLE, None, {"effusion": 0.3}) == "effusion"
    assert label_in_view(said(0.6, 0.1, 0.7), BUNDLE, "finding", {}) == "finding"
