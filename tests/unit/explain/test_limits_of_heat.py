"""When a map is flat, where its peaks lie and when another side is named, on each limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cells import PLAN

from cxr_dash.domain import Box, HeatScale, Preparation
from cxr_dash.explain import (
    content_heat,
    film_heat,
    film_heatmap,
    make_heatmap,
    peak_positions,
    shown_peaks,
)

EPS = float(np.finfo(np.float32).eps)


def spots(places: dict[tuple[int, int], float], ground: float = 0.0) -> np.ndarray:
    """A map with these values at (column, row)."""
    cam = np.full((100, 100), ground, np.float32)
    for (column, row), value in places.items():
        cam[row, column] = value
    return cam


@pytest.mark.parametrize(
    ("peak", "reference", "flat"),
    [(1.0, 20.0, True), (1.001, 20.0, False), (EPS, 0.0, True), (2 * EPS, 0.0, False), (0.0, -1.0, True)],
)
def test_a_map_below_a_twentieth_of_what_its_label_reaches_is_flat(
    peak: float, reference: float, flat: bool
) -> None:
    found = make_heatmap(spots({(40, 40): peak}), reference, PLAN)
    assert (found.flat, found.peak) == (flat, pytest.approx(peak))


@pytest.mark.parametrize(("ground", "flat"), [(0.899, False), (0.901, True)])
def test_a_map_whose_mean_is_nine_tenths_of_its_peak_is_spread_over_the_film(
    ground: float, flat: bool
) -> None:
    assert make_heatmap(spots({(40, 40): 1.0}, ground), 1.0, PLAN).flat is flat


def test_a_label_s_scale_and_why_it_has_no_place_are_kept() -> None:
    scale = HeatScale(moderate=1.0, strong=2.0, full=4.0)
    found = make_heatmap(spots({(4, 4): 1.0}), 1.0, PLAN, scale=scale, no_place="not_measured")
    assert (found.scale, found.no_place) == (scale, "not_measured")
    plain = make_heatmap(spots({(4, 4): 1.0}), 1.0, PLAN)
    assert (plain.scale, plain.no_place) == (None, None)


def positions(places: dict[tuple[int, int], float], plan: Preparation = PLAN) -> list[tuple[float, float]]:
    return peak_positions(make_heatmap(spots(places), 1.0, plan))


@pytest.mark.parametrize(
    ("places", "found"),
    [
        # 0.06 beside the middle is no side: the middle of column 55 lies at 0.555, that of column 56 at 0.565
        ({(55, 30): 5.0, (20, 40): 4.9}, [(55, 30)]),
        ({(56, 30): 5.0, (20, 40): 4.9}, [(56, 30), (20, 40)]),
        ({(44, 30): 5.0, (80, 40): 4.9}, [(44, 30)]),
        ({(43, 30): 5.0, (80, 40): 4.9}, [(43, 30), (80, 40)]),
        # nor is what lies as near to it the other side
        ({(90, 30): 5.0, (44, 40): 4.9}, [(90, 30)]),
        ({(90, 30): 5.0, (43, 40): 4.9}, [(90, 30), (43, 40)]),
        ({(10, 30): 5.0, (55, 40): 4.9}, [(10, 30)]),
        ({(10, 30): 5.0, (56, 40): 4.9}, [(10, 30), (56, 40)]),
        # four fifths of the peak are about as strong
        ({(90, 30): 5.0, (10, 40): 4.0}, [(90, 30), (10, 40)]),
        ({(90, 30): 5.0, (10, 40): 3.99}, [(90, 30)]),
        # on the same side there is no other
        ({(90, 30): 5.0, (80, 40): 4.9}, [(90, 30)]),
    ],
)
def test_the_other_side_is_named_where_there_is_one_about_as_strong(
    places: dict[tuple[int, int], float], found: list[tuple[int, int]]
) -> None:
    expected = [
        (pytest.approx((column + 0.5) / 100), pytest.approx((row + 0.5) / 100)) for column, row in found
    ]
    assert positions(places) == expected


def test_places_are_shares_of_the_film_whatever_was_cropped() -> None:
    plan = replace(
        PLAN, film_width=400, film_height=300, crop=Box(100, 30, 200, 150), content=Box(10, 20, 80, 60)
    )
    # cell (30, 50) is the 21st of 80 columns and the 31st of 60 rows of the crop
    ((across, down),) = positions({(30, 50): 2.0}, plan)
    assert across == pytest.approx((100 + 20.5 / 80 * 200) / 400)
    assert down == pytest.approx((30 + 30.5 / 60 * 150) / 300)


def test_heat_is_a_share_of_the_peak_and_a_label_s_scale_is_used_on_the_film() -> None:
    cam = spots({(30, 40): 2.0, (60, 40): 0.5, (5, 5): -3.0})
    heatmap = make_heatmap(cam, 1.0, PLAN)
    for shown in (content_heat(heatmap), film_heat(heatmap)):
        assert (shown[40, 30], shown[40, 60], shown[5, 5]) == (1.0, 0.25, 0.0)
        assert shown.dtype == np.float32
    assert film_heatmap(heatmap)[40, 30] == 2.0
    scale = HeatScale(moderate=1.0, strong=2.0, full=4.0)
    scaled = make_heatmap(cam, 1.0, PLAN, scale=scale)
    np.testing.assert_array_equal(film_heat(scaled), scale.shares(film_heatmap(scaled)))
    np.testing.assert_array_equal(content_heat(scaled), content_heat(heatmap))


def test_peaks_of_all_labels_are_those_over_the_film() -> None:
    plan = replace(PLAN, content=Box(20, 0, 60, 100), crop=Box(0, 0, 60, 100), film_width=60)
    cams = np.stack([spots({(5, 5): 9.0, (40, 40): 2.0}), spots({(40, 40): -2.0}, -1.0)])
    found = shown_peaks(cams, plan)
    assert found.dtype == np.float32
    assert found.tolist() == [2.0, 0.0]
