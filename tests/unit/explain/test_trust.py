"""How far heat may be trusted: drawn lungs and maps whose shares are counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxr_dash.domain import Box, Heatmap, LungField, Preparation
from cxr_dash.explain import SHIFTS, Shifted, find_regions, heat_trust, make_heatmap, shifted_input
from cxr_dash.explain.trust import map_correlation, region_of, share_inside
from cxr_dash.imaging import restore_map

SIDE = 64
WHOLE = Preparation(
    film_width=SIDE,
    film_height=SIDE,
    window_low=0.0,
    window_high=255.0,
    inverted=False,
    crop=Box(0, 0, SIDE, SIDE),
    content=Box(0, 0, SIDE, SIDE),
    input_width=SIDE,
    input_height=SIDE,
    pad_value=0.0,
)


@pytest.fixture
def lungs() -> LungField:
    """Two upright lungs, columns 8-23 and 40-55, rows 10-49, with the heart's place between them."""
    field = np.zeros((SIDE, SIDE), np.float32)
    field[10:50, 8:24] = field[10:50, 40:56] = 1.0
    return LungField(field, WHOLE)


def _map(rows: slice, columns: slice) -> np.ndarray:
    values = np.zeros((SIDE, SIDE), np.float32)
    values[rows, columns] = 1.0
    return values


def _heat(values: np.ndarray, preparation: Preparation = WHOLE) -> Heatmap:
    return make_heatmap(values, 1.0, preparation)


def _shifted(values: np.ndarray, probability: float = 0.7) -> list[Shifted]:
    """What a model that moves its map with the film says."""
    return [Shifted(s, shifted_input(values[..., np.newaxis], s)[..., 0], probability) for s in SHIFTS]


IN_LUNG = _map(slice(20, 30), slice(12, 20))
IN_HEART = _map(slice(35, 45), slice(28, 36))
OUTSIDE = _map(slice(54, 64), slice(0, 10))


def test_the_heart_lies_between_the_lungs_and_not_below_or_beside_them(lungs):
    heart = find_regions(lungs).masks["heart"]
    assert heart[20:45, 28:36].all()
    assert not heart[:, :16].any()
    assert not heart[:, 48:].any()
    # a tenth of 64 is six pixels of margin below the bases
    assert heart[55].any()
    assert not heart[57:].any()


def test_the_lungs_have_a_margin_for_the_pleura(lungs):
    mask = find_regions(lungs).masks["lungs"]
    assert mask[30, 6:26].all()
    assert not mask[30, 4]
    assert not mask[30, 28:36].any()


def test_half_of_the_heat_in_the_lungs_is_half(lungs):
    heat = _heat(IN_LUNG + np.roll(IN_LUNG, (38, -12), (0, 1)))
    assert share_inside(heat, "lungs", find_regions(lungs)) == pytest.approx(0.5, abs=1e-6)


def test_the_share_is_that_of_the_films_own_frame(lungs):
    # the same lungs on a film ten times as large, of which the model saw the right half, letterboxed
    large = replace(
        WHOLE, film_width=640, film_height=640, crop=Box(320, 0, 320, 640), content=Box(16, 0, 32, 64)
    )
    field = replace(lungs, preparation=replace(large, crop=Box(0, 0, 640, 640), content=Box(0, 0, 64, 64)))
    # input columns 30-37 are the film's 460-540: inside the lung of 400-560, behind the heart's margin
    heat = _heat(_map(slice(20, 30), slice(30, 38)), large)
    assert share_inside(heat, "lungs", find_regions(field)) == pytest.approx(1.0, abs=0.03)
    assert share_inside(heat, "heart", find_regions(field)) < 0.1


def test_heat_in_place_that_moves_with_the_film_is_good(lungs):
    found = heat_trust("mass", _heat(IN_LUNG), 0.7, _shifted(IN_LUNG), find_regions(lungs))
    assert (found.verdict, found.region, found.flat) == ("good", "lungs", False)
    assert found.inside == pytest.approx(1.0)
    assert found.correlation > 0.95
    assert found.drift == 0.0
    assert found.sentence == (
        "100\u00a0% of the heat lies in the lungs; stable when the film is shifted a little."
    )


