"""Every limit of trust in heat on its edge, and the small film's geometry to the pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cells import PLAN, mask

from cxr_dash.domain import Box, LungField, Preparation
from cxr_dash.explain import Shifted, find_regions, heat_trust, make_heatmap, trust
from cxr_dash.explain.trust import (
    Regions,
    _between,
    _smaller,
    _wider,
    map_correlation,
    region_of,
    share_inside,
)
from cxr_dash.imaging import film_mask


def heat(values: np.ndarray, plan: Preparation = PLAN):
    return make_heatmap(values.astype(np.float32), 1.0, plan)


SPOT = heat(mask((20, 20, 10, 10)))
MOVED = [Shifted((0.0, 0.0), np.zeros((4, 4), np.float32), 0.5)]


@pytest.mark.parametrize(
    ("measures", "verdict", "ends"),
    [
        ((0.5, 0.85, 0.0), "good", "stable when the film is shifted a little."),
        ((0.499, 0.85, 0.0), "poor", "do not rely on it."),
        ((0.5, 0.849, 0.0), "caution", "changes the map."),
        ((1.0, 0.849, 0.25), "caution", "changes the map and the probability (by 0.25)."),
        ((1.0, 1.0, 0.15), "good", "a little."),
        ((1.0, 1.0, 0.1501), "caution", "changes the probability (by 0.15)."),
        ((0.1, 0.2, 0.9), "poor", "do not rely on it."),
        ((None, 1.0, 0.0), "caution", "stable when the film is shifted a little."),
        ((None, 0.1, 0.9), "caution", "changes the map and the probability (by 0.90)."),
    ],
)
def test_on_a_limit_heat_is_trusted_and_beyond_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
    measures: tuple[float | None, float, float],
    verdict: str,
    ends: str,
) -> None:
    inside, correlation, drift = measures
    monkeypatch.setattr(trust, "share_inside", lambda *_: inside)
    monkeypatch.setattr(trust, "map_correlation", lambda *_: correlation)
    moved = [replace(MOVED[0], probability=drift)]
    found = heat_trust("mass", SPOT, 0.0, moved, Regions(1.0, {}))
    assert (found.verdict, found.drift, found.correlation) == (verdict, drift, correlation)
    assert found.sentence.endswith(ends)


def test_of_several_shifts_the_worst_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "map_correlation", lambda _, one: one.probability)
    moved = [replace(MOVED[0], probability=probability) for probability in (0.9, 0.6, 0.8)]
    found = heat_trust("mass", SPOT, 0.7, moved, Regions(1.0, {}))
    assert (found.correlation, found.drift) == (0.6, pytest.approx(0.2))


def test_labels_have_their_region() -> None:
    regions = {key: region_of(key) for key in ("cardiomegaly", "finding", "no_finding", "normal", "hernia")}
    assert regions.pop("cardiomegaly") == "heart"
    assert set(regions.values()) == {"chest"}
    assert region_of("nodule") == "lungs"


@pytest.mark.parametrize(
    ("width", "height", "scale"),
    [(256, 200, 1.0), (200, 257, 256 / 257), (512, 100, 0.5), (100, 90, 1.0)],
)
def test_regions_are_compared_on_a_film_of_256_pixels_at_most(width: int, height: int, scale: float) -> None:
    plan = replace(PLAN, film_width=width, film_height=height, crop=Box(0, 0, width, height))
    found = find_regions(LungField(mask((10, 20, 20, 50), (60, 20, 20, 50)).astype(np.float32), plan))
    assert found.scale == pytest.approx(scale)
    shapes = {one.shape for one in found.masks.values()}
    assert shapes == {(round(height * scale), round(width * scale))}


def test_without_lungs_no_region_is_known() -> None:
    assert (find_regions(None).scale, find_regions(None).masks) == (1.0, {})
    assert find_regions(LungField(np.zeros((100, 100), np.float32), PLAN)).masks == {}


def test_lungs_have_a_margin_of_a_twentieth_and_the_heart_of_a_tenth() -> None:
    """Of the film's longer side, in a straight line up, down and to the sides."""
    left, right = (10, 30, 20, 40), (60, 30, 20, 40)
    masks = find_regions(LungField(mask(left, right).astype(np.float32), PLAN)).masks
    rows = {name: np.flatnonzero(one[:, 20 if name == "lungs" else 45]) for name, one in masks.items()}
    assert (rows["lungs"][0], rows["lungs"][-1]) == (25, 74)
    assert (rows["heart"][0], rows["heart"][-1]) == (20, 79)
    columns = np.flatnonzero(masks["lungs"][50])
    assert columns.tolist() == [*range(5, 35), *range(55, 85)]
    # from a tenth beside the hull's part between the lungs
    assert np.flatnonzero(masks["heart"][50]).tolist() == list(range(20, 70))
    np.testing.assert_array_equal(masks["chest"], masks["lungs"] | masks["heart"])


def test_on_a_film_of_a_few_pixels_a_margin_is_a_pixel() -> None:
    tiny = replace(PLAN, film_width=9, film_height=9, crop=Box(0, 0, 9, 9))
    lungs = LungField(mask((20, 20, 20, 60), (60, 20, 20, 60)).astype(np.float32), tiny)
    np.testing.assert_array_equal(find_regions(lungs).masks["lungs"], _wider(film_mask(lungs), 1))


