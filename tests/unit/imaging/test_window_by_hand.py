"""Windows, boxes and letterboxes in whole pixels and levels, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxr_dash.domain import Box, Preparation, PreparationSpec, Radiograph
from cxr_dash.imaging import apply_preparation, map_to_content, plan_preparation, restore_map
from cxr_dash.imaging.boxes import cut, grow_box, middle_of
from cxr_dash.imaging.letterbox import letterbox, letterbox_content, letterbox_without
from cxr_dash.imaging.window import level_counts, window_of_counts, window_table, windowed


def counts(levels: dict[int, float]) -> np.ndarray:
    found = np.zeros(256, np.float32)
    for level, many in levels.items():
        found[level] = many
    return found


@pytest.mark.parametrize(
    ("levels", "window"),
    [
        # a percentile is the lowest level that so many pixels do not exceed
        ({10: 1, 20: 98, 30: 1}, (10.0, 20.0)),
        ({10: 1, 20: 97, 30: 2}, (10.0, 30.0)),
        ({10: 1, 20: 198, 30: 1}, (10.0, 30.0)),
        # both at one level: then the smallest and the largest, were they of one pixel
        ({10: 1, 20: 998, 30: 1}, (10.0, 30.0)),
        ({0: 1, 20: 999}, (0.0, 20.0)),
        ({20: 999, 255: 1}, (20.0, 255.0)),
        ({77: 5}, (77.0, 78.0)),
        ({255: 5}, (255.0, 256.0)),
    ],
)
def test_a_window_is_from_percentile_to_percentile(
    levels: dict[int, float], window: tuple[float, float]
) -> None:
    assert window_of_counts(counts(levels), 1.0, 99.0) == window


@pytest.mark.parametrize(("dtype", "levels"), [(np.uint8, 256), (np.uint16, 65_536)])
def test_every_level_is_counted_to_the_last(dtype: type, levels: int) -> None:
    pixels = np.array([[0, 0, 5, levels - 1], [levels - 2, 5, 5, 0]], dtype)
    found = level_counts(pixels)
    assert found.shape == (levels,)
    np.testing.assert_array_equal(found, np.bincount(pixels.ravel(), minlength=levels))
    table = window_table(np.dtype(dtype), 0.0, levels - 1.0, inverted=False)
    assert (table.size, table[0], table[-1]) == (levels, 0.0, 255.0)


def test_a_window_is_straight_between_black_and_white_and_turned_over_where_asked() -> None:
    levels = np.array([0.0, 50.0, 75.0, 150.0, 200.0])
    assert windowed(levels, 50.0, 150.0, inverted=False) == pytest.approx([0, 0, 63.75, 255, 255])
    assert windowed(levels, 50.0, 150.0, inverted=True) == pytest.approx([255, 255, 191.25, 0, 0])


PIXELS = np.arange(200).reshape(10, 20)


def test_a_box_cuts_rows_and_columns() -> None:
    np.testing.assert_array_equal(cut(PIXELS, Box(3, 2, 5, 4)), PIXELS[2:6, 3:8])


@pytest.mark.parametrize(
    ("margin", "grown"),
    [
        (0.0, Box(30, 40, 20, 50)),
        (0.1, Box(28, 35, 24, 60)),
        (1.0, Box(10, 0, 60, 100)),
        (2.0, Box(0, 0, 80, 100)),
    ],
)
def test_a_box_grows_on_each_side_as_far_as_the_film_reaches(margin: float, grown: Box) -> None:
    assert grow_box(Box(30, 40, 20, 50), margin, 80, 100) == grown


@pytest.mark.parametrize(
    ("box", "aspect", "middle"),
    [
        (Box(10, 20, 100, 60), (1, 1), Box(30, 20, 60, 60)),
        (Box(10, 20, 60, 100), (224, 224), Box(10, 40, 60, 60)),
        (Box(10, 20, 101, 60), (1, 1), Box(30, 20, 60, 60)),
        (Box(0, 0, 100, 100), (3, 1), Box(0, 33, 100, 33)),
        (Box(0, 0, 100, 3), (1, 100), Box(49, 0, 1, 3)),
        (Box(0, 0, 3, 100), (100, 1), Box(0, 49, 3, 1)),
    ],
)
def test_the_middle_of_a_box_has_an_aspect(box: Box, aspect: tuple[int, int], middle: Box) -> None:
    assert middle_of(box, *aspect) == middle


@pytest.mark.parametrize(
    ("picture", "frame", "content"),
    [
        ((100, 50), (64, 64), Box(0, 16, 64, 32)),
        ((50, 100), (64, 64), Box(16, 0, 32, 64)),
        ((1000, 1), (64, 64), Box(0, 31, 64, 1)),
        ((1, 1000), (64, 64), Box(31, 0, 1, 64)),
        ((10, 10), (40, 60), Box(0, 10, 40, 40)),
    ],
)
def test_a_picture_is_fitted_into_the_middle_of_a_frame(
    picture: tuple[int, int], frame: tuple[int, int], content: Box
) -> None:
    assert letterbox_content(*picture, *frame) == content


PLAN = Preparation(40, 40, 0.0, 255.0, False, Box(0, 0, 40, 40), Box(10, 5, 20, 20), 40, 30, 9.0)


def test_where_either_side_shrinks_means_are_taken_and_else_what_lies_between() -> None:
    checks = (np.indices((40, 40)).sum(axis=0) % 2 * 200.0).astype(np.float32)
    found = letterbox(checks, PLAN)
    assert (found[5:25, 10:30] == 100.0).all()
    found[5:25, 10:30] = 9.0
    assert (found == 9.0).all()
    # of four pixels either way only the first is bright: what lies between two of them would be dark
    combs = np.zeros((80, 80), np.float32)
    combs[:, ::4] = 200.0
    assert letterbox(np.ascontiguousarray(combs[:10]), PLAN)[5:25, 10:30] == pytest.approx(50.0)
    combs = np.ascontiguousarray(combs[:10].T)
    assert letterbox(combs, PLAN)[5:25, 10:30] == pytest.approx(50.0)
    steps = np.array([[0.0, 100.0], [0.0, 100.0]], np.float32)
    grown = letterbox(steps, replace(PLAN, content=Box(0, 0, 4, 2)))
    assert grown[0, :4].tolist() == [0.0, 25.0, 75.0, 100.0]


def even_plan(side: int) -> Preparation:
    whole = Box(0, 0, side, side)
    return Preparation(side, side, 0.0, 255.0, False, whole, whole, side, side, 0.0)


@pytest.mark.parametrize(("side", "rim"), [(60, 1), (1499, 1), (1500, 2)])
def test_letters_go_with_a_rim_that_grows_with_the_film(side: int, rim: int) -> None:
    """A white rim of that width is gone; of one pixel more it shows."""
    for more, stays in ((0, False), (1, True)):
        grey = np.full((side, 60), 100.0, np.float32)
        foreign = np.zeros(grey.shape, bool)
        foreign[30, 30] = True
        wide = rim + more
        grey[30 - wide : 31 + wide, 30 - wide : 31 + wide] = 250.0
        plan = replace(even_plan(60), content=Box(0, 0, 60, side), input_height=side, film_height=side)
        found = letterbox_without(grey, foreign, replace(plan, crop=Box(0, 0, 60, side)))
        assert bool((found > 110.0).any()) is stays


@pytest.mark.parametrize(("own", "filled"), [(20, False), (19, True)])
def test_a_cell_of_which_a_fifth_is_the_films_is_the_mean_of_that(own: int, filled: bool) -> None:
    """Cells of 10 x 10 pixels: the film is 100 around and 40 in what is left of one cell."""
    grey, foreign = np.full((60, 60), 100.0, np.float32), np.zeros((60, 60), bool)
    cell = np.s_[20:30, 20:30]
    grey[cell] = 40.0
    # with a rim of one pixel: a row of the cell less for each side that is beside it
    inner = np.zeros((10, 10), bool)
    inner.ravel()[own:] = True
    foreign[cell] = inner
    plan = replace(even_plan(60), content=Box(0, 0, 6, 6), input_width=6, input_height=6)

    def as_it_is(mask: np.ndarray, _kernel: np.ndarray) -> np.ndarray:
        return mask

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cxr_dash.imaging.letterbox.cv2.dilate", as_it_is)
        found = letterbox_without(grey, foreign, plan)
    assert found[2, 2] == pytest.approx(100.0 if filled else 40.0, abs=1.0 if filled else 0.05)
    assert found[0, 0] == pytest.approx(100.0)


@pytest.mark.parametrize(("foreign", "left_out"), [(10, True), (11, False)])
def test_letters_are_left_out_up_to_a_tenth_of_the_picture(foreign: int, left_out: bool) -> None:
    pixels = np.full((10, 10), 500, np.uint16)
    pixels.ravel()[:foreign] = 60_000
    plan = replace(even_plan(10), window_low=0.0, window_high=1000.0, own_levels=(0, 999))
    found = apply_preparation(Radiograph(pixels, 16, "png", ""), plan)
    assert bool(found.max() < 200.0) is left_out


@pytest.mark.parametrize(("level", "own"), [(100, True), (99, False), (900, True), (901, False)])
def test_the_films_own_levels_are_told_from_others_with_both_ends(level: int, own: bool) -> None:
    pixels = np.full((10, 10), 500, np.uint16)
    pixels[5, 5] = level
    plan = replace(even_plan(10), window_low=0.0, window_high=1000.0, own_levels=(100, 900))
    found = apply_preparation(Radiograph(pixels, 16, "png", ""), plan)[..., 0]
    assert (found[5, 5] == pytest.approx(127.5, abs=1.0)) is not own


def test_maps_come_to_the_crop_and_to_the_film() -> None:
    plan = replace(PLAN, film_width=60, film_height=50, crop=Box(15, 5, 40, 40))
    values = np.zeros((30, 40), np.float32)
    values[10, 12] = 2.0
    layer = map_to_content(values, plan)
    assert layer.shape == (20, 20)
    assert np.argwhere(layer == 2.0).tolist() == [[5, 2]]
    film = restore_map(values, plan)
    assert film.shape == (50, 60)
    rows, columns = np.nonzero(film)
    # the cell is pixels 10 and 11 down, 4 and 5 to the right; linear in between on either side
    assert (rows.min() - 5, rows.max() - 5) == (9, 12)
    assert (columns.min() - 15, columns.max() - 15) == (3, 6)


def test_a_tilt_is_kept_to_a_hundredth_by_a_spec_that_straightens() -> None:
    film = Radiograph(np.arange(2500, dtype=np.uint16).reshape(50, 50), 16, "png", "")
    straightens = PreparationSpec(straighten=True)
    assert plan_preparation(film, straightens, tilt=7.12499).tilt_degrees == 7.12
    assert plan_preparation(film, PreparationSpec(), tilt=7.12499).tilt_degrees == 0.0
    assert plan_preparation(film, straightens).tilt_degrees == 0.0
