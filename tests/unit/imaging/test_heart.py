"""Heart and lungs together: the cardiothoracic ratio of drawn outlines, and the side the heart lies on."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from cxr_dash.domain import LungField, PreparationSpec, Radiograph, RatioObstacle, SideRule
from cxr_dash.imaging import SIDE_GRID, heart_mask, measure_heart, plan_preparation, side_maps
from cxr_dash.imaging.boxes import cut
from cxr_dash.imaging.lungs import content_of
from cxr_dash.imaging.turn import turned

GRID = 224
SPEC = PreparationSpec(height=GRID, width=GRID, crop_borders=False, polarity="keep")
# A thorax from 60 to 340 of a film 400 wide, a heart from 150 to 276: 126 / 280.
RATIO = 126 / 280
# Heart in the left half of the picture speaks for a mirrored film.
RULE = SideRule(
    np.stack([np.zeros((SIDE_GRID, SIDE_GRID // 2)), -np.ones((SIDE_GRID, SIDE_GRID // 2))]).astype(
        np.float32
    ),
    -1.0,
)


def drawn(
    *,
    width: int = 400,
    height: int = 480,
    turn: float = 0.0,
    flip: bool = False,
    heart: tuple[int, int] | None = (150, 276),
    lungs: tuple[tuple[int, int], ...] = ((60, 180), (220, 340)),
    sure: float = 0.97,
) -> LungField:
    """Outlines of a film 400 x 480, squashed to a size, turned clockwise, brought to the segmenter's grid."""
    planes = np.zeros((2, 480, 400), np.float32)
    for left, right in lungs:
        cv2.ellipse(planes[0], ((left + right) // 2, 230), ((right - left) // 2, 170), 0, 0, 360, 1.0, -1)
    if heart:
        cv2.ellipse(planes[1], (sum(heart) // 2, 310), ((heart[1] - heart[0]) // 2, 60), 0, 0, 360, 1.0, -1)
    planes = np.stack([turned(plane, -turn, 0.0) for plane in planes])
    planes = planes[:, :, ::-1] if flip else planes
    film = Radiograph(np.full((height, width), 90, np.uint8), 8, "png", "0" * 64)
    plan = plan_preparation(film, SPEC)
    grids = np.zeros((2, GRID, GRID), np.float32)
    size = (plan.content.width, plan.content.height)
    for grid, plane in zip(grids, planes, strict=True):
        cut(grid, plan.content)[:] = cv2.resize(plane, size, interpolation=cv2.INTER_AREA) * sure
    return LungField(grids[0], plan, grids[1])


@pytest.mark.parametrize(
    ("width", "height"), [(400, 480), (480, 480), (300, 480), (1200, 1440), (400, 900), (900, 400)]
)
def test_the_ratio_is_that_of_the_widths_however_the_film_was_squashed_and_letterboxed(
    width: int, height: int
) -> None:
    found = measure_heart(drawn(width=width, height=height))
    assert found is not None
    assert found.obstacle is None
    assert found.ratio == pytest.approx(RATIO, abs=0.006)


@pytest.mark.parametrize("turn", [-12.0, -8.0, -3.0, 3.0, 8.0, 12.0])
def test_a_leaning_film_is_measured_upright(turn: float) -> None:
    found = measure_heart(drawn(turn=turn))
    assert found is not None
    assert found.ratio == pytest.approx(RATIO, abs=0.015)


@pytest.mark.parametrize(
    ("field", "obstacle"),
    [
        (drawn(lungs=()), RatioObstacle.NO_LUNGS),
        (drawn(lungs=((60, 180),)), RatioObstacle.ONE_LUNG),
        (drawn(lungs=((-60, 180), (220, 340))), RatioObstacle.LUNGS_CUT_OFF),
        (drawn(turn=24.0), RatioObstacle.ROTATED),
        (drawn(heart=None), RatioObstacle.NO_HEART),
        (drawn(heart=(190, 206)), RatioObstacle.NO_HEART),
        (drawn(heart=(40, 380)), RatioObstacle.IMPLAUSIBLE),
        (drawn(sure=0.6), RatioObstacle.IMPLAUSIBLE),
    ],
    ids=lambda value: value.value if isinstance(value, RatioObstacle) else "",
)
def test_where_no_ratio_can_be_measured_there_is_none_and_the_reason_is_said(
    field: LungField, obstacle: RatioObstacle
) -> None:
    found = measure_heart(field)
    assert found is not None
    assert found.ratio is None
    assert found.obstacle is obstacle


def test_a_segmenter_that_draws_no_heart_measures_none() -> None:
    field = replace(drawn(), heart=None)
    assert measure_heart(field) is None
    assert not heart_mask(field).any()


@pytest.mark.parametrize(("turn", "width"), [(-10.0, 400), (0.0, 400), (10.0, 400), (0.0, 300), (0.0, 600)])
def test_a_mirrored_heart_lies_as_far_on_the_other_side(turn: float, width: int) -> None:
    upright, over = (measure_heart(drawn(turn=turn, width=width, flip=flip), RULE) for flip in (False, True))
    assert upright is not None
    assert over is not None
    assert upright.side is not None
    assert over.side is not None
    assert over.side == pytest.approx(-upright.side, abs=0.12 * upright.side)
    assert over.side < RULE.said_below < 0.0 < upright.side
    assert (upright.mirrored, over.mirrored) == (False, True)


def test_nothing_is_said_of_the_side_without_lungs_or_without_a_rule() -> None:
    for field, rule in ((drawn(lungs=()), RULE), (drawn(flip=True), None)):
        found = measure_heart(field, rule)
        assert found is not None
        assert found.side is None
        assert not found.mirrored


def test_a_heart_in_the_middle_speaks_for_neither_side() -> None:
    found = measure_heart(drawn(heart=(140, 260)), RULE)
    assert found is not None
    assert found.side == pytest.approx(0.0, abs=0.5)
    assert not found.mirrored


@pytest.mark.parametrize("turn", [-9.0, 0.0, 9.0])
def test_outlines_of_squashed_and_leaning_films_come_into_the_same_box(turn: float) -> None:
    wanted = side_maps(drawn())
    assert wanted is not None
    assert wanted.shape == (3, SIDE_GRID, SIDE_GRID)
    for width in (400,) if turn else (250, 400, 700):
        found = side_maps(drawn(width=width, turn=turn))
        assert found is not None
        assert np.abs(found - wanted).mean() < (0.05 if turn else 0.02)
    assert side_maps(replace(drawn(), heart=None)) is None


def film_of(field: LungField) -> np.ndarray:
    """A film as a segmenter may have seen it: grey that rises to the right and down."""
    levels = np.zeros((GRID, GRID), np.float32)
    inside = cut(levels, content_of(field))
    rows, columns = np.mgrid[0 : inside.shape[0], 0 : inside.shape[1]]
    inside[:] = 40.0 + 100.0 * columns / inside.shape[1] + 40.0 * rows / inside.shape[0]
    return levels


def test_the_films_cells_count_by_their_order_so_that_no_curve_of_tone_changes_them() -> None:
    field = drawn(width=300)
    seen = film_of(field)
    plain, curved = (side_maps(field, one) for one in (seen, 255 * (seen / 255) ** np.float32(2.2)))
    assert plain is not None
    assert curved is not None
    assert 0.0 < plain[2].min() < 0.1
    assert 0.9 < plain[2].max() < 1.0
    assert np.abs(plain[2] - curved[2]).max() < 0.02
    assert np.abs(plain[2].mean() - 0.5) < 1e-6


def test_a_film_turned_over_gives_the_opposite_answer_by_its_cells_alone() -> None:
    planes = np.zeros((3, SIDE_GRID, SIDE_GRID // 2), np.float32)
    planes[2] = -1.0
    rule, field = SideRule(planes, -1.0), drawn()
    assert field.heart is not None
    over = replace(field, probability=field.probability[:, ::-1], heart=field.heart[:, ::-1])
    seen = film_of(field)
    upright, turned_over = measure_heart(field, rule, seen), measure_heart(over, rule, seen[:, ::-1])
    assert upright is not None
    assert turned_over is not None
    assert upright.side is not None
    assert turned_over.side is not None
    assert upright.side > 10.0
    assert turned_over.side == pytest.approx(-upright.side, rel=0.02)
    outlines = SideRule(planes[:2], -1.0)
    alone = measure_heart(field, outlines, seen)
    assert alone is not None
    assert alone.side == 0.0, "a rule of outlines alone does not look at the film"


def test_the_outline_of_the_heart_lies_on_the_film_where_it_was_drawn_without_its_specks() -> None:
    field = drawn(width=800, height=960)
    assert field.heart is not None
    field.heart[40:44, 100:104] = 1.0
    mask = heart_mask(field)
    assert mask.shape == (960, 800)
    columns, rows = (np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1))
    assert columns[0] == pytest.approx(300, abs=5)
    assert columns[-1] == pytest.approx(552, abs=5)
    assert rows[0] == pytest.approx(500, abs=5)
