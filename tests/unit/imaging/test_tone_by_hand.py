"""Every number of a film's tone against SciPy's filters and NumPy's quantiles, and gaps that are counted."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cxr_dash.domain import Box, LungField, Preparation, Radiograph
from cxr_dash.imaging import lungs_on_input, measure_tone, uneven_gaps

CONTENT = Box(20, 6, 180, 210)
PLAN = Preparation(180, 210, 0.0, 255.0, False, Box(0, 0, 180, 210), CONTENT, 224, 224, 0.0)
IN_CONTENT = np.s_[6:216, 20:200]


def shown(seed: int = 1) -> np.ndarray:
    """A model input with structure of every width, brighter below."""
    rng = np.random.default_rng(seed)
    layers = [gaussian_filter(rng.normal(size=(224, 224)), width) * width for width in (0.6, 2, 6, 15)]
    return (110 + 18 * sum(layers) + np.linspace(-40, 60, 224)[:, np.newaxis]).clip(0, 255).astype(np.float32)


def lungs() -> np.ndarray:
    mask = np.zeros((224, 224), bool)
    mask[40:170, 40:90] = mask[45:165, 120:180] = True
    mask[:, :30] = True  # partly in the bar, which does not count
    return mask


def by_hand(picture: np.ndarray, mask: np.ndarray, side: float) -> np.ndarray:
    film, inside = picture[IN_CONTENT].astype(np.float64) / 255, mask[IN_CONTENT]
    smooth = [
        gaussian_filter(film, width * side / 224, mode="mirror", truncate=4.0) for width in (1, 3, 9, 20)
    ]
    details = [film - one for one in smooth]
    contrast = [detail[where].std() / film.std() for detail in details for where in (inside, ~inside)]
    flat = np.sqrt(np.mean((np.sort(film.ravel()) - np.linspace(0, 1, film.size)) ** 2))
    edges = np.quantile(smooth[1], (0, 0.25, 0.5, 0.75, 1))
    medians = [
        np.median(np.abs(details[0])[(smooth[1] >= low) & (smooth[1] <= high)])
        for low, high in pairwise(edges)
    ]
    return np.concatenate(
        [
            np.quantile(film[inside], (0.05, 0.25, 0.5, 0.75, 0.95)),
            np.quantile(film, (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98)),
            np.log([flat, *contrast, smooth[-1].std() / film.std()]),
            np.diff(np.log(medians)),
        ]
    )


@pytest.mark.parametrize("frame", [(224, 224), (224, 112), (112, 224)])
def test_all_measures_are_what_they_are_said_to_be(frame: tuple[int, int]) -> None:
    """Widths are shares of the longer side, whichever it is."""
    plan = replace(PLAN, input_width=frame[0], input_height=frame[1])
    found = measure_tone(shown()[..., np.newaxis], lungs(), plan)
    assert found is not None
    assert found == pytest.approx(by_hand(shown(), lungs(), max(frame)), abs=2e-3)


def test_a_film_of_one_level_has_the_least_contrast_that_is_told_from_none() -> None:
    found = measure_tone(np.full((224, 224, 1), 127.5, np.float32), lungs(), PLAN)
    assert found is not None
    assert (found[:14] == 0.5).all()
    assert found[14] == pytest.approx(np.log(np.sqrt(1 / 12)), abs=1e-4)
    assert found[15:24] == pytest.approx(np.log(1e-4))
    assert (found[24:] == 0.0).all()


@pytest.mark.parametrize(
    ("side", "cells", "measured"),
    [(100, 40, True), (100, 39, False), (20, 2, True), (20, 1, False), (10, 100, False), (10, 99, True)],
)
def test_a_histogram_needs_so_many_pixels_of_lung_and_some_of_the_rest(
    side: int, cells: int, measured: bool
) -> None:
    whole = Box(0, 0, side, side)
    plan = replace(PLAN, crop=whole, content=whole, input_width=side, input_height=side)
    picture = np.random.default_rng(0).uniform(0, 255, (side, side, 1)).astype(np.float32)
    mask = np.zeros((side, side), bool)
    mask.ravel()[:cells] = True
    assert (measure_tone(picture, mask, plan) is not None) is measured


def film_of(counts: dict[int, int]) -> Radiograph:
    """A film with so many pixels at each level."""
    pixels = np.repeat(np.array(list(counts), np.uint8), list(counts.values()))[np.newaxis]
    return Radiograph(pixels, 8, "png", "0" * 64)


def gaps(counts: dict[int, int]) -> float:
    film = film_of(counts)
    whole = Box(0, 0, film.width, film.height)
    return uneven_gaps(film, replace(PLAN, film_width=film.width, film_height=1, crop=whole))


# 32 levels without gaps, then 32 of which every second is missing: 20 pixels a level there.
HALF = dict.fromkeys([*range(50, 82), *range(83, 114, 2)], 40)
EVEN = dict.fromkeys(range(100, 164), 40)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (HALF, 0.5),
        (HALF | {0: 9000, 255: 9000}, 0.5),  # what was clipped does not count
        (HALF | dict.fromkeys(range(83, 114, 2), 39), 15 / 32),  # 19.5 a level are too rare to look at
        (EVEN, 0.0),
        ({0: 5000, 255: 5000}, 0.0),
        # beyond a hundredth at either end levels thin out
        (EVEN | {5: 20}, 0.0),
        (EVEN | {250: 20}, 0.0),
        (EVEN | {5: 30}, 16 / 32),
        (EVEN | {250: 30}, 16 / 32),
        # 34 levels: of three runs two are dense, and one of them lacks a level
        (dict.fromkeys(range(50, 82), 20) | {51: 40, 83: 30}, 1 / 32),
        # too few levels to look at: one run of 31, or of 32
        ({level: 40 for level in range(50, 81) if level != 60}, 0.0),
        ({level: 40 for level in range(50, 82) if level != 60}, 0.0),
        # the lowest and the highest level that are no clipping
        ({1: 40, **dict.fromkeys(range(33, 65), 40)}, 16 / 32),
        ({**dict.fromkeys(range(191, 223), 40), 254: 40}, 16 / 32),
    ],
)
def test_missing_levels_are_counted_among_32_neighbours(counts: dict[int, int], expected: float) -> None:
    assert gaps(counts) == pytest.approx(expected)


def test_only_the_films_own_part_and_only_8_bits_are_looked_at() -> None:
    film = film_of(HALF)
    beside = np.hstack([film.pixels, np.full((1, 4000), 40, np.uint8)])
    plan = replace(PLAN, crop=Box(0, 0, film.width, 1))
    assert uneven_gaps(replace(film, pixels=beside), plan) == 0.5
    assert uneven_gaps(replace(film, pixels=film.pixels.astype(np.uint16)), plan) == 0.0


@pytest.mark.parametrize(("down", "across"), [(224, 224), (56, 56), (112, 56), (56, 224)])
def test_lungs_come_to_the_input_cell_by_cell(down: int, across: int) -> None:
    """To the same preparation: each cell of the grid is a rectangle of pixels, ended by bars."""
    high, wide = 224 // down, 224 // across
    probability = np.zeros((down, across), np.float32)
    probability[40 // high : 160 // high, 0 : 80 // wide] = 1.0
    probability[40 // high : 120 // high, 120 // wide : 200 // wide] = 1.0
    content = Box(16, 0, 192, 224)
    plan = replace(PLAN, content=content, crop=Box(0, 0, 192, 224), film_width=192, film_height=224)
    found = lungs_on_input(LungField(probability, plan), plan)
    expected = np.zeros((224, 224), bool)
    expected[40:160, 16:80] = expected[40:120, 120:200] = True
    assert (found != expected).sum() <= 8, "but for corners"
    np.testing.assert_array_equal(found[80], expected[80])
    np.testing.assert_array_equal(found[:, 150], expected[:, 150])


def test_lungs_come_to_another_crop_of_the_film_at_its_scale() -> None:
    """A film of 448 x 448, seen whole by the segmenter and by its middle at full size by the model."""
    own = replace(
        PLAN, film_width=448, film_height=448, crop=Box(0, 0, 448, 448), content=Box(0, 0, 224, 224)
    )
    probability = np.zeros((224, 224), np.float32)
    probability[80:150, 60:100] = probability[80:150, 130:170] = 1.0
    seen = replace(own, crop=Box(112, 100, 224, 200), content=Box(0, 12, 224, 200))
    found = lungs_on_input(LungField(probability, own), seen)
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    # the lungs end at row 300 and column 340, as does the crop at column 336
    assert (rows[0], rows[-1] + 1) == (160 - 100 + 12, 300 - 100 + 12)
    assert (columns[0], columns[-1] + 1) == (120 - 112, 336 - 112)
