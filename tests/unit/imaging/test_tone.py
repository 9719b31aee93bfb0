"""What is measured of a film's tone: the same for the same film, another for one that was changed."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from cxr_dash.domain import Box, LungField, PreparationSpec, Radiograph
from cxr_dash.imaging import (
    TONE_MEASURES,
    apply_preparation,
    chest_phantom,
    lungs_on_input,
    measure_tone,
    plan_preparation,
    uneven_gaps,
)
from training.films.tones import TONES

SPEC = PreparationSpec()
FIELD_SPEC = PreparationSpec(height=56, width=56, crop_borders=False)


def radiograph_of(pixels: np.ndarray) -> Radiograph:
    return Radiograph(pixels, pixels.dtype.itemsize * 8, "png", "0" * 64)


def field_of(radiograph: Radiograph, *lungs: Box) -> LungField:
    """Lungs in these boxes of the film, on a grid of 56."""
    plan = plan_preparation(radiograph, FIELD_SPEC)
    film = np.zeros((radiograph.height, radiograph.width), np.float32)
    for lung in lungs:
        film[lung.y : lung.y + lung.height, lung.x : lung.x + lung.width] = 255.0
    plain = replace(plan, window_low=0.0, window_high=255.0, inverted=False)
    grid = apply_preparation(radiograph_of(film.astype(np.uint8)), plain)[..., 0] / 255
    return LungField(np.asarray(grid, np.float32), plan)


def grainy(seed: int = 5) -> np.ndarray:
    """A drawn chest film with a fine grain, 320 x 280, without saturated levels."""
    grain = np.random.default_rng(seed).normal(0.0, 3.0, (320, 280))
    film = cv2.resize(chest_phantom(320, 280), (280, 320)).astype(np.float64) * 0.8 + 25 + grain
    return np.clip(np.rint(film), 1, 254).astype(np.uint8)


LUNGS = (Box(50, 70, 70, 170), Box(160, 70, 70, 170))


def measures_of(pixels: np.ndarray, spec: PreparationSpec = SPEC) -> np.ndarray:
    radiograph = radiograph_of(pixels)
    plan = plan_preparation(radiograph, spec)
    inside = lungs_on_input(field_of(radiograph, *LUNGS), plan)
    found = measure_tone(apply_preparation(radiograph, plan), inside, plan)
    assert found is not None
    return found


@pytest.mark.parametrize("tilt", [0.0, 9.0, -12.0])
@pytest.mark.parametrize("crop", [Box(0, 0, 280, 320), Box(30, 50, 220, 210)])
def test_the_lungs_lie_in_the_model_input_where_the_film_has_them(tilt: float, crop: Box) -> None:
    radiograph = radiograph_of(np.full((320, 280), 90, np.uint8))
    spec = replace(SPEC, region="lungs", region_margin=0.0, crop_borders=False, straighten=True)
    plan = plan_preparation(radiograph, spec, crop, tilt=tilt)
    drawn = np.zeros((320, 280), np.uint8)
    for lung in LUNGS:
        drawn[lung.y : lung.y + lung.height, lung.x : lung.x + lung.width] = 255
    plain = replace(plan, window_low=0.0, window_high=255.0, inverted=False, own_levels=None)
    expected = apply_preparation(radiograph_of(drawn), plain)[..., 0] > 127
    found = lungs_on_input(field_of(radiograph, *LUNGS), plan)
    assert (found & expected).sum() / (found | expected).sum() > 0.95


def test_a_film_stored_with_other_levels_in_other_bits_has_the_same_tone() -> None:
    film = grainy()
    first = measures_of(film)
    assert first.shape == (TONE_MEASURES,)
    assert np.isfinite(first).all()
    deeper = (film.astype(np.uint16) * 13 + 700).astype(np.uint16)
    np.testing.assert_allclose(measures_of(deeper), first, atol=0.02)


@pytest.mark.parametrize("name", [name for family in TONES.values() for name in family])
def test_a_film_whose_tone_was_changed_measures_otherwise(name: str) -> None:
    change = next(family[name] for family in TONES.values() if name in family)
    film = grainy()
    apart = np.abs(measures_of(change(film)) - measures_of(film)).max()
    again = np.abs(measures_of(grainy(6)) - measures_of(film)).max()
    assert apart > 3 * again


def test_without_lungs_there_is_no_tone_to_measure() -> None:
    radiograph = radiograph_of(grainy())
    plan = plan_preparation(radiograph, SPEC)
    shown = apply_preparation(radiograph, plan)
    nothing = lungs_on_input(field_of(radiograph), plan)
    assert not nothing.any()
    assert measure_tone(shown, nothing, plan) is None


CURVES = {name: family[name] for family in TONES.values() for name in family if "gamma" in name}


@pytest.mark.parametrize("name", [*CURVES, "equalised"])
def test_a_curve_over_rounded_levels_leaves_uneven_gaps(name: str) -> None:
    change = CURVES.get(name, TONES["equalised"]["equalised"])
    radiograph = radiograph_of(change(grainy()))
    assert uneven_gaps(radiograph, plan_preparation(radiograph, SPEC)) > 0.15


@pytest.mark.parametrize(
    "written",
    [
        lambda film: film,
        lambda film: 255 - film,
        lambda film: np.rint(film * 0.5 + 64).astype(np.uint8),
        lambda film: np.clip(film * 1.15, 0, 255).astype(np.uint8),
        lambda film: np.clip((film.astype(float) - 40) * 1.6, 0, 255).astype(np.uint8),
        lambda film: film.astype(np.uint16) * 16,
        lambda film: np.full_like(film, 77),
        np.zeros_like,
    ],
    ids=["as it is", "negative", "half contrast", "x 1.15", "stretched", "16 bits", "one level", "black"],
)
def test_a_straight_line_leaves_no_uneven_gaps(written) -> None:
    radiograph = radiograph_of(written(grainy()))
    assert uneven_gaps(radiograph, plan_preparation(radiograph, SPEC)) < 0.08


def test_what_is_measured_the_quick_way_equals_numpys_quantiles_and_deviations() -> None:
    radiograph = radiograph_of(grainy())
    plan = plan_preparation(radiograph, SPEC)
    inside = lungs_on_input(field_of(radiograph, *LUNGS), plan)
    model_input = apply_preparation(radiograph, plan)
    found = measure_tone(model_input, inside, plan)
    assert found is not None
    content = plan.content
    window = np.s_[content.y : content.y + content.height, content.x : content.x + content.width]
    shown, lungs = model_input[..., 0][window] / np.float32(255), inside[window]
    overall = np.quantile(shown, (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98))
    assert found[5:14] == pytest.approx(overall, abs=1e-5)
    coarse = cv2.GaussianBlur(np.ascontiguousarray(shown), (0, 0), 1.0)
    detail = (shown - coarse).astype(np.float64)
    contrast = np.log([detail[where].std() / shown.std() for where in (lungs, ~lungs)])
    assert found[15:17] == pytest.approx(contrast, abs=1e-4)
