"""Films cropped to the lungs or to their middle, and windowed by what is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxr_dash.domain import Box, PreparationSpec, Radiograph
from cxr_dash.imaging import plan_preparation, prepare, restore_map
from cxr_dash.imaging.boxes import cut

LUNGS = Box(40, 30, 80, 60)
PLAIN = PreparationSpec(
    version=1,
    height=48,
    width=48,
    window_low_percentile=0.0,
    window_high_percentile=100.0,
    polarity="keep",
    crop_borders=False,
)
ON_LUNGS = replace(PLAIN, region="lungs", region_margin=0.1)


def film(pixels: np.ndarray) -> Radiograph:
    return Radiograph(pixels, 8, "png", "0" * 64)


def gradient() -> np.ndarray:
    return np.add.outer(np.arange(120), np.arange(160) / 2).astype(np.uint8)


def test_a_spec_that_does_not_ask_for_lungs_never_looks_at_them() -> None:
    radiograph = film(gradient())
    assert plan_preparation(radiograph, PLAIN, LUNGS) == plan_preparation(radiograph, PLAIN)
    assert plan_preparation(radiograph, PLAIN).region == "film"


def test_the_crop_is_the_lungs_with_the_specs_own_margin() -> None:
    plan = plan_preparation(film(gradient()), ON_LUNGS, LUNGS)
    assert plan.crop == Box(32, 24, 96, 72)
    assert plan.region == "lungs"
    # letterboxed: as wide as the frame, 3 : 4
    assert plan.content == Box(0, 6, 48, 36)


def test_without_lungs_the_whole_film_is_kept() -> None:
    plan = plan_preparation(film(gradient()), ON_LUNGS, None)
    assert plan == plan_preparation(film(gradient()), PLAIN)


def test_the_middle_fills_the_frame_without_bars_and_without_stretching() -> None:
    plan = plan_preparation(film(gradient()), replace(PLAIN, fit="centre_crop"))
    assert plan.crop == Box(20, 0, 120, 120)
    assert plan.content == Box(0, 0, 48, 48)
    tall = plan_preparation(film(gradient()), replace(PLAIN, height=96, fit="centre_crop"))
    assert (tall.crop.width, tall.crop.height) == (60, 120)


def test_the_middle_of_the_lungs_lies_inside_their_box() -> None:
    plan = plan_preparation(film(gradient()), replace(ON_LUNGS, fit="centre_crop"), LUNGS)
    assert plan.crop == Box(44, 24, 72, 72)


@pytest.mark.parametrize("fit", ["letterbox", "centre_crop"])
def test_a_map_comes_back_to_where_the_crop_was_taken(fit: str) -> None:
    pixels = np.full((120, 160), 60, np.uint8)
    spot = Box(70, 50, 12, 12)
    cut(pixels, spot)[:] = 250
    radiograph = film(pixels)
    spec = replace(ON_LUNGS, fit=fit)
    plan = plan_preparation(radiograph, spec, LUNGS)
    picture = prepare(radiograph, spec, LUNGS)[:, :, 0]
    back = restore_map((picture > 128).astype(np.float32), plan)
    rows, columns = np.nonzero(back > 0.5)
    assert back.shape == pixels.shape
    assert abs(columns.mean() - 75.5) < 1.5
    assert abs(rows.mean() - 55.5) < 1.5
    outside = np.ones(pixels.shape, bool)
    cut(outside, plan.crop)[:] = False
    assert not back[outside].any()


def test_the_window_of_the_crop_does_not_see_letters_and_borders_outside_it() -> None:
    pixels = np.clip(gradient(), 60, 160).astype(np.uint8)
    marked = pixels.copy()
    marked[:20, :30] = 255
    marked[100:, 130:] = 0
    by_crop = replace(ON_LUNGS, window_region="crop")
    assert np.array_equal(prepare(film(pixels), by_crop, LUNGS), prepare(film(marked), by_crop, LUNGS))
    assert not np.array_equal(prepare(film(pixels), ON_LUNGS, LUNGS), prepare(film(marked), ON_LUNGS, LUNGS))
