"""Which levels are the film's own: each limit on its edge, in counts that are made for it."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.domain import CODES
from cxr_dash.imaging.levels import FilmWindow, _empty_runs, _without_one_group, film_window, own_levels


def counts(levels: dict[range | int, float], size: int = 256) -> np.ndarray:
    """So many pixels at each of these levels."""
    found = np.zeros(size, np.float32)
    for where, many in levels.items():
        found[where if isinstance(where, int) else list(where)] = many
    return found


FILM = range(100)  # 100 levels of 100 pixels: 10,000


@pytest.mark.parametrize(
    ("given", "own"),
    [
        # a group of twenty levels beyond a quarter of what occurs: 40 of 160, and 39 of 159
        ({FILM: 100, range(140, 160): 10}, (0, 99)),
        ({FILM: 100, range(139, 159): 10}, (0, 158)),
        ({range(156, 256): 100, range(96, 116): 10}, (156, 255)),
        ({range(156, 256): 100, range(97, 117): 10}, (97, 255)),
        # one level alone needs a fortieth: 3 of 120, not 3 of 121; and it is seven tenths of its group
        ({range(116): 100, 119: 20}, (0, 115)),
        ({range(117): 100, 120: 20}, (0, 120)),
        ({range(140, 256): 100, 136: 20}, (140, 255)),
        ({range(139, 256): 100, 135: 20}, (135, 255)),
        ({FILM: 100, 120: 70, 121: 30}, (0, 99)),
        ({FILM: 100, 120: 69, 121: 31}, (0, 121)),
        # padding may be large, but the film is larger: 45 % of all
        ({FILM: 99, 200: 8100}, (0, 99)),
        ({FILM: 99, 200: 8101}, (0, 200)),
        # a bin of three in ten thousand pixels is empty no longer; rims may be 1.5 % of all in fewer
        ({FILM: 100, 200: 20, range(130, 170): 3.0}, (0, 99)),
        ({FILM: 100, 200: 20, range(100, 200): 3.1}, (0, 200)),
        ({FILM: 100, 200: 5000, range(100, 200): 2.2}, (0, 99)),
        ({FILM: 100, 200: 5000, range(100, 200): 2.4}, (0, 200)),
        # a group on either side, and another beyond it
        ({range(110, 200): 100, 20: 15, 240: 15}, (110, 199)),
        ({range(110, 160): 100, 20: 15, 50: 15, 200: 15, 240: 15}, (110, 159)),
        # of five groups beyond one another the last stays: it is looked four times
        ({range(60): 100, 80: 20, 105: 20, 135: 20, 170: 20, 210: 20}, (0, 80)),
        # nothing but one run
        ({range(30, 200): 50}, (30, 199)),
    ],
)
def test_what_stands_apart_beyond_a_gap_is_no_part_of_the_film(
    given: dict[range | int, float], own: tuple[int, int]
) -> None:
    assert own_levels(counts(given)) == own


@pytest.mark.parametrize(("levels", "own"), [(16, (0, 15)), (15, (0, 200))])
def test_with_fewer_than_16_levels_nothing_is_taken_away(levels: int, own: tuple[int, int]) -> None:
    assert own_levels(counts({range(levels): 100, 200: 20})) == own


@pytest.mark.parametrize(("size", "kept"), [(16, (0, 8)), (15, None)])
def test_a_range_of_fewer_than_16_levels_has_no_gaps(size: int, kept: tuple[int, int] | None) -> None:
    given = counts({range(9): 100, size - 1: 20}, size)
    assert _without_one_group(given, float(given.sum())) == kept


def test_of_16_bits_256_levels_are_looked_at_together() -> None:
    given = counts({range(25_600): 10, 25_600 + 7 * 256 + 300: 500}, CODES)
    assert own_levels(given) == (0, 25_599)
    # the bins divide what occurs, from its first to its last level
    moved = np.roll(given, 30_000)
    assert own_levels(moved) == (30_000, 55_599)


def test_runs_of_empty_bins_lie_between_occupied_ones_and_the_widest_comes_first() -> None:
    shares = np.full(40, 0.02)
    shares[[0, 1, 5, 10, 11, 12, 20, 21, 39]] = 2.9e-4
    assert _empty_runs(shares) == [(10, 13), (20, 22), (5, 6)]
    shares[20] = 3e-4
    assert _empty_runs(shares) == [(10, 13), (5, 6), (21, 22)]
    assert _empty_runs(np.full(8, 0.1)) == []


def film_of(levels: dict[int, int]) -> np.ndarray:
    return np.repeat(np.array(list(levels), np.uint16), list(levels.values()))[np.newaxis]


def test_a_window_is_that_of_the_films_own_levels() -> None:
    plain = dict.fromkeys(range(100, 1100, 10), 100)
    alone = film_window(film_of(plain), 1.0, 98.0)
    assert alone == FilmWindow(100.0, 1070.0, None)
    assert film_window(film_of(plain | {60_000: 300}), 1.0, 98.0) == FilmWindow(100.0, 1070.0, (100, 1090))
    raised = {level + 50_000: many for level, many in plain.items()} | {0: 300}
    assert film_window(film_of(raised), 1.0, 98.0) == FilmWindow(50_100.0, 51_070.0, (50_100, 51_090))
