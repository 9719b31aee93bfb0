"""Heat says how strong it is: one scale for each label, the same colour for the same word."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.domain import MODERATE_FROM, STRONG_FROM, Box, Heatmap, HeatScale, Preparation
from cxr_dash.explain import film_heat, make_heatmap, shown_peaks
from cxr_dash.language import say_no_place, say_strength, translator

SCALE = HeatScale(moderate=1.0, strong=2.0, full=4.0)
PLAN = Preparation(
    film_width=64,
    film_height=64,
    window_low=0.0,
    window_high=255.0,
    inverted=False,
    crop=Box(0, 0, 64, 64),
    content=Box(0, 0, 64, 64),
    input_width=64,
    input_height=64,
    pad_value=0.0,
)


def _heat(peak: float, scale: HeatScale | None = SCALE) -> Heatmap:
    cam = np.zeros((4, 4), np.float32)
    cam[1:3, 1:3] = peak
    return make_heatmap(cam, 1.0, PLAN, scale=scale)


@pytest.mark.parametrize(
    ("peak", "strength", "spanish"),
    [
        (0.01, "none", "ninguno"),
        (0.5, "weak", "débil"),
        (1.0, "moderate", "moderado"),
        (1.99, "moderate", "moderado"),
        (2.0, "strong", "fuerte"),
        (40.0, "strong", "fuerte"),
    ],
)
def test_a_maps_word_follows_from_its_peak_on_the_labels_own_scale(
    peak: float, strength: str, spanish: str
) -> None:
    heatmap = _heat(peak)
    assert heatmap.strength == strength
    assert say_strength(heatmap, translator("en")) == strength
    assert say_strength(heatmap, translator("es")) == spanish


def test_a_weak_map_is_never_as_hot_as_a_moderate_one_and_a_moderate_one_never_as_a_strong_one() -> None:
    weak, moderate, strong = (film_heat(_heat(peak)).max() for peak in (0.99, 1.5, 3.0))
    assert weak < MODERATE_FROM < moderate < STRONG_FROM < strong
    assert weak == pytest.approx(0.99 * MODERATE_FROM, abs=0.01)
    assert film_heat(_heat(4.0)).max() == pytest.approx(1.0, abs=0.01)
    assert film_heat(_heat(400.0)).max() == 1.0


def test_heat_on_the_scale_is_in_the_order_of_the_map() -> None:
    values = np.linspace(0.0, 5.0, 200, dtype=np.float32)
    assert (np.diff(SCALE.shares(values)) >= 0.0).all()
    np.testing.assert_allclose(
        SCALE.shares(np.array([0.0, 1.0, 2.0, 4.0], np.float32)), [0.0, MODERATE_FROM, STRONG_FROM, 1.0]
    )


def test_without_a_scale_a_map_is_drawn_to_its_own_peak_and_has_no_word() -> None:
    heatmap = _heat(0.2, None)
    assert heatmap.strength is None
    assert say_strength(heatmap, translator("es")) == ""
    assert film_heat(heatmap).max() == pytest.approx(1.0, abs=0.01)


def test_a_flat_map_stays_dark_on_a_scale_too() -> None:
    assert not film_heat(_heat(0.01)).any()


def test_why_no_place_is_named_is_said_in_both_languages() -> None:
    cam = np.eye(4, dtype=np.float32)
    heatmap = make_heatmap(cam, 1.0, PLAN, no_place="no_better_than_template")
    assert "average place" in say_no_place(heatmap, translator("en"))
    assert "lugar medio" in say_no_place(heatmap, translator("es"))
    assert say_no_place(make_heatmap(cam, 1.0, PLAN), translator("en")) == ""


def test_the_peaks_that_scales_are_measured_by_are_those_that_maps_are_shown_with() -> None:
    plan = Preparation(
        film_width=32,
        film_height=64,
        window_low=0.0,
        window_high=255.0,
        inverted=False,
        crop=Box(0, 0, 32, 64),
        content=Box(16, 0, 32, 64),
        input_width=64,
        input_height=64,
        pad_value=0.0,
    )
    cams = np.random.default_rng(0).normal(size=(3, 4, 4)).astype(np.float32)
    cams[0, :, 0] = 50.0  # in the letterbox bar: shown to nobody
    expected = [make_heatmap(cam, 0.0, plan).peak for cam in cams]
    np.testing.assert_array_equal(shown_peaks(cams, plan), np.array(expected, np.float32))
    assert expected[0] < 50.0
