"""An even tint is read through; colours that differ at one brightness are colours."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from cxr_dash.domain import ReasonCode
from cxr_dash.imaging import chest_phantom
from cxr_dash.imaging.colour import to_grey

FILM = chest_phantom(320, 320, seed=5).astype(np.float32)


def _picture(*channels: np.ndarray) -> np.ndarray:
    return np.clip(np.dstack(channels), 0, 255).round().astype(np.uint8)


TINTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "blue base": lambda x: _picture(40 + x * 0.84, 20 + x * 0.9, x * 0.9),
    "clipped blue base": lambda x: _picture(x + 60, x + 20, x),
    "sepia": lambda x: _picture(x * 0.937, x * 1.203, x * 1.351),
    "green": lambda x: _picture(x * 0.6, x, x * 0.6),
    "warm": lambda x: _picture(x * 0.75, x * 0.95, x * 1.1),
    "two tones": lambda x: _picture(
        *(np.interp(x / 255, (0, 0.5, 1), ends) for ends in ((10, 60, 200), (15, 110, 235), (30, 160, 255)))
    ),
}


def _written(picture: np.ndarray, ending: str) -> np.ndarray:
    coded = cv2.imencode(ending, picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    return cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("name", TINTS)
@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_an_even_tint_is_no_colour_and_leaves_the_film_as_it_was(name: str, ending: str) -> None:
    grey = to_grey(_written(TINTS[name](FILM), ending))
    assert grey.colour_fraction < 0.01
    assert [note.code for note in grey.notes] == [ReasonCode.TINTED]
    assert np.corrcoef(grey.pixels.ravel(), FILM.ravel())[0, 1] > 0.98


def test_of_a_clipped_tint_the_channel_is_taken_that_it_left_whole_and_else_luminance() -> None:
    clipped = TINTS["clipped blue base"](FILM)
    grey = to_grey(clipped)
    np.testing.assert_array_equal(grey.pixels, clipped[..., 2])
    plain = TINTS["green"](FILM)
    luminance = to_grey(plain)
    assert luminance.pixels.dtype == np.uint16, "the three channels together know the level finer"
    wanted = 257 * (plain.astype(np.float64) @ (0.114, 0.587, 0.299))
    assert np.abs(luminance.pixels - wanted).max() < 40


def test_a_sixteen_bit_tint_is_one_too() -> None:
    grey = to_grey(TINTS["green"](FILM).astype(np.uint16) * 257)
    assert [note.code for note in grey.notes] == [ReasonCode.TINTED]
    assert grey.pixels.dtype == np.uint16


def test_marks_on_a_tinted_film_are_counted() -> None:
    picture = TINTS["blue base"](FILM)
    picture[20:40, 20:180] = (0, 0, 255)
    grey = to_grey(picture)
    assert [note.code for note in grey.notes] == [ReasonCode.TINTED]
    assert grey.colour_fraction == pytest.approx(20 * 160 / 320**2, abs=0.005)


def test_the_brightest_levels_of_a_tint_belong_to_it_where_many_pixels_have_them() -> None:
    """Bone and a bright edge that differ by a few levels, brighter than all the rest."""
    level = np.tile(np.linspace(20, 215, 300), (200, 1))
    level[:, 250:] = np.where(np.arange(50) % 5 < 3, 243, 251)
    grey = to_grey(_picture(level * 0.45 + 5, level * 0.7, level))
    assert [note.code for note in grey.notes] == [ReasonCode.TINTED]
    assert grey.colour_fraction == 0.0


def test_marks_on_a_grey_film_are_no_tint() -> None:
    picture = _picture(FILM, FILM, FILM)
    picture[20:60, 20:180] = (0, 255, 255)
    grey = to_grey(picture)
    assert (grey.notes, grey.colour_fraction) == ((), pytest.approx(40 * 160 / 320**2))


def test_a_picture_with_colours_of_its_own_stays_coloured() -> None:
    """Hue turns across the picture: at one brightness there are many colours, as in a photograph."""
    hue = np.tile(np.linspace(0, 179, 320), (320, 1)).astype(np.uint8)
    value = np.tile(np.linspace(40, 250, 320)[:, np.newaxis], (1, 320)).astype(np.uint8)
    photo = cv2.cvtColor(np.dstack([hue, np.full_like(hue, 170), value]), cv2.COLOR_HSV2BGR)
    grey = to_grey(photo)
    assert grey.notes == ()
    assert grey.colour_fraction > 0.9


@pytest.mark.parametrize("level", [0, 128])
def test_alpha_that_is_the_same_everywhere_is_left_out_and_said(level: int) -> None:
    picture = np.dstack([_picture(FILM, FILM, FILM), np.full(FILM.shape, level, np.uint8)])
    grey = to_grey(picture)
    np.testing.assert_array_equal(grey.pixels, FILM.astype(np.uint8))
    assert [note.code for note in grey.notes] == [ReasonCode.ALPHA_IGNORED]


def test_alpha_that_hides_nothing_is_not_mentioned() -> None:
    picture = np.dstack([_picture(FILM, FILM, FILM), np.full(FILM.shape, 255, np.uint8)])
    assert to_grey(picture).notes == ()


def test_alpha_that_hides_a_part_lays_it_on_black_and_says_so() -> None:
    alpha = np.full(FILM.shape, 255, np.uint8)
    alpha[:100] = 0
    grey = to_grey(np.dstack([_picture(FILM, FILM, FILM), alpha]))
    assert not grey.pixels[:100].any()
    np.testing.assert_array_equal(grey.pixels[100:], FILM.astype(np.uint8)[100:])
    assert [note.code for note in grey.notes] == [ReasonCode.TRANSPARENT_PARTS]


def test_transparent_corners_are_not_mentioned() -> None:
    alpha = np.full(FILM.shape, 255, np.uint8)
    alpha[:6, :6] = 0
    assert to_grey(np.dstack([_picture(FILM, FILM, FILM), alpha])).notes == ()


@pytest.mark.parametrize("name", sorted(TINTS))
def test_alpha_that_hides_a_part_of_a_tinted_film_lays_it_on_black_too(name: str) -> None:
    alpha = np.full(FILM.shape, 255, np.uint8)
    alpha[:100] = 0
    tinted = TINTS[name](FILM)
    plain = to_grey(tinted)
    grey = to_grey(np.dstack([tinted, alpha]))
    assert [note.code for note in grey.notes] == [ReasonCode.TINTED, ReasonCode.TRANSPARENT_PARTS]
    assert grey.pixels.dtype == plain.pixels.dtype
    assert not grey.pixels[:100].any()
    assert np.array_equal(grey.pixels[100:], plain.pixels[100:])