def test_between_two_lungs_is_their_hull_from_centre_to_centre_without_them() -> None:
    left, right = (10, 30, 21, 41), (60, 30, 21, 41)
    between = _between(mask(left, right))
    assert between is not None
    np.testing.assert_array_equal(between, mask((31, 30, 29, 41)))
    # the left one is lower: the hull's upper edge rises, and only from centre to centre
    lower = _between(mask((10, 50, 21, 41), right))
    assert lower is not None
    columns = np.flatnonzero(lower.any(axis=0))
    assert (columns[0], columns[-1]) == (20, 70)
    assert _between(mask(left)) is None
    assert _between(mask()) is None
    assert _between(mask((0, 30, 50, 40), (50, 71, 50, 20))) is not None


def test_of_three_parts_the_two_largest_are_the_lungs() -> None:
    lungs = ((10, 30, 21, 41), (60, 30, 21, 41))
    with_a_speck = _between(mask(*lungs, (40, 2, 4, 4)))
    assert with_a_speck is not None
    np.testing.assert_array_equal(with_a_speck, mask((31, 30, 29, 41)))


def test_wider_is_by_a_disc() -> None:
    found = _wider(mask((50, 50, 1, 1)), 10)
    rows, columns = np.nonzero(found)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (40, 60, 40, 60)
    assert found.sum() == pytest.approx(np.pi * 10.5**2, rel=0.05)


@pytest.mark.parametrize(
    ("crop", "scale", "size", "smaller"),
    [
        (Box(100, 200, 300, 400), 0.25, (200, 250), Box(25, 50, 75, 100)),
        (Box(0, 0, 800, 1000), 0.25, (200, 250), Box(0, 0, 200, 250)),
        (Box(799, 999, 1, 1), 0.25, (200, 250), Box(199, 249, 1, 1)),
        (Box(100, 200, 1, 1), 0.25, (200, 250), Box(25, 50, 1, 1)),
        (Box(10, 20, 30, 40), 0.0001, (1, 1), Box(0, 0, 1, 1)),
        (Box(13, 27, 500, 700), 0.1, (80, 100), Box(1, 3, 50, 70)),
    ],
)
def test_a_smaller_film_has_the_same_geometry(
    crop: Box, scale: float, size: tuple[int, int], smaller: Box
) -> None:
    found = _smaller(replace(PLAN, film_width=800, film_height=1000, crop=crop), scale)
    assert (found.film_width, found.film_height) == size
    assert found.crop == smaller


def test_a_share_is_that_of_all_the_heat_and_none_is_known_of_none() -> None:
    regions = Regions(1.0, {"lungs": mask((0, 0, 100, 50))})
    values = np.zeros((100, 100))
    values[10:20], values[60:90] = 3.0, 1.0
    assert share_inside(heat(values), "lungs", regions) == pytest.approx(0.5)
    assert share_inside(heat(values), "heart", regions) is None
    assert share_inside(heat(0 * values), "lungs", regions) is None
    assert share_inside(heat(np.vstack([np.full((50, 100), 1e-3), values[50:]])), "lungs", regions) < 0.02


def test_a_correlation_is_pearsons_of_what_both_show() -> None:
    """Of maps that are already 56 x 56; what the shift brought in is left out."""
    plan = replace(PLAN, content=Box(0, 0, 56, 56), input_width=56, input_height=56)
    one, two = np.random.default_rng(0).normal(size=(2, 56, 56)).astype(np.float32)
    two = one + two
    expected = np.corrcoef(np.maximum(one, 0).ravel(), np.maximum(two, 0).ravel())[0, 1]
    assert map_correlation(heat(one, plan), Shifted((0.0, 0.0), two, 0.5)) == pytest.approx(expected)
    # by 2 cells to the right and one up
    moved = Shifted((2 / 56, -1 / 56), np.roll(two, (-1, 2), (0, 1)), 0.5)
    kept = np.s_[1:55, 2:54]
    expected = np.corrcoef(np.maximum(one, 0)[kept].ravel(), np.maximum(two, 0)[kept].ravel())[0, 1]
    assert map_correlation(heat(one, plan), moved) == pytest.approx(expected)


def test_weak_heat_correlates_as_strong_heat_does() -> None:
    values = np.random.default_rng(1).normal(size=(7, 7)).astype(np.float32)
    other = values + np.random.default_rng(2).normal(size=(7, 7)).astype(np.float32)
    strong, weak = (
        map_correlation(heat(values * by), Shifted((0.025, 0.0), other * by, 0.5))
        for by in (np.float32(1.0), np.float32(1e-3))
    )
    assert 0.1 < strong < 0.9
    assert weak == pytest.approx(strong, abs=1e-5)


def test_a_film_so_narrow_that_the_shift_leaves_nothing_correlates_with_nothing() -> None:
    plan = replace(PLAN, content=Box(50, 0, 1, 100), crop=Box(0, 0, 1, 100), film_width=1)
    values = np.tile(np.linspace(0, 1, 100), (100, 1)).T
    assert map_correlation(heat(values, plan), Shifted((0.0, 0.0), values.astype(np.float32), 0.5)) > 0.99
    assert map_correlation(heat(values, plan), Shifted((0.025, 0.0), values.astype(np.float32), 0.5)) == 0.0
