"""Likeness to the average film is a correlation of thumbnails; a film is turned on strong evidence alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cxr_dash.domain import PreparationSpec, Radiograph
from cxr_dash.imaging import chest_likeness, chest_phantom, polarity
from cxr_dash.imaging.find import find_levels
from cxr_dash.imaging.polarity import coarse_copy, looks_inverted

AVERAGE = np.hstack([np.array(polarity._LEFT_HALF), np.array(polarity._LEFT_HALF)[:, ::-1]]).astype(float)


def as_film(thumbnail: np.ndarray, cell: int, dtype: type = np.uint8) -> np.ndarray:
    """A film of square cells whose levels are a thumbnail's, without black margins."""
    levels = 60 + 120 * (thumbnail - thumbnail.min()) / np.ptp(thumbnail)
    return np.kron(np.rint(levels), np.ones((cell, cell))).astype(dtype)


@pytest.mark.parametrize("cell", [1, 5, 40])
def test_the_average_film_is_like_itself_and_its_negative_the_opposite(cell: int) -> None:
    film = as_film(AVERAGE, cell)
    assert chest_likeness(film, (0.0, 255.0)) == pytest.approx(1.0, abs=1e-3)
    assert chest_likeness(film, (0.0, 255.0), inverted=True) == pytest.approx(-1.0, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_likeness_is_pearsons_correlation_of_thumbnails(seed: int) -> None:
    drawn = np.random.default_rng(seed).normal(0.0, 1.0, (16, 16)) + AVERAGE / 60
    film = as_film(drawn, 8)
    expected = np.corrcoef(film[::8, ::8].ravel(), AVERAGE.ravel())[0, 1]
    assert chest_likeness(film, (0.0, 255.0)) == pytest.approx(expected, abs=1e-6)


def test_without_a_window_the_percentiles_of_the_film_are_taken() -> None:
    """Half a per cent of the pixels at either end are clipped."""
    film = as_film(AVERAGE, 8, np.uint16)
    film[0, :3], film[-1, :3] = 5000, 60_000
    low, high = np.percentile(film, [0.5, 99.5], method="inverted_cdf")
    assert chest_likeness(film) == pytest.approx(chest_likeness(film, (low, high)))
    assert chest_likeness(film) != pytest.approx(chest_likeness(film, (float(film.min()), 65_535.0)))


def test_a_film_without_contrast_is_like_nothing() -> None:
    flat = np.full((16, 16), 7.0, np.float32)
    assert polarity._correlation(flat, polarity._average_film()) == 0.0
    least = flat.copy()
    least[0, 0] += 1.0
    assert polarity._correlation(least, polarity._average_film()) != 0.0
    assert polarity._correlation(least, least) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("turned", "as_it_is", "inverted"),
    [
        (0.35, 0.34, True),
        (0.3499, -0.9, False),
        (0.6, 0.6, False),
        (0.6, 0.61, False),
        (0.61, 0.6, True),
    ],
)
def test_a_film_is_turned_from_a_likeness_on_and_only_to_what_is_liker(
    monkeypatch: pytest.MonkeyPatch, turned: float, as_it_is: float, inverted: bool
) -> None:
    monkeypatch.setattr(polarity, "_likeness", lambda *_, inverted: turned if inverted else as_it_is)
    assert looks_inverted(np.zeros((4, 4), np.uint8), 0.0, 255.0) is inverted


@pytest.mark.parametrize(
    ("shape", "kept"),
    [((300, 200), 1), ((1023, 40), 1), ((1024, 40), 2), ((40, 1024), 2), ((1535, 9), 2), ((9, 1536), 3)],
)
def test_a_coarse_copy_has_512_to_1023_pixels_a_side(shape: tuple[int, int], kept: int) -> None:
    pixels = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    coarse = coarse_copy(pixels)
    np.testing.assert_array_equal(coarse, pixels[::kept, ::kept])
    assert coarse.flags.c_contiguous


@pytest.mark.parametrize(("side", "step"), [(256, 1), (511, 1), (512, 2), (767, 2), (768, 3)])
def test_a_thumbnail_is_made_of_256_to_511_samples_a_side(
    monkeypatch: pytest.MonkeyPatch, side: int, step: int
) -> None:
    seen = []
    original = polarity.apply_window

    def noted(pixels, *given, **named):
        seen.append(pixels)
        return original(pixels, *given, **named)

    monkeypatch.setattr(polarity, "apply_window", noted)
    pixels = np.random.default_rng(0).integers(60, 200, (side, side // 2), np.uint8)
    for film in (pixels, np.ascontiguousarray(pixels.T)):
        chest_likeness(film, (0.0, 255.0))
        np.testing.assert_array_equal(seen.pop(), film[::step, ::step])


def test_black_margins_have_no_say_in_the_likeness() -> None:
    film = cv2.resize(chest_phantom(300, 300), (250, 300))
    bare = np.clip(film, 40, 255)
    framed = np.pad(bare, ((30, 11), (23, 44)))
    window = (0.0, 255.0)
    assert chest_likeness(framed, window) == pytest.approx(chest_likeness(bare, window), abs=1e-9)
    assert chest_likeness(255 - framed, window, inverted=True) == pytest.approx(
        chest_likeness(bare, window), abs=1e-9
    )


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("negative", [False, True])
def test_a_negative_is_turned_where_a_spec_asks_for_it(version: int, negative: bool) -> None:
    pixels = chest_phantom(200, 200)
    pixels = np.asarray(255 - pixels if negative else pixels, np.uint8)
    for polarity_asked, turned in (("auto", negative), ("keep", False)):
        spec = PreparationSpec(version=version, polarity=polarity_asked)
        found = find_levels(Radiograph(pixels, 8, "png", "0" * 64), spec)
        assert found.inverted is turned
