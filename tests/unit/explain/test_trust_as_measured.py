"""Measures of trust come to what they came to when their limits were chosen, on uneven frames too."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from cxr_dash.domain import Box, Heatmap, LungField, Preparation
from cxr_dash.explain import SHIFTS, Shifted, find_regions, heat_trust, make_heatmap, shifted_input
from cxr_dash.explain.trust import LARGEST_DRIFT, map_correlation, share_inside

# A film of 700 x 900, cropped unevenly, letterboxed on an input of 96 x 128.
PLAN = Preparation(
    film_width=700,
    film_height=900,
    window_low=0.0,
    window_high=255.0,
    inverted=False,
    crop=Box(40, 90, 600, 720),
    content=Box(10, 3, 75, 90),
    input_width=96,
    input_height=96,
    pad_value=0.0,
)
FIELD = replace(
    PLAN, crop=Box(0, 0, 700, 900), content=Box(14, 0, 100, 128), input_width=128, input_height=128
)


def lungs(*ellipses: tuple[int, int, int, int, int]) -> LungField:
    """Ellipses on the segmenter's grid: x, y, radii, lean."""
    grid = np.zeros((128, 128), np.float32)
    for x, y, across, down, lean in ellipses:
        cv2.ellipse(grid, (x, y), (across, down), lean, 0, 360, 1.0, -1)
    return LungField(grid, FIELD)


TWO = lungs((44, 60, 15, 38, 4), (86, 64, 14, 34, -5))
SMALL_THIRD = lungs((44, 60, 15, 38, 4), (86, 64, 14, 34, -5), (64, 12, 3, 3, 0))
TOUCHING = lungs((46, 60, 19, 38, 12), (83, 64, 19, 34, -12))


REGIONS = {"lungs": (0.4652, 99.0, 124.2), "heart": (0.3962, 102.7, 126.5), "chest": (0.5797, 100.2, 125.7)}


def cam(seed: int) -> np.ndarray:
    """A map of 7 x 7 cells with evidence for and against."""
    return np.random.default_rng(seed).normal(0.3, 1.0, (7, 7)).astype(np.float32)


def heat(seed: int, plan: Preparation = PLAN) -> Heatmap:
    return make_heatmap(cam(seed), 1.0, plan)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (TWO, REGIONS),
        (SMALL_THIRD, REGIONS),
        (TOUCHING, dict.fromkeys(("lungs", "chest"), (0.5002, 99.0, 125.8))),
    ],
    ids=["two lungs", "and a speck", "that touch"],
)
def test_regions_have_the_size_and_the_place_that_they_had(
    field: LungField, expected: dict[str, tuple[float, float, float]]
) -> None:
    regions = find_regions(field)
    assert regions.scale == pytest.approx(256 / 900)
    found = {
        name: (mask.mean(), *reversed(np.argwhere(mask).mean(axis=0))) for name, mask in regions.masks.items()
    }
    assert {mask.shape for mask in regions.masks.values()} == {(256, 199)}
    assert found.keys() == expected.keys()
    for name, (share, across, down) in expected.items():
        assert found[name] == (
            pytest.approx(share, abs=5e-4),
            pytest.approx(across, abs=0.1),
            pytest.approx(down, abs=0.1),
        )


@pytest.mark.parametrize(
    ("plan", "shares"),
    [
        (PLAN, (0.6836, 0.544, 0.8452)),
        (replace(PLAN, tilt_degrees=8.0), (0.7249, 0.5977, 0.8887)),
        (replace(PLAN, crop=Box(0, 0, 700, 900), content=Box(0, 0, 96, 96)), (0.491, 0.3708, 0.5847)),
    ],
    ids=["cropped", "straightened", "stretched"],
)
def test_shares_inside_are_those_of_the_film(plan: Preparation, shares: tuple[float, ...]) -> None:
    regions = find_regions(TWO)
    found = [share_inside(heat(2, plan), region, regions) for region in ("lungs", "heart", "chest")]
    assert found == pytest.approx(list(shares), abs=1e-3)


@pytest.mark.parametrize(
    ("plan", "correlations"),
    [
        (PLAN, (0.9171, 0.9146, 0.4019)),
        (replace(PLAN, content=Box(0, 20, 96, 40)), (0.9242, 0.9256, -0.0179)),
        (replace(PLAN, content=Box(40, 0, 14, 96)), (0.7212, 0.9276, -0.1737)),
    ],
    ids=["cropped", "wide", "narrow"],
)
def test_correlations_are_those_of_what_both_films_show(
    plan: Preparation, correlations: tuple[float, ...]
) -> None:
    shown = [Shifted(shift, cam(3), 0.5) for shift in SHIFTS]
    shown.append(Shifted((0.05, -0.1), cam(3) + cam(4), 0.5))
    found = [map_correlation(heat(3, plan), one) for one in shown]
    assert found == pytest.approx(list(correlations), abs=1e-3)


def test_a_film_moves_by_shares_of_its_own_sides_and_its_border_is_repeated() -> None:
    film = np.zeros((40, 80, 1), np.float32)
    film[10, 20], film[:, 0], film[0] = 200.0, 9.0, 50.0
    moved = shifted_input(film, (0.1, 0.25))
    assert moved.shape == film.shape
    assert moved[20, 28, 0] == 200.0
    assert (moved[12:, :8] == 9.0).all()
    assert (moved[:11, 9:] == 50.0).all()
    back = shifted_input(moved, (-0.1, -0.25))
    np.testing.assert_array_equal(back[1:30, 1:72], film[1:30, 1:72])


def test_a_drift_at_its_limit_is_still_steady_and_the_largest_counts() -> None:
    def drifted(*probabilities: float) -> object:
        moved = [
            Shifted(s, shifted_input(cam(5)[..., np.newaxis], s)[..., 0], p)
            for s, p in zip(SHIFTS, probabilities, strict=True)
        ]
        found = heat_trust("finding", heat(5), LARGEST_DRIFT, moved, find_regions(TWO))
        return found.drift, found.verdict

    assert drifted(0.0, 0.2) == (LARGEST_DRIFT, "good")
    assert drifted(0.15, 0.31)[1] == "caution"
    assert drifted(0.31, 0.15)[1] == "caution"
