"""How far a film leans, and that it is turned back: model input, maps and all."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from cxr_dash.domain import Box, LungField, Preparation, PreparationSpec, Radiograph
from cxr_dash.imaging import (
    apply_preparation,
    map_to_content,
    measure_tilt,
    plan_preparation,
    restore_map,
    tilt_to_undo,
)
from cxr_dash.imaging.turn import turned

PLAIN = PreparationSpec(
    version=1, window_low_percentile=0.0, window_high_percentile=100.0, polarity="keep", straighten=True
)


def leaning(degrees: float, *, lungs: int = 2, grid: tuple[int, int] = (224, 224)) -> LungField:
    """Two drawn lungs, wider below than above, turned clockwise as one."""
    canvas = np.zeros((224, 224), np.float32)
    for outer, inner in ((44, 98), (180, 126))[:lungs]:
        outline = np.array([[(outer + 2 * inner) // 3, 50], [inner, 62], [inner, 160], [outer, 176]])
        cv2.fillPoly(canvas, [outline], (1.0,))
    canvas = cv2.resize(turned(canvas, -degrees, 0.0), grid[::-1], interpolation=cv2.INTER_AREA)
    whole = Box(0, 0, 448, 448)
    plan = Preparation(448, 448, 0.0, 255.0, False, whole, Box(0, 0, 224, 224), 224, 224, 0.0)
    return LungField(np.asarray(canvas, np.float32), plan)


@pytest.mark.parametrize("degrees", [-14.0, -7.0, 0.0, 5.5, 12.0])
@pytest.mark.parametrize("grid", [(224, 224), (112, 56)])
def test_a_film_leans_by_the_angle_it_was_turned_by(degrees: float, grid: tuple[int, int]) -> None:
    found = measure_tilt(leaning(degrees, grid=grid))
    assert found is not None
    assert 0.8 * abs(degrees) - 0.3 <= abs(found) <= abs(degrees) + 0.6
    assert not degrees or np.sign(found) == np.sign(degrees)


@pytest.mark.parametrize("shape", [(9, 15), (8, 14), (15, 9)])
def test_a_picture_turns_about_its_middle_and_half_a_turn_swaps_its_ends(shape: tuple[int, int]) -> None:
    picture = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    np.testing.assert_allclose(turned(picture, 180.0, 0.0), picture[::-1, ::-1], atol=0.1)
    side = min(shape)
    square = np.ascontiguousarray(picture[:side, :side])
    np.testing.assert_allclose(turned(square, 90.0, 0.0), np.rot90(square), atol=0.1)
    assert turned(picture, 0.0, 0.0) is picture


def test_a_single_lung_has_no_axis_to_lean_by() -> None:
    assert measure_tilt(leaning(8.0, lungs=1)) is None
    assert measure_tilt(leaning(8.0, lungs=0)) is None


def test_films_are_turned_back_between_the_dead_band_and_fifteen_degrees() -> None:
    asked = (None, 0.0, 5.9, -6.0, 6.1, -9.0, 15.0, -15.1, 80.0)
    assert [tilt_to_undo(tilt) for tilt in asked] == [0.0, 0.0, 0.0, 0.0, 6.1, -9.0, 15.0, 0.0, 0.0]


def blob(height: int, width: int, centre: tuple[float, float]) -> Radiograph:
    """A grey film with a bright blob at a share (x, y) of it."""
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    square = (columns - centre[0] * width) ** 2 + (rows - centre[1] * height) ** 2
    pixels = 60 + 190 * np.exp(-square / (2 * (0.04 * min(height, width)) ** 2))
    return Radiograph(pixels.astype(np.uint8), 8, "png", "0" * 64)


def highest(values: np.ndarray) -> tuple[float, float]:
    """Centre of what lies above half of the largest value: column, row."""
    heavy = np.clip(values - 0.5 * values.max(), 0, None)
    rows, columns = np.indices(values.shape) + 0.5
    return float((heavy * columns).sum() / heavy.sum()), float((heavy * rows).sum() / heavy.sum())


@pytest.mark.parametrize("tilt", [-15.0, -8.0, 6.5, 12.25])
@pytest.mark.parametrize("shape", [(400, 400), (300, 460), (480, 320)])
@pytest.mark.parametrize("region", ["film", "lungs"])
def test_a_planted_blob_comes_back_where_it_was_on_a_leaning_film(
    tilt: float, shape: tuple[int, int], region: str
) -> None:
    radiograph = blob(*shape, (0.62, 0.4))
    lungs = Box(round(0.2 * shape[1]), round(0.15 * shape[0]), round(0.7 * shape[1]), round(0.6 * shape[0]))
    plan = plan_preparation(radiograph, replace(PLAIN, region=region), lungs, tilt=tilt)
    seen = apply_preparation(radiograph, plan)[:, :, 0]
    upright = apply_preparation(radiograph, replace(plan, tilt_degrees=0.0))[:, :, 0]
    assert np.hypot(*np.subtract(highest(seen), highest(upright))) > 2.0  # the model saw it elsewhere
    coarse = seen.reshape(56, 4, 56, 4).mean(axis=(1, 3)).astype(np.float32)
    restored = restore_map(coarse, plan)
    assert highest(restored) == pytest.approx((0.62 * shape[1], 0.4 * shape[0]), abs=2.0)
    assert 0.0 <= restored.min() <= restored.max() <= coarse.max()


def test_the_films_axis_stands_upright_in_the_model_input_with_black_corners() -> None:
    drawn = turned(np.pad(np.full((300, 20), 200.0, np.float32), ((50, 50), (190, 190))), -9.0, 40.0)
    radiograph = Radiograph(np.maximum(drawn, 40.0).astype(np.uint8), 8, "png", "0" * 64)
    plan = plan_preparation(radiograph, replace(PLAIN, crop_borders=False), tilt=9.0)
    seen = apply_preparation(radiograph, plan)[:, :, 0]
    top, bottom = highest(seen[40:80])[0], highest(seen[144:184])[0]
    assert top == pytest.approx(bottom, abs=0.2)
    assert seen[0, 0] == seen[-1, -1] == plan.pad_value


def test_letters_leave_no_trace_on_a_leaning_film() -> None:
    rows, columns = np.mgrid[0:300, 0:300]
    pixels = (1200 + 4 * rows + 3 * columns).astype(np.uint16)
    lettered = pixels.copy()
    lettered[60:75, 190:230] = 65535
    spec = replace(PLAIN, version=2, crop_borders=False)
    plans = [plan_preparation(Radiograph(p, 16, "png", "0" * 64), spec, tilt=8.0) for p in (pixels, lettered)]
    assert plans[1].own_levels is not None
    clean, marked = (
        apply_preparation(Radiograph(p, 16, "png", "0" * 64), plan)
        for p, plan in zip((pixels, lettered), plans, strict=True)
    )
    assert np.abs(clean - marked).max() < 8.0


def test_a_spec_that_does_not_straighten_leaves_a_leaning_film_alone() -> None:
    radiograph = blob(300, 300, (0.5, 0.4))
    plain = replace(PLAIN, straighten=False)
    assert plan_preparation(radiograph, plain, tilt=9.0) == plan_preparation(radiograph, plain)
    assert PreparationSpec().straighten is False


def test_a_map_leans_as_the_film_does_and_is_empty_where_the_model_saw_nothing() -> None:
    plan = plan_preparation(blob(224, 224, (0.5, 0.5)), replace(PLAIN, crop_borders=False), tilt=10.0)
    layer = map_to_content(np.ones((7, 7), np.float32), plan)
    assert layer.max() == pytest.approx(1.0)
    assert layer[0, 0] == layer[-1, 0] == layer[0, -1] == layer[-1, -1] == 0.0
