from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_dash.domain import Box, PreparationSpec, Radiograph
from cxr_dash.imaging import (
    apply_preparation,
    chest_phantom,
    decode,
    map_to_content,
    plan_preparation,
    prepare,
    restore_map,
)
from cxr_dash.imaging.borders import find_borders
from cxr_dash.imaging.letterbox import letterbox_content
from cxr_dash.imaging.window import apply_window, percentile_window

SPEC = PreparationSpec()
# Geometry alone: no window to speak of, no polarity.
PLAIN = PreparationSpec(version=1, window_low_percentile=0.0, window_high_percentile=100.0, polarity="keep")


def film(pixels: np.ndarray) -> Radiograph:
    return Radiograph(pixels, 16 if pixels.dtype == np.uint16 else 8, "png", "0" * 64)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([np.uint8, np.uint16]),
    st.tuples(st.integers(24, 90), st.integers(24, 90)),
    st.tuples(st.integers(8, 64), st.integers(8, 64)),
    st.sampled_from([0.05, 0.5, 3.0]),
    st.integers(0, 2**32 - 1),
)
def test_any_film_becomes_a_picture_of_the_asked_size_between_0_and_255(
    dtype: type, shape: tuple[int, int], size: tuple[int, int], skew: float, seed: int
) -> None:
    drawn = np.random.default_rng(seed).beta(skew, 1.0, shape)
    pixels = (drawn * np.iinfo(dtype).max).astype(dtype)
    spec = PreparationSpec(height=size[0], width=size[1])
    prepared = prepare(film(pixels), spec)
    assert prepared.shape == (*size, 1)
    assert prepared.dtype == np.float32
    assert 0.0 <= prepared.min() <= prepared.max() <= 255.0
    plan = plan_preparation(film(pixels), spec)
    restored = restore_map(np.ones((3, 4), np.float32), plan)
    assert restored.shape == pixels.shape
    assert restored.dtype == np.float32
    crop = plan.crop
    np.testing.assert_allclose(
        restored[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width], 1.0, atol=1e-5
    )


def test_preparing_is_planning_and_applying_and_gives_the_same_twice() -> None:
    radiograph = film(chest_phantom(300, 260))
    plan = plan_preparation(radiograph, SPEC)
    first = apply_preparation(radiograph, plan)
    assert plan == plan_preparation(radiograph, SPEC)
    np.testing.assert_array_equal(first, prepare(radiograph, SPEC))


def test_a_plan_refuses_another_film() -> None:
    plan = plan_preparation(film(chest_phantom(300, 260)), SPEC)
    with pytest.raises(ValueError, match="260 x 300"):
        apply_preparation(film(chest_phantom(260, 300)), plan)


