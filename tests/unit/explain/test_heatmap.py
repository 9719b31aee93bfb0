"""Heatmaps keep their peak, and a map that points nowhere is named instead of stretched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxr_dash.domain import Box, Preparation
from cxr_dash.explain import content_heat, film_heat, film_heatmap, make_heatmap, peak_positions

PREPARATION = Preparation(
    film_width=400,
    film_height=300,
    window_low=0.0,
    window_high=255.0,
    inverted=False,
    crop=Box(50, 0, 300, 300),
    content=Box(0, 0, 64, 64),
    input_width=64,
    input_height=64,
    pad_value=0.0,
)


def _cam(peak: float) -> np.ndarray:
    cam = np.full((4, 4), -1.0, dtype=np.float32)
    cam[3, 0] = peak
    return cam


def test_negative_evidence_is_dropped_and_the_raw_peak_is_kept() -> None:
    heatmap = make_heatmap(_cam(2.5), 1.0, PREPARATION)
    assert heatmap.peak == film_heatmap(heatmap).max() == pytest.approx(2.5, rel=0.05)
    assert not heatmap.flat
    assert heatmap.values.min() == 0.0


def test_the_film_map_is_unnormalised_in_the_films_frame_and_points_to_the_evidence() -> None:
    values = film_heatmap(make_heatmap(_cam(2.5), 1.0, PREPARATION))
    assert values.shape == (300, 400)
    assert values.dtype == np.float32
    assert values.max() == pytest.approx(2.5, rel=0.05)
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert row > 200
    assert 50 <= column < 150
    assert not values[:, :50].any()


@pytest.mark.parametrize(
    ("cam", "why"),
    [
        (_cam(-1.0), "no positive evidence at all"),
        (_cam(0.01), "far below what the label reaches"),
        (np.full((4, 4), 3.0, dtype=np.float32), "the same everywhere"),
    ],
)
def test_a_map_that_points_nowhere_is_flat_and_shows_nothing(cam: np.ndarray, why: str) -> None:
    heatmap = make_heatmap(cam, 1.0, PREPARATION)
    assert heatmap.flat, why
    assert not content_heat(heatmap).any()
    assert not film_heat(heatmap).any()


def test_a_shown_map_is_a_share_of_its_own_peak() -> None:
    heatmap = make_heatmap(_cam(0.2), 1.0, PREPARATION)
    shown = content_heat(heatmap)
    assert shown.shape == (64, 64)
    assert 0.95 <= shown.max() <= 1.0


def test_evidence_in_the_letterbox_bars_counts_for_nothing() -> None:
    tall = replace(PREPARATION, crop=Box(0, 0, 75, 300), content=Box(24, 0, 16, 64))
    cam = np.zeros((4, 4), np.float32)
    cam[1, 0] = 9.0  # the bar at the left
    assert make_heatmap(cam, 5.0, tall).flat
    cam[2, 1] = 0.8
    cam[2, 2] = 0.8
    heatmap = make_heatmap(cam, 5.0, tall)
    assert not heatmap.flat
    assert heatmap.peak == pytest.approx(film_heatmap(heatmap).max(), rel=0.05)
    assert film_heat(heatmap).max() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("cell", [(0, 3), (3, 0), (2, 1)])
@pytest.mark.parametrize(
    "preparation",
    [
        PREPARATION,
        replace(PREPARATION, crop=Box(0, 100, 400, 200), content=Box(0, 16, 64, 32)),
        replace(PREPARATION, crop=Box(200, 30, 100, 200), content=Box(16, 0, 32, 64)),
    ],
    ids=["cropped", "bars above and below", "bars beside"],
)
def test_the_peaks_position_is_that_of_the_map_in_the_films_frame(
    preparation: Preparation, cell: tuple[int, int]
) -> None:
    cam = np.full((4, 4), 0.1, dtype=np.float32)
    cam[cell] = 2.0
    heatmap = make_heatmap(cam, 1.0, preparation)
    values = film_heatmap(heatmap)
    hottest = np.argwhere(values >= 0.995 * values.max())
    (top, left), (bottom, right) = hottest.min(axis=0), hottest.max(axis=0)
    (position,) = peak_positions(heatmap)
    # to one pixel of the model's input
    across = preparation.crop.width / preparation.content.width
    down = preparation.crop.height / preparation.content.height
    assert left - across <= position[0] * 400 <= right + across
    assert top - down <= position[1] * 300 <= bottom + down


def test_a_flat_map_has_no_peak_to_point_at() -> None:
    assert peak_positions(make_heatmap(np.full((4, 4), 3.0, np.float32), 1.0, PREPARATION)) == []


@pytest.mark.parametrize(("other", "places"), [(1.4, 1), (1.9, 2)])
def test_the_other_side_is_named_too_where_it_is_about_as_strong(other: float, places: int) -> None:
    plan = replace(PREPARATION, crop=Box(0, 0, 400, 300))
    cam = np.zeros((4, 4), np.float32)
    cam[1, 3], cam[2, 0] = 2.0, other
    found = peak_positions(make_heatmap(cam, 1.0, plan))
    assert len(found) == places
    assert found[0][0] > 0.8
    assert found[-1][0] < 0.2 or places == 1


def test_a_peak_in_the_middle_of_the_film_has_no_other_side() -> None:
    plan = replace(PREPARATION, crop=Box(0, 0, 400, 300))
    cam = np.zeros((3, 3), np.float32)
    cam[1] = (1.9, 2.0, 1.9)
    ((across, down),) = peak_positions(make_heatmap(cam, 1.0, plan))
    assert (across, down) == pytest.approx((0.5, 0.5), abs=0.02)
