"""What a lung field says about its film."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.domain import Box, LungField, PreparationSpec, Radiograph
from cxr_dash.imaging import film_mask, lung_box, measure_lungs, plan_preparation
from cxr_dash.imaging.boxes import cut
from cxr_dash.imaging.lungs import lung_grid, lung_parts

GRID = 64
SPEC = PreparationSpec(
    height=GRID,
    width=GRID,
    crop_borders=False,
    polarity="keep",
    window_low_percentile=0.0,
    window_high_percentile=100.0,
)
RIGHT, LEFT = Box(30, 40, 40, 100), Box(100, 40, 40, 100)  # on a film 160 wide and 200 high


def field_of(*parts: Box, width: int = 160, height: int = 200) -> LungField:
    """A field that is sure of these boxes of a film, drawn on the segmenter's grid through the real plan."""
    radiograph = Radiograph(np.full((height, width), 90, np.uint8), 8, "png", "0" * 64)
    plan = plan_preparation(radiograph, SPEC)
    probability = np.full((GRID, GRID), 0.02, np.float32)
    scale = plan.content.width / width
    for part in parts:
        left, top = plan.content.x + part.x * scale, plan.content.y + part.y * scale
        rows = slice(round(top), round(top + part.height * scale))
        columns = slice(round(left), round(left + part.width * scale))
        probability[rows, columns] = 0.9
    return LungField(probability, plan)


def test_the_box_lies_around_both_lungs_in_the_films_own_frame() -> None:
    box = lung_box(field_of(RIGHT, LEFT))
    assert box is not None
    cell = 200 / GRID
    assert abs(box.x - 30) <= cell
    assert abs(box.y - 40) <= cell
    assert abs(box.x + box.width - 140) <= cell
    assert abs(box.y + box.height - 140) <= cell


def test_a_margin_is_a_share_of_the_boxs_sides_and_ends_at_the_film() -> None:
    field = field_of(RIGHT, LEFT)
    tight, wide, whole = (lung_box(field, margin) for margin in (0.0, 0.1, 5.0))
    assert tight is not None
    assert wide is not None
    assert wide.x == tight.x - round(0.1 * tight.width)
    assert wide.height == tight.height + 2 * round(0.1 * tight.height)
    assert whole == Box(0, 0, 160, 200)


def test_specks_and_islets_are_no_lungs() -> None:
    clean, dirty = field_of(RIGHT, LEFT), field_of(RIGHT, LEFT, Box(70, 2, 12, 12))
    assert lung_box(dirty) == lung_box(clean)
    assert np.array_equal(film_mask(dirty), film_mask(clean))


def test_a_film_without_lungs_has_no_box_and_measures_nothing() -> None:
    for field in (field_of(), field_of(Box(50, 50, 20, 25))):
        assert lung_box(field) is None
        assert not film_mask(field).any()
        assert measure_lungs(field).parts == 0


def test_the_mask_covers_the_lungs_of_the_film_and_fills_their_holes() -> None:
    field = field_of(RIGHT, LEFT)
    plan = field.preparation
    hole = (plan.content.y + 28, plan.content.x + 16)
    field.probability[hole] = 0.1
    mask = film_mask(field)
    assert mask.shape == (200, 160)
    drawn = np.zeros((200, 160), bool)
    for part in (RIGHT, LEFT):
        cut(drawn, part)[:] = True
    both = mask.sum() + drawn.sum()
    assert 2 * (mask & drawn).sum() / both > 0.94
    # nothing inside a lung is left out
    assert cut(mask, Box(36, 46, 28, 88)).all()


def test_measures_say_how_large_how_many_and_how_even() -> None:
    measures = measure_lungs(field_of(RIGHT, LEFT))
    assert measures.parts == 2
    assert measures.area_share == pytest.approx(2 * 40 * 100 / (160 * 200), abs=0.03)
    assert measures.left_share + measures.right_share == pytest.approx(measures.area_share)
    assert measures.balance > 0.9
    assert measures.touches == ()
    assert measures.certainty == pytest.approx(0.9)


def test_lungs_of_different_size_are_uneven_and_told_left_from_right() -> None:
    measures = measure_lungs(field_of(RIGHT, Box(100, 40, 30, 40)))
    assert measures.left_share > 2 * measures.right_share
    assert measures.balance < 0.5


def test_lungs_that_the_film_cuts_touch_its_borders() -> None:
    assert measure_lungs(field_of(Box(0, 40, 60, 100), LEFT)).touches == ("left",)
    assert set(measure_lungs(field_of(Box(30, 0, 40, 200), LEFT)).touches) == {"top", "bottom"}


def test_lungs_that_run_together_are_one_part_divided_in_the_middle() -> None:
    measures = measure_lungs(field_of(Box(30, 40, 110, 100)))
    assert measures.parts == 1
    assert measures.balance > 0.9


def test_what_is_remembered_of_a_field_is_neither_another_fields_nor_to_be_written_to() -> None:
    both, one = field_of(RIGHT, LEFT), field_of(RIGHT)
    again = LungField(both.probability, both.preparation)
    assert [len(lung_parts(field)) for field in (both, one, both, again, one)] == [2, 1, 2, 2, 1]
    assert np.array_equal(lung_grid(both), lung_grid(again))
    with pytest.raises(ValueError, match="read-only"):
        lung_grid(both)[0, 0] = True