def test_heat_outside_the_lungs_is_not_to_be_relied_on(lungs):
    found = heat_trust("mass", _heat(OUTSIDE), 0.7, _shifted(OUTSIDE), find_regions(lungs))
    assert found.verdict == "poor"
    assert found.sentence == "Most of the heat lies outside the lungs (100\u00a0%): do not rely on it."


@pytest.mark.parametrize(
    ("key", "verdict"), [("cardiomegaly", "good"), ("mass", "poor"), ("finding", "good")]
)
def test_heat_over_the_heart_is_in_place_for_the_heart_alone(lungs, key, verdict):
    found = heat_trust(key, _heat(IN_HEART), 0.7, _shifted(IN_HEART), find_regions(lungs))
    assert (found.verdict, region_of(key)) == (verdict, found.region)


def test_a_map_that_jumps_is_unstable(lungs):
    jumped = [Shifted(s, np.roll(IN_LUNG, (15, 28), (0, 1)), 0.7) for s in SHIFTS]
    found = heat_trust("mass", _heat(IN_LUNG), 0.7, jumped, find_regions(lungs))
    assert found.verdict == "caution"
    assert found.sentence.endswith("unstable: a small shift of the film changes the map.")


def test_a_probability_that_jumps_is_unstable(lungs):
    found = heat_trust("mass", _heat(IN_LUNG), 0.7, _shifted(IN_LUNG, 0.4), find_regions(lungs))
    assert found.drift == pytest.approx(0.3)
    assert found.verdict == "caution"
    assert "the probability (by 0.30)" in found.sentence


def test_a_flat_map_is_not_judged(lungs):
    found = heat_trust("mass", _heat(0 * IN_LUNG), 0.1, _shifted(0 * IN_LUNG, 0.1), find_regions(lungs))
    assert (found.verdict, found.flat, found.inside, found.correlation) == ("none", True, None, None)


def test_without_lungs_only_stability_is_judged():
    for field in (None, LungField(np.zeros((SIDE, SIDE), np.float32), WHOLE)):
        found = heat_trust("mass", _heat(OUTSIDE), 0.7, _shifted(OUTSIDE), find_regions(field))
        assert (found.inside, found.verdict) == (None, "caution")
        assert "not known" in found.sentence


def test_one_lung_has_no_heart_beside_it(lungs):
    alone = lungs.probability.copy()
    alone[:, 30:] = 0.0
    assert set(find_regions(LungField(alone, WHOLE)).masks) == {"lungs", "chest"}


def test_a_map_of_a_film_that_was_straightened_moves_with_it_as_any_other(lungs):
    leaning = replace(WHOLE, tilt_degrees=12.0)
    found = heat_trust("mass", _heat(IN_LUNG, leaning), 0.7, _shifted(IN_LUNG), find_regions(lungs))
    upright = heat_trust("mass", _heat(IN_LUNG), 0.7, _shifted(IN_LUNG), find_regions(lungs))
    assert found.correlation == upright.correlation


def test_heat_of_a_film_that_was_straightened_lies_in_the_region_where_the_film_has_it(lungs):
    # the model saw the film turned by 14 degrees: a spot above its input's middle lies in a lung
    spot = _map(slice(12, 16), slice(29, 35))
    straight, leaning = (_heat(spot, replace(WHOLE, tilt_degrees=tilt)) for tilt in (0.0, -14.0))
    without_margin = lungs.probability > 0
    assert restore_map(straight.values, straight.preparation)[without_margin].sum() == 0.0
    moved = np.argwhere(restore_map(leaning.values, leaning.preparation) > 0.5).mean(axis=0)
    # a turn of the middle's upper half by 14 degrees: 17.5 rows above the middle, 4 columns to a side
    assert moved == pytest.approx(
        (31.5 - 17.9 * np.cos(np.radians(14.0)), 31.5 - 17.9 * np.sin(np.radians(14.0))), abs=1.0
    )


def test_a_map_correlates_with_itself_and_an_even_one_with_nothing():
    heat = _heat(IN_LUNG)
    assert map_correlation(heat, Shifted((0.0, 0.0), IN_LUNG, 0.5)) == pytest.approx(1.0, abs=1e-6)
    assert map_correlation(heat, Shifted((0.0, 0.0), np.ones_like(IN_LUNG), 0.5)) == 0.0
