"""Jumps, steep edges and climbs of small films, counted by hand; each limit of the decision on its edge."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.imaging import wrapped
from cxr_dash.imaging.window import level_counts
from cxr_dash.imaging.wrapped import Jumps, _is_wrapped, _ranges, levels_wrapped, measure_jumps

NO_SPIKES = (-1, -1)


@pytest.mark.parametrize(
    ("jumps", "wrapped_round"),
    [
        # nearly every steep edge is a jump
        (Jumps(0.1, 0.92, 0.0), True),
        (Jumps(0.0999, 1.0, 1.0), False),
        (Jumps(1.29, 0.9199, 0.031), False),
        # there are many of them
        (Jumps(1.3, 0.8, 0.0), True),
        (Jumps(1.2999, 0.8, 0.0), False),
        (Jumps(9.0, 0.7999, 0.0), False),
        # many lie between two climbs
        (Jumps(0.1, 0.35, 0.032), True),
        (Jumps(0.1, 0.3499, 0.032), False),
        (Jumps(1.2, 0.9, 0.0319), False),
    ],
)
def test_each_kind_of_evidence_has_its_limits(jumps: Jumps, wrapped_round: bool) -> None:
    assert _is_wrapped(jumps) is wrapped_round


@pytest.mark.parametrize(
    ("dtype", "highest", "ranges"),
    [
        (np.uint8, 90, {256}),
        (np.uint8, 255, {256}),
        (np.uint16, 90, {65536, 256}),
        (np.uint16, 255, {65536, 256}),
        (np.uint16, 256, {65536, 512}),
        (np.uint16, 4095, {65536, 4096}),
        (np.uint16, 4096, {65536, 8192}),
        (np.uint16, 65535, {65536}),
    ],
)
def test_the_range_is_what_is_stored_or_the_power_of_two_above_the_levels(
    dtype: type, highest: int, ranges: set[int]
) -> None:
    film = np.full((4, 4), highest, dtype)
    film[0, 0] = 3
    assert _ranges(film.dtype, level_counts(film)) == ranges


def line(*levels: int, length: int = 100, middle: int = 50) -> np.ndarray:
    """A row that holds its first level up to the middle, where the others begin, and the last to its end."""
    row = np.full(length, levels[-1], np.uint8)
    row[:middle] = levels[0]
    row[middle : middle + len(levels)] = levels
    return row


def counted(lines: np.ndarray, spikes: tuple[int, int] = NO_SPIKES) -> tuple[int, int, int]:
    """Steep edges, jumps and climbs along the rows."""
    steep = np.abs(np.diff(lines.astype(int), axis=1)).astype(np.uint8)
    return wrapped._jumps_along(lines, steep, 256, spikes)


def above_grey(*rows: np.ndarray) -> np.ndarray:
    """The rows above sixty without an edge: what few rows share is no straight line then."""
    return np.vstack([*rows, np.full((60, rows[0].size), 128, np.uint8)])


@pytest.mark.parametrize(
    ("levels", "found"),
    [
        # 0.4 of 256 is 102.4, 0.85 is 217.6
        ((100, 202), (0, 0, 0)),
        ((100, 203), (1, 0, 0)),
        ((20, 237), (1, 0, 0)),
        ((20, 238), (1, 1, 0)),
        ((238, 20), (1, 1, 0)),
        # a climb to the jump on the left, and on the right down from it: 3 pixels on, 3 to 63 levels
        ((230, 233, 236, 239, 5, 9, 13, 17), (1, 1, 1)),
        ((17, 13, 9, 5, 239, 236, 233, 230), (1, 1, 1)),
        # the levels fall away from the jump instead
        ((250, 247, 244, 241, 5, 9, 13, 17), (1, 1, 0)),
        ((230, 233, 236, 239, 17, 13, 9, 5), (1, 1, 0)),
        # 0.008 of 256 is 2.05: two levels are flat, three are a climb
        ((233, 233, 233, 235, 5, 9, 13, 17), (1, 1, 0)),
        ((230, 230, 230, 233, 5, 5, 5, 7), (1, 1, 0)),
        ((230, 230, 230, 233, 5, 5, 5, 8), (1, 1, 1)),
        # a quarter of the range is 64 levels: a step, not a climb
        ((175, 200, 220, 238, 5, 9, 13, 17), (1, 1, 1)),
        ((174, 200, 220, 238, 5, 9, 13, 17), (1, 1, 0)),
        ((230, 233, 236, 239, 5, 25, 50, 68), (1, 1, 1)),
        ((230, 233, 236, 239, 5, 25, 50, 69), (1, 1, 0)),
    ],
)
def test_edges_jumps_and_climbs_of_one_row(levels: tuple[int, ...], found: tuple[int, int, int]) -> None:
    assert counted(above_grey(line(*levels))) == found


@pytest.mark.parametrize(("place", "climbs"), [(3, 0), (4, 1), (96, 1), (97, 0)])
def test_a_climb_is_followed_three_pixels_to_either_side_where_there_are_so_many(
    place: int, climbs: int
) -> None:
    """A jump between two pixels of which the right one stands at ``place`` of 100."""
    to_the_right = np.arange(100) - place
    levels = np.where(to_the_right < 0, 242 + 3 * to_the_right, 5 + 4 * to_the_right)
    assert counted(above_grey(levels.clip(0, 239).astype(np.uint8))) == (1, 1, climbs)


@pytest.mark.parametrize(
    ("spikes", "found"), [((5, -1), 0), ((-1, 239), 0), ((4, 240), 1), ((239, 5), 1), ((5, 239), 0)]
)
def test_edges_to_the_level_of_letters_or_padding_are_left_out(spikes: tuple[int, int], found: int) -> None:
    lines = above_grey(line(239, 5), line(5, 239))
    assert counted(lines, spikes)[:2] == (2 * found, 2 * found)


@pytest.mark.parametrize(("rows", "apart", "found"), [(12, 0, 12), (13, 0, 0), (13, 1, 0), (13, 2, 13)])
def test_straight_edges_are_left_out(rows: int, apart: int, found: int) -> None:
    """An eighth of 100 rows, in a column and the ones beside it."""
    film = np.full((100, 80), 128, np.uint8)
    for number in range(rows):
        film[4 * number] = line(5, 239, length=80, middle=50 + apart * (number % 2))
    assert counted(film)[1] == found


def banded(jumps: int, side: int = 80) -> np.ndarray:
    """A grey film with rows that jump, each at a column of its own: 111 and 123 levels off the grey."""
    film = np.full((side - 20, side), 128, np.uint8)
    for number in range(jumps):
        film[8 * number + 6] = line(239, 5, length=side, middle=20 + 6 * number)
    return film


EVEN_COUNTS = np.ones(256, np.float32)  # no level stands out


@pytest.mark.parametrize(("side", "jumps", "counts"), [(80, 2, 2), (80, 1, 0), (120, 3, 3), (120, 2, 0)])
def test_fewer_jumps_than_a_fortieth_of_the_side_are_looked_at_no_further(
    side: int, jumps: int, counts: int
) -> None:
    for film in (banded(jumps, side), np.ascontiguousarray(banded(jumps, side).T)):
        assert measure_jumps(film, 256, EVEN_COUNTS).count == pytest.approx(counts / side)


def test_one_jump_on_a_film_of_forty_pixels_is_all_of_its_edges() -> None:
    film = np.full((30, 40), 128, np.uint8)
    film[:, 20:] = 100
    film[15] = line(239, 5, length=40, middle=20)
    assert measure_jumps(np.ascontiguousarray(film.T), 256, EVEN_COUNTS) == Jumps(1 / 40, 1.0, 0.0)


def test_steep_edges_across_a_film_count_once_there_are_jumps_along_it() -> None:
    film = banded(5)
    upright = measure_jumps(film, 256, EVEN_COUNTS)
    across = int((np.abs(np.diff(film.astype(int), axis=0)) >= 102.4).sum())
    assert upright == Jumps(5 / 80, 5 / (5 + across), 0.0)
    # the jumps are found last here, and the edges across them came before there were any
    over = measure_jumps(np.ascontiguousarray(film.T), 256, EVEN_COUNTS)
    assert over == Jumps(5 / 80, 1.0, 0.0)


def test_jumps_both_ways_are_added_with_their_climbs() -> None:
    film = np.full((120, 120), 128, np.uint8)
    rising = (230, 233, 236, 239, 5, 9, 13, 17)
    for number in range(5):
        film[8 * number + 2, :60] = line(*rising, 128, length=60, middle=10 + 6 * number)
        film[60:, 8 * number + 66] = line(*rising, 128, length=60, middle=10 + 6 * number)
    found = measure_jumps(film, 256, EVEN_COUNTS)
    assert (found.count, found.climbs) == (10 / 120, 10 / 120)
    assert measure_jumps(film.astype(np.uint16), 65536, np.ones(65536, np.float32)) == Jumps(0.0, 0.0, 0.0)
    deep = film.astype(np.uint16) * np.uint16(257)
    assert measure_jumps(deep, 65536, np.ones(65536, np.float32)) == found


@pytest.mark.parametrize(
    ("shape", "inner"),
    [((14, 50), (12, 46)), ((13, 50), None), ((50, 13), None), ((34, 33), (30, 31)), ((101, 67), (93, 61))],
)
def test_a_rim_is_left_out_and_a_film_of_a_few_pixels_not_judged(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int], inner: tuple[int, int] | None
) -> None:
    seen = []

    def measured(film: np.ndarray, size: int, counts: np.ndarray) -> Jumps:
        seen.append(film.shape)
        return Jumps(9.0, 1.0, 1.0)

    monkeypatch.setattr(wrapped, "measure_jumps", measured)
    assert levels_wrapped(np.zeros(shape, np.uint8)) is (inner is not None)
    assert seen == ([] if inner is None else [inner])


def test_levels_wrap_where_any_range_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        wrapped, "measure_jumps", lambda _film, size, _counts: Jumps(9.0, float(size == 4096), 0.0)
    )
    film = np.full((50, 50), 3000, np.uint16)
    assert levels_wrapped(film)
    assert not levels_wrapped(film * np.uint16(2))
