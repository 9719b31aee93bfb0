"""A film written in a frame, with letters, on other levels: the model is shown the same picture."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_dash.domain import Box, PreparationSpec, Radiograph
from cxr_dash.imaging import chest_phantom, plan_preparation, prepare
from cxr_dash.imaging.levels import own_levels
from cxr_dash.imaging.window import level_counts
from cxr_dash.imaging.wrapped import levels_wrapped

SPEC = PreparationSpec()
HEIGHT, WIDTH = 300, 280


def film(pixels: np.ndarray, file_format: str = "png") -> Radiograph:
    return Radiograph(pixels, 16 if pixels.dtype == np.uint16 else 8, file_format, "0" * 64)


@pytest.fixture(scope="module")
def phantom() -> np.ndarray:
    return chest_phantom(HEIGHT, WIDTH)


def framed(pixels: np.ndarray, level: float, width: int = 10) -> np.ndarray:
    return np.asarray(cv2.copyMakeBorder(pixels, *(width,) * 4, cv2.BORDER_CONSTANT, value=(level,)))


def twelve_bits(pixels: np.ndarray) -> np.ndarray:
    return np.rint(pixels * (4095 / 255)).astype(np.uint16)


def lettered(pixels: np.ndarray, level: float) -> np.ndarray:
    ink = np.zeros(pixels.shape, np.uint8)
    cv2.putText(ink, "DOE 4711", (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255,), 1, cv2.LINE_AA)
    cover = ink / 255.0
    return np.rint(pixels * (1 - cover) + level * cover).astype(pixels.dtype)


def stamped(pixels: np.ndarray, level: float, size: float = 0.6) -> np.ndarray:
    """With a short, hard-edged letter, as a device writes it."""
    ink = np.zeros(pixels.shape, np.uint8)
    cv2.putText(ink, "L", (8, 24), cv2.FONT_HERSHEY_SIMPLEX, size, (255,), 2, cv2.LINE_8)
    return np.where(ink > 0, np.asarray(level, pixels.dtype), pixels)


def hot(pixels: np.ndarray, level: float) -> np.ndarray:
    """With forty hot pixels."""
    written = pixels.copy()
    places = np.random.default_rng(4).choice(pixels.size, 40, replace=False)
    written.ravel()[places] = level
    return written


def noisy(pixels: np.ndarray, width: int) -> np.ndarray:
    """With noise in the frame alone."""
    noise = np.random.default_rng(9).normal(0.0, 1.5, pixels.shape)
    noise[width:-width, width:-width] = 0.0
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def captioned(pixels: np.ndarray) -> np.ndarray:
    """Above a white strip with a caption in it."""
    strip = np.full((26, pixels.shape[1]), 255, np.uint8)
    cv2.putText(strip, "CHEST PA 12:30", (12, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0,), 1, cv2.LINE_AA)
    return np.vstack([pixels, strip])


def jpeg(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", pixels, [1, 92])[1], cv2.IMREAD_UNCHANGED))


SAME: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "white frame": lambda p: framed(p, 255),
    "grey frame": lambda p: framed(p, 127),
    "black frame": lambda p: framed(p, 0),
    "three nested frames of other widths": lambda p: framed(framed(framed(p, 0, 3), 140, 9), 255, 6),
    "grey frame with a scanner's noise": lambda p: noisy(framed(p, 127, 12), 12),
    "white strip with a caption": captioned,
    "white strip on the left alone": lambda p: np.pad(p, ((0, 0), (30, 0)), constant_values=255),
    "12 bits in 16": twelve_bits,
    "12 bits, letters at 65535": lambda p: lettered(twelve_bits(p), 65535),
    "12 bits, margin at 65535": lambda p: framed(twelve_bits(p), 65535, 14),
    "12 bits raised by 32768, margin of 0": lambda p: framed(twelve_bits(p) + np.uint16(32768), 0, 14),
    "10 bits raised by 1000, margin of 0": lambda p: framed(p.astype(np.uint16) * 4 + 1000, 0, 12),
    "half contrast on a raised base, black frame": lambda p: framed((p // 2 + 64).astype(np.uint8), 0, 14),
    "negative": lambda p: 255 - p,
    "negative in a black frame": lambda p: framed(255 - p, 0, 14),
    "negative in a white frame": lambda p: framed(255 - p, 255, 14),
    "12 bits, a hard-edged letter at 65535": lambda p: stamped(twelve_bits(p), 65535),
    "12 bits, hot pixels": lambda p: hot(twelve_bits(p), 65535),
    "65535 - v, letters at 0": lambda p: lettered(65535 - twelve_bits(p), 0),
}


@pytest.mark.parametrize("kind", SAME)
def test_the_model_is_shown_the_same_picture_however_the_film_was_written(
    kind: str, phantom: np.ndarray
) -> None:
    clean = prepare(film(phantom), SPEC)
    written = prepare(film(SAME[kind](phantom)), SPEC)
    difference = np.abs(clean - written)
    # half contrast has half of the levels: two steps; letters leave what was guessed beneath them
    assert float(np.quantile(difference, 0.97)) <= 3.0, kind
    assert float(difference.mean()) <= 1.5, kind


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 255), st.tuples(*(st.integers(0, 40) for _ in range(4))))
def test_a_margin_of_any_level_and_width_is_found_to_the_pixel(
    level: int, widths: tuple[int, int, int, int]
) -> None:
    content = np.random.default_rng(3).integers(20, 235, (160, 150), np.uint8)
    top, bottom, left, right = widths
    pixels = np.pad(content, ((top, bottom), (left, right)), constant_values=level)
    crop = plan_preparation(film(pixels), PreparationSpec(crop_borders=False)).crop
    assert crop == Box(left, top, 150, 160)


def test_the_blurred_edge_of_a_frame_in_a_jpeg_goes_with_it(phantom: np.ndarray) -> None:
    plan = plan_preparation(film(jpeg(framed(phantom, 255)), "jpeg"), SPEC)
    clean = plan_preparation(film(jpeg(phantom), "jpeg"), SPEC)
    assert abs(plan.crop.x - 10 - clean.crop.x) <= 2
    assert abs(plan.crop.width - clean.crop.width) <= 4
    assert abs(plan.window_high - clean.window_high) <= 3


def test_thousands_of_captions_in_a_margin_are_walked_like_one() -> None:
    pixels = np.full((4000, 60), 200, np.uint8)
    pixels[::2, :12] = 20
    pixels[3000:] = np.random.default_rng(2).integers(0, 255, (1000, 60))
    plan = plan_preparation(film(pixels), PreparationSpec(crop_borders=False))
    assert (plan.crop.x, plan.crop.width) == (0, 60)


def test_what_is_left_after_margins_is_never_a_sliver() -> None:
    pixels = np.full((200, 200), 255, np.uint8)
    pixels[90:110, 90:110] = np.random.default_rng(0).integers(0, 255, (20, 20))
    assert plan_preparation(film(pixels), PreparationSpec(crop_borders=False)).crop == Box(0, 0, 200, 200)


def test_levels_that_follow_one_another_are_all_the_films_own(phantom: np.ndarray) -> None:
    counts = level_counts(phantom)
    occupied = np.flatnonzero(counts)
    assert own_levels(counts) == (occupied[0], occupied[-1])
    assert plan_preparation(film(phantom), SPEC).own_levels is None


def test_letters_far_above_the_film_are_recorded_as_foreign(phantom: np.ndarray) -> None:
    plan = plan_preparation(film(lettered(twelve_bits(phantom), 65535)), SPEC)
    assert plan.own_levels is not None
    assert plan.own_levels[1] <= 4095
    assert plan.window_high <= 4095


def test_a_drawing_of_a_few_levels_has_no_part_that_stands_apart() -> None:
    pixels = np.full((60, 60), 10, np.uint8)
    pixels[:, 30:] = 250
    assert own_levels(level_counts(pixels)) == (10, 250)


@pytest.fixture(scope="module")
def wide(phantom: np.ndarray) -> np.ndarray:
    """The phantom over all levels, as a film that uses its range."""
    low, high = int(phantom.min()), int(phantom.max())
    return np.rint((phantom.astype(float) - low) * (255 / (high - low))).astype(np.uint8)


WRAPPED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "x 1.3 in 8 bits": lambda p: (p * 1.3).astype(np.int64).astype(np.uint8),
    "+ 70 in 8 bits": lambda p: p + np.uint8(70),
    "- 60 in 8 bits": lambda p: p - np.uint8(60),
    "signed read as unsigned": lambda p: (twelve_bits(p).astype(np.int64) - 1024).astype(np.uint16),
    "12 bits x 1.3, cut to 12 bits": lambda p: ((twelve_bits(p) * 1.3).astype(np.int64) % 4096).astype(
        np.uint16
    ),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_wrapped_levels_are_noticed(kind: str, wide: np.ndarray) -> None:
    assert levels_wrapped(WRAPPED[kind](wide)), kind
    if WRAPPED[kind](wide).dtype == np.uint8:
        assert levels_wrapped(jpeg(WRAPPED[kind](wide))), kind


@pytest.mark.parametrize(
    "written",
    [
        lambda p: p,
        lambda p: 255 - p,
        lambda p: lettered(p, 255),
        lambda p: np.clip(p * 1.6, 0, 255).astype(np.uint8),
        lambda p: lettered(twelve_bits(p), 65535),
        lambda p: stamped(twelve_bits(p), 65535),
        lambda p: stamped(twelve_bits(p), 65535, 0.3),
        lambda p: stamped(65535 - twelve_bits(p), 0),
        lambda p: stamped(twelve_bits(p) // 2, 4095),
        lambda p: stamped(p // 2, 255),
        lambda p: hot(twelve_bits(p), 65535),
        lambda p: framed(p, 255),
    ],
)
def test_letters_frames_and_saturation_are_not_called_wrapped(
    written: Callable[[np.ndarray], np.ndarray], wide: np.ndarray
) -> None:
    assert not levels_wrapped(written(wide))
    if written(wide).dtype == np.uint8:
        assert not levels_wrapped(jpeg(written(wide)))