def test_percentiles_are_levels_of_the_film() -> None:
    pixels = np.repeat(np.arange(200, dtype=np.uint8), 10).reshape(40, 50)
    assert percentile_window(pixels, 0.5, 99.5) == (0.0, 198.0)
    assert percentile_window(pixels, 10.0, 50.0) == (19.0, 99.0)
    assert percentile_window(pixels, 0.0, 100.0) == (0.0, 199.0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_percentiles_agree_with_numpy(dtype: type) -> None:
    pixels = np.random.default_rng(0).gamma(4.0, 12.0, (301, 207)).astype(dtype)
    low, high = percentile_window(pixels, 1.0, 99.0)
    expected = np.percentile(pixels, [1.0, 99.0], method="inverted_cdf")
    assert (low, high) == tuple(expected)


def test_window_maps_low_to_black_and_high_to_white_and_clips() -> None:
    pixels = np.array([[0, 100, 150, 200, 255]], np.uint8)
    np.testing.assert_allclose(apply_window(pixels, 100, 200), [[0, 0, 127.5, 255, 255]])
    np.testing.assert_allclose(
        apply_window(pixels, 100, 200, inverted=True), [[255, 255, 127.5, 0, 0]], atol=1e-4
    )


def test_a_film_stored_with_16_bits_looks_like_the_same_film_with_8() -> None:
    eight = chest_phantom(320, 320)
    sixteen = eight.astype(np.uint16) * 16 + 1000  # 12 bits in 16, as detectors write
    np.testing.assert_allclose(prepare(film(sixteen), SPEC), prepare(film(eight), SPEC), atol=0.02)


@pytest.mark.parametrize("level", [0, 1, 130, 255])
def test_a_constant_film_becomes_black_without_dividing_by_zero(level: int) -> None:
    pixels = np.full((60, 80), level, np.uint8)
    prepared = prepare(film(pixels), SPEC)
    assert float(prepared.max()) == 0.0


def test_a_nearly_constant_film_uses_its_extremes() -> None:
    pixels = np.full((100, 100), 90, np.uint8)
    pixels[50, 50] = 120
    assert percentile_window(pixels, 0.5, 99.5) == (90.0, 120.0)


@settings(max_examples=200, deadline=None)
@given(*(st.integers(1, 3000),) * 2, *(st.integers(1, 512),) * 2)
def test_the_letterbox_never_stretches_and_is_centred(
    width: int, height: int, frame_w: int, frame_h: int
) -> None:
    box = letterbox_content(width, height, frame_w, frame_h)
    assert 1 <= box.width <= frame_w
    assert 1 <= box.height <= frame_h
    assert box.width == frame_w or box.height == frame_h
    assert abs((frame_w - box.width) - 2 * box.x) <= 1
    assert abs((frame_h - box.height) - 2 * box.y) <= 1
    scale = min(frame_w / width, frame_h / height)
    assert abs(box.width - max(width * scale, 1)) <= 0.5
    assert abs(box.height - max(height * scale, 1)) <= 0.5


def test_bars_have_the_pad_value_and_only_they() -> None:
    pixels = np.full((100, 200), 255, np.uint8)
    pixels[:, :100] = 60
    spec = PreparationSpec(
        version=1, height=64, width=64, polarity="keep", crop_borders=False, pad_value=17.0
    )
    prepared = prepare(film(pixels), spec)[:, :, 0]
    assert (prepared[:16] == 17.0).all()
    assert (prepared[48:] == 17.0).all()
    np.testing.assert_allclose(prepared[16:48, :31], 0.0, atol=1e-3)
    np.testing.assert_allclose(prepared[16:48, 33:], 255.0, atol=1e-3)


def test_shrinking_averages_and_growing_interpolates() -> None:
    checker = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = prepare(
        film(checker), PreparationSpec(version=1, height=64, width=64, polarity="keep", crop_borders=False)
    )
    np.testing.assert_allclose(small, 127.5, atol=1e-3)
    ramp = np.tile(np.linspace(10, 250, 32).astype(np.uint8), (32, 1))
    # a ramp is a margin beside a margin to the second version
    spec = PreparationSpec(version=1, height=128, width=128, polarity="keep", crop_borders=False)
    large = prepare(film(ramp), spec)[:, :, 0]
    assert (np.diff(large, axis=1) >= -1e-3).all()


def _bordered(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    content = np.random.default_rng(1).integers(60, 220, (200, 160), np.uint8)
    return np.pad(content, ((top, bottom), (left, right)))


@pytest.mark.parametrize(
    "margins", [(0, 0, 0, 0), (30, 0, 0, 0), (0, 45, 12, 0), (20, 30, 40, 50), (0, 0, 90, 90)]
)
def test_black_margins_are_found_to_the_pixel(margins: tuple[int, int, int, int]) -> None:
    pixels = _bordered(*margins)
    low, high = percentile_window(pixels, 0.5, 99.5)
    assert find_borders(pixels, 0.0, high) == Box(margins[2], margins[0], 160, 200)
    assert find_borders(255 - pixels, 255.0 - high, 255.0, inverted=True) == Box(
        margins[2], margins[0], 160, 200
    )
    assert low >= 0.0


def test_noise_and_dust_in_a_margin_do_not_keep_it() -> None:
    pixels = _bordered(40, 40, 40, 40)
    rng = np.random.default_rng(2)
    pixels[:40] = rng.integers(0, 5, (40, pixels.shape[1]), np.uint8)
    pixels[10:13, 100:103] = 255
    assert find_borders(pixels, 0.0, 220.0) == Box(40, 40, 160, 200)


def test_one_bright_mark_on_a_black_film_is_not_taken_for_the_film() -> None:
    pixels = np.zeros((200, 200), np.uint8)
    pixels[10:30, 10:30] = 255
    assert find_borders(pixels, 0.0, 255.0) == Box(0, 0, 200, 200)
    assert find_borders(np.zeros((50, 40), np.uint8), 0.0, 1.0) == Box(0, 0, 40, 50)


def test_margins_stay_where_the_first_version_is_told_so() -> None:
    radiograph = film(_bordered(20, 30, 40, 50))
    plan = plan_preparation(radiograph, PreparationSpec(version=1, crop_borders=False))
    assert plan.crop == Box(0, 0, radiograph.width, radiograph.height)


def test_the_second_version_knows_that_uniform_margins_are_no_part_of_a_film() -> None:
    plan = plan_preparation(film(_bordered(20, 30, 40, 50)), PreparationSpec(crop_borders=False))
    assert plan.crop == Box(40, 20, 160, 200)


def _with_blob(height: int, width: int, margin: int, centre: tuple[float, float]) -> np.ndarray:
    """A grey film inside a black margin, with a bright Gaussian blob at a share (x, y) of its content."""
    inner_h, inner_w = height - 2 * margin, width - 2 * margin
    rows, columns = np.mgrid[0:inner_h, 0:inner_w].astype(np.float64) + 0.5
    sigma = 0.05 * min(inner_h, inner_w)
    square = ((columns - centre[0] * inner_w) ** 2 + (rows - centre[1] * inner_h) ** 2) / (2 * sigma**2)
    content = 60 + 190 * np.exp(-square)
    return np.pad(content.astype(np.uint8), margin)


def _centroid(values: np.ndarray) -> tuple[float, float]:
    heavy = np.clip(values - 0.5 * values.max(), 0, None)
    rows, columns = np.indices(values.shape) + 0.5
    return float((heavy * columns).sum() / heavy.sum()), float((heavy * rows).sum() / heavy.sum())


@pytest.mark.parametrize("centre", [(0.5, 0.5), (0.3, 0.7), (0.75, 0.3)])
@pytest.mark.parametrize(
    ("height", "width", "margin"),
    [(400, 400, 0), (300, 700, 0), (900, 320, 0), (500, 640, 60), (130, 150, 0), (64, 64, 0)],
)
def test_a_planted_blob_comes_back_where_it_was(
    height: int, width: int, margin: int, centre: tuple[float, float]
) -> None:
    pixels = _with_blob(height, width, margin, centre)
    radiograph = film(pixels)
    plan = plan_preparation(radiograph, PLAIN)
    prepared = apply_preparation(radiograph, plan)[:, :, 0]
    # A map on a grid of 56 x 56 cells of 4 x 4 pixels, as a network would see the blob.
    coarse = prepared.reshape(56, 4, 56, 4).mean(axis=(1, 3)).astype(np.float32)
    restored = restore_map(coarse, plan)
    assert restored.shape == pixels.shape
    assert float(restored.min()) >= 0.0
    assert float(restored.max()) <= float(coarse.max())
    found, planted = _centroid(restored), _centroid(pixels.astype(np.float64))
    # A pixel of the film, or a sixth of a cell of the map, whichever is coarser.
    tolerance = max(1.0, 4 / 6 * plan.crop.width / plan.content.width)
    assert abs(found[0] - planted[0]) <= tolerance
    assert abs(found[1] - planted[1]) <= tolerance
    if margin:
        assert plan.crop == Box(margin, margin, width - 2 * margin, height - 2 * margin)
        assert not restored[:margin].any()
        assert not restored[:, -margin:].any()


@pytest.mark.parametrize("grid", [(7, 7), (5, 9), (1, 1), (224, 224)])
def test_a_map_of_any_grid_keeps_its_peak_and_never_overshoots(grid: tuple[int, int]) -> None:
    plan = plan_preparation(film(chest_phantom(500, 350)), SPEC)
    values = np.zeros(grid, np.float32)
    values[grid[0] // 2, grid[1] // 2] = 3.5
    content = map_to_content(values, plan)
    assert content.shape == (plan.content.height, plan.content.width)
    assert content.dtype == np.float32
    assert float(content.min()) >= 0.0
    assert 3.0 <= float(content.max()) <= 3.5


def test_map_cells_are_centred_on_half_pixels() -> None:
    """The left half of a two-cell map ends in the middle of the film, not half a cell beside it."""
    plan = plan_preparation(film(np.full((224, 224), 9, np.uint8)), SPEC)
    restored = restore_map(np.array([[1.0, 0.0]], np.float32), plan)
    np.testing.assert_allclose(restored + restored[:, ::-1], 1.0, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(300, 300), (320, 480), (500, 310)])
@pytest.mark.parametrize("seed", range(4))
def test_the_peak_stays_in_the_strongest_cell_and_no_new_evidence_appears(
    height: int, width: int, seed: int
) -> None:
    plan = plan_preparation(film(np.full((height, width), 9, np.uint8)), PLAIN)
    cells = np.random.default_rng(seed).uniform(0.5, 1.0, (7, 7)).astype(np.float32)
    cells[0], cells[:, 0], cells[5:], cells[:, 5:] = 0.0, 0.0, 0.0, 0.0  # bars lie over the outer cells
    cells[3, 3] = 1.01  # hardly above its neighbours
    restored = restore_map(cells, plan)
    row, column = np.unravel_index(restored.argmax(), restored.shape)
    in_input = (
        (row + 0.5) / height * plan.content.height + plan.content.y,
        (column + 0.5) / width * plan.content.width + plan.content.x,
    )
    assert [int(place // 32) for place in in_input] == [3, 3]
    lone = np.zeros((7, 7), np.float32)
    lone[3, 3] = 1.0
    assert (
        float((restore_map(lone, plan) > 0).mean())
        <= 4 * 32 * 32 / (plan.content.width * plan.content.height) + 0.02
    )


def test_an_empty_map_comes_back_empty() -> None:
    plan = plan_preparation(film(chest_phantom(128, 128)), SPEC)
    assert not restore_map(np.zeros((7, 7), np.float32), plan).any()


@pytest.mark.shared_data
def test_real_films_keep_their_aspect_and_fill_the_grey_range(originals: Path) -> None:
    for name in ("00000193_019.png", "256.jfif", "506.webp", "23E99E2E-447C-46E5-8EB2-D35D12473C39.png"):
        radiograph = decode((originals / name).read_bytes())
        plan = plan_preparation(radiograph, SPEC)
        prepared = apply_preparation(radiograph, plan)
        assert not plan.inverted
        assert plan.crop.width * plan.crop.height > 0.9 * radiograph.width * radiograph.height
        assert plan.content.width / plan.content.height == pytest.approx(
            plan.crop.width / plan.crop.height, rel=0.01
        )
        assert float(prepared.max()) - float(prepared.min()) > 230.0
