"""The levels of drawn films follow from what they are drawn of, and their grain from the level."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cxr_dash.imaging import chest_phantom, effusion, effusion_area, effusion_phantom, phantom
from cxr_dash.imaging import drawn_anatomy as anatomy

SIDE = anatomy.DRAWN_SIDE
# without the words above
BELOW = np.s_[60:]


@pytest.fixture(scope="module")
def transmitted() -> tuple[np.ndarray, np.ndarray]:
    """A film's stopped rays, 0-1, as drawn without grain, and its levels."""
    thickness = phantom._thickness(np.random.default_rng(3), opacity=False)
    return 1.0 - np.exp(-np.maximum(thickness, 0.0)), chest_phantom(SIDE, SIDE, 3).astype(np.float64)


def test_a_level_is_8_and_272_for_all_rays_stopped(transmitted: tuple[np.ndarray, np.ndarray]) -> None:
    stopped, film = (one[BELOW].ravel() for one in transmitted)
    inner = (stopped > 0.05) & (stopped < 0.75)
    slope, level = np.polyfit(stopped[inner], film[inner], 1)
    assert slope == pytest.approx(272.0, abs=0.4)
    assert level == pytest.approx(8.0, abs=0.2)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.01), (0.3, 0.34), (0.6, 0.64)])
def test_grain_grows_with_what_is_stopped(
    transmitted: tuple[np.ndarray, np.ndarray], low: float, high: float
) -> None:
    stopped, film = (one[BELOW].ravel() for one in transmitted)
    near = (stopped >= low) & (stopped <= high)
    grain = (film - 272.0 * stopped - 8.0)[near].std()
    expected = 272.0 * (0.005 + 0.016 * stopped[near].mean())
    # and the rounding to whole levels
    assert grain == pytest.approx(np.hypot(expected, np.sqrt(1 / 12)), rel=0.03)


@pytest.mark.parametrize("seed", [0, 5])
def test_of_a_film_with_an_effusion_three_pixels_in_a_thousand_are_brighter_than_white(seed: int) -> None:
    film = effusion_phantom(400, 400, seed)
    assert np.percentile(film, 99.7) == pytest.approx(243.0, abs=0.5)


def test_scattered_rays_take_contrast_and_add_none() -> None:
    thickness = np.zeros((SIDE, SIDE), np.float32)
    thickness[:, SIDE // 2 :] = 1.0
    found = effusion._scattered(thickness)
    assert found.mean() == pytest.approx(0.5, abs=1e-3)
    row = found[SIDE // 2]
    # far from the edge all is as it was; at the edge 55 of 100 are left of the step
    assert (row[10], row[-10]) == pytest.approx((0.0, 1.0), abs=1e-3)
    assert row[SIDE // 2 + 1] - row[SIDE // 2 - 2] == pytest.approx(0.55, abs=0.02)
    # a sigma of 0.06 of the side: beside the edge there is 16 % of what is scattered, as of a Gaussian
    beside = row[SIDE // 2 - round(0.06 * SIDE)]
    assert beside == pytest.approx(0.45 * 0.1587, abs=0.005)


def test_fluid_stands_at_its_level_and_climbs_along_wall_and_heart() -> None:
    fluid = effusion._fluid()
    x = (np.arange(SIDE) + 0.5) / SIDE
    surface = np.array([(fluid[:, column] < 0.5).sum() / SIDE for column in range(SIDE)])

    def at(place: float) -> float:
        return float(surface[np.searchsorted(x, place)])

    assert at(0.34) == pytest.approx(0.48, abs=0.002)
    # half way to the wall a quarter of the climb
    assert at(0.23) == pytest.approx(0.48 - 0.17 / 4, abs=0.002)
    assert at(0.16) == pytest.approx(0.48 - 0.17, abs=0.003)
    assert at(0.02) == pytest.approx(0.48 - 0.17 * 1.44, abs=0.003)
    assert at(0.42) == pytest.approx(0.48 - 0.04 / 4, abs=0.002)
    assert at(0.49) == pytest.approx(0.48 - 0.04, abs=0.002)
    assert not fluid[:, SIDE // 2 :].any()
    # it thins out upward over a softness: 0.007 of the side, and 0.008 more at the wall
    for place, soft in ((0.34, 0.007), (0.16, 0.015)):
        column = fluid[:, np.searchsorted(x, place)]
        rows = (np.interp((0.2, 0.8), column, np.arange(SIDE))) / SIDE
        assert rows[1] - rows[0] == pytest.approx(2 * np.log(4.0) * soft, rel=0.03)


def test_the_belly_counts_below_the_dome_but_for_the_air_in_the_stomach() -> None:
    ones = np.ones((SIDE, SIDE), np.float32)
    belly = effusion._belly(ones, 0 * ones)
    x = (np.arange(SIDE) + 0.5) / SIDE

    def at(across: float, down: float) -> float:
        return float(belly[np.searchsorted(x, down), np.searchsorted(x, across)])

    assert at(0.5, 0.65) == 0.0
    assert at(0.5, 0.69) == pytest.approx(0.11, abs=0.005)
    assert at(0.5, 0.9) == pytest.approx(0.22, abs=0.002)
    assert at(0.69, 0.80) == pytest.approx(0.22 - 0.15, abs=0.003)
    assert at(0.69, 0.9) == pytest.approx(0.22 * (1 - (0.19 / 0.36) ** 8), abs=0.003)
    assert at(0.2, 0.9) == pytest.approx(0.22 * (1 - (0.3 / 0.36) ** 8), abs=0.003)
    assert at(0.1, 0.9) == 0.0
    assert not effusion._belly(ones, ones).any()


def test_the_area_is_where_more_than_half_of_the_air_is_gone() -> None:
    whole = effusion._fluid() * anatomy.lungs()
    np.testing.assert_array_equal(effusion_area(SIDE, SIDE), whole > 0.5)
    small = cv2.resize(whole, (360, 360), interpolation=cv2.INTER_AREA) > 0.5
    np.testing.assert_array_equal(effusion_area(360, 360), small)
