"""A reader's window on a film's own levels: there and back, and every code's grey by DICOM's formulas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxr_dash.domain import CODES, FilmLevels
from cxr_dash.imaging import in_own_levels, in_shown_levels, level_table

# Level -1000 is black and level 1040 white: eight levels to a grey.
PLAIN = FilmLevels(
    pixels=np.zeros((4, 4), np.uint16),
    slope=2.0,
    intercept=-1024.0,
    unit="HU",
    shown=np.zeros(CODES, np.uint8),
    black=-1000.0,
    white=1040.0,
    lowest=-1024.0,
    highest=3071.0,
)
SWAPPED = replace(PLAIN, black=1040.0, white=-1000.0)


@pytest.mark.parametrize(
    ("levels", "own", "shown"),
    [
        (PLAIN, (2040.0, 20.0), (255.0, 127.5)),
        (PLAIN, (800.0, -1000.0), (100.0, 0.0)),
        (SWAPPED, (2040.0, 20.0), (255.0, 127.5)),
        (SWAPPED, (800.0, -1000.0), (100.0, 255.0)),
        # both ends counted in: 801 levels from -400 to 400 are 800 steps, about the level half a step lower
        (replace(PLAIN, inclusive=True), (801.0, -599.5), (100.0, 50.0)),
    ],
)
def test_a_window_in_the_films_unit_is_one_in_shown_levels_and_back(
    levels: FilmLevels, own: tuple[float, float], shown: tuple[float, float]
) -> None:
    assert in_shown_levels(levels, *own) == pytest.approx(shown)
    assert in_own_levels(levels, *shown) == pytest.approx(own)


@pytest.mark.parametrize("width", [0.5, 1.0])
def test_a_width_of_one_level_or_less_has_no_second_end_to_leave_out(width: float) -> None:
    inclusive = replace(PLAIN, inclusive=True)
    assert in_shown_levels(inclusive, width, 40.0) == in_shown_levels(PLAIN, width, 40.0)
    wider = in_shown_levels(inclusive, 1.25, 40.0)
    assert wider == pytest.approx(in_shown_levels(PLAIN, 0.25, 39.5))


@pytest.mark.parametrize("levels", [PLAIN, SWAPPED], ids=["plain", "swapped"])
@pytest.mark.parametrize(("width", "level"), [(255.0, 127.5), (60.0, 90.0), (0.25, 10.0), (1.0, 130.0)])
def test_a_straight_window_rises_from_its_lower_to_its_upper_end(
    levels: FilmLevels, width: float, level: float
) -> None:
    codes = np.arange(CODES)
    shown = 255.0 * (2.0 * codes - 1024.0 - levels.black) / (levels.white - levels.black)
    share = np.clip((shown - (level - width / 2)) / width, 0.0, 1.0)
    expected = np.floor(255.0 * share + 0.5)
    found = level_table(levels, width, level, "linear")
    assert found.dtype == np.uint8
    assert found.shape == (CODES,)
    assert (np.abs(found - expected) <= 1).all()
    assert (found != expected).mean() < 1e-3, "but for halves"


def test_a_sigmoid_is_the_one_of_the_standard() -> None:
    """PS3.3, C.11.2.1.3.1: y = 1 / (1 + exp(-4 (x - c) / w))."""
    shown = (2.0 * np.arange(CODES) - 1024.0 + 1000.0) / 8.0
    expected = 255.0 / (1.0 + np.exp(-4.0 * np.minimum(shown - 100.0, 1e4) / 80.0))
    assert np.abs(level_table(PLAIN, 80.0, 100.0, "sigmoid") - expected).max() <= 0.501


def test_halves_go_up_and_padding_is_black() -> None:
    even = replace(PLAIN, slope=1.0, intercept=0.0, black=0.0, white=255.0, padding=255)
    # shares of 512 are exact, and the middle one is a half: 127.5
    found = level_table(even, 512.0, 256.0, "linear")
    assert (found[254], found[255], found[256], found[512]) == (127, 0, 128, 255)
    assert level_table(replace(even, padding=0), 10.0, -500.0, "linear")[:2].tolist() == [0, 255]
