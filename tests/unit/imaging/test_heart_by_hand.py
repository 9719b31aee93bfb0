"""The heart on grids of which every cell is counted: limits on their edge, places to the pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cells import LEFT, PLAN, RIGHT, WHOLE, mask

from cxr_dash.domain import Box, HeartMeasures, LungField, RatioObstacle
from cxr_dash.imaging import heart, measure_heart
from cxr_dash.imaging.heart import _Extent, _extent, _largest, _of_the_lungs


def hearted(heart_cells: np.ndarray, level: float = 1.0) -> LungField:
    lungs = mask(LEFT, RIGHT).astype(np.float32)
    return LungField(lungs, PLAN, np.where(heart_cells, level, 0.0).astype(np.float32))


def measured(given: LungField) -> HeartMeasures:
    found = measure_heart(given)
    assert found is not None
    return found


# 8 % of 2,000 cells of lung
@pytest.mark.parametrize(
    ("box", "obstacle"), [((35, 50, 20, 8), None), ((35, 50, 53, 3), RatioObstacle.NO_HEART)]
)
def test_a_heart_is_at_least_a_twelfth_of_the_lungs(
    box: tuple[int, int, int, int], obstacle: RatioObstacle | None
) -> None:
    assert measured(hearted(mask(box))).obstacle is obstacle


def test_the_ratio_is_that_of_the_outlines_in_the_films_pixels() -> None:
    assert measured(hearted(mask((30, 45, 28, 20)))).ratio == pytest.approx(28 / 70)


@pytest.mark.parametrize(("level", "sure"), [(0.75, True), (0.749, False)])
def test_an_outline_of_which_the_segmenter_is_unsure_has_no_ratio(level: float, sure: bool) -> None:
    found = measured(hearted(mask((30, 45, 28, 20)), level))
    assert found.obstacle is (None if sure else RatioObstacle.IMPLAUSIBLE)


@pytest.mark.parametrize(
    ("outline", "ratio"),
    [
        ((30.0, 55.0, 40.0), 0.25),
        ((30.0, 54.9, 40.0), None),
        ((5.0, 90.0, 40.0), 0.85),
        ((5.0, 90.1, 40.0), None),
        ((30.0, 70.0, 0.0), None),
        ((30.0, 70.0, 0.1), 0.4),
        ((30.0, 70.0, 99.9), 0.4),
        ((30.0, 70.0, 100.0), None),
    ],
)
def test_the_heart_is_a_quarter_to_85_hundredths_of_the_thorax_and_lies_in_it(
    monkeypatch: pytest.MonkeyPatch, outline: tuple[float, float, float], ratio: float | None
) -> None:
    extents = iter([_Extent(*outline), _Extent(0.0, 40.0, 20.0), _Extent(60.0, 100.0, 80.0)])
    monkeypatch.setattr(heart, "_extent", lambda *_: next(extents))
    found = measured(hearted(mask((30, 45, 28, 20))))
    assert found.ratio == (None if ratio is None else pytest.approx(ratio))
    assert found.obstacle is (RatioObstacle.IMPLAUSIBLE if ratio is None else None)


ONE, BOTH = [mask(LEFT)], [mask(LEFT), mask(RIGHT)]
AT_THE_LEFT, AT_THE_TOP = [mask((0, 20, 20, 50)), mask(RIGHT)], [mask((10, 0, 20, 50)), mask(RIGHT)]


@pytest.mark.parametrize(
    ("parts", "tilt", "obstacle"),
    [
        (BOTH, 0.0, None),
        (BOTH, None, None),
        (BOTH, 15.0, None),
        (BOTH, -15.0, None),
        (BOTH, 15.1, RatioObstacle.ROTATED),
        (BOTH, -15.1, RatioObstacle.ROTATED),
        (AT_THE_TOP, 0.0, None),
        (AT_THE_LEFT, 0.0, RatioObstacle.LUNGS_CUT_OFF),
        ([mask(LEFT), mask((90, 20, 10, 50))], 0.0, RatioObstacle.LUNGS_CUT_OFF),
        (AT_THE_LEFT, 40.0, RatioObstacle.LUNGS_CUT_OFF),
        (AT_THE_LEFT[:1], None, RatioObstacle.ONE_LUNG),
        (ONE, None, RatioObstacle.ONE_LUNG),
        ([], None, RatioObstacle.NO_LUNGS),
    ],
)
def test_what_is_wrong_with_the_lungs_is_said_first(
    parts: list[np.ndarray], tilt: float | None, obstacle: RatioObstacle | None
) -> None:
    assert _of_the_lungs(parts, WHOLE, tilt) is obstacle


def test_of_several_parts_the_heart_is_the_largest_on_the_film() -> None:
    cells = np.where(mask((30, 40, 5, 5), (36, 46, 7, 7), (0, 0, 20, 100)), 0.5, 0.49).astype(np.float32)
    cells[40:45, 30:35] = 1.0
    np.testing.assert_array_equal(_largest(cells, Box(20, 0, 80, 100)), mask((36, 46, 7, 7)))
    np.testing.assert_array_equal(_largest(cells, Box(20, 0, 16, 100)), mask((30, 40, 5, 5)))
    # by a corner alone they are two
    cells[45, 35] = 0.5
    assert _largest(cells, Box(20, 0, 80, 100)).sum() == 49
    assert not _largest(np.full((100, 100), 0.4, np.float32), WHOLE).any()


@pytest.mark.parametrize("degrees", [0.0, 12.0, -12.0])
def test_an_extent_is_that_of_the_outline_turned_upright(degrees: float) -> None:
    """A disc, whose extent is its diameter whichever way it is turned; pixels two by three to a cell."""
    plan = replace(PLAN, film_width=200, film_height=300, crop=Box(0, 0, 200, 300))
    rows, columns = np.mgrid[0:100, 0:100] + 0.5
    away = np.hypot(2 * (columns - 40), 3 * (rows - 55))
    soft = np.clip(0.5 + (60 - away) / 6, 0, 1).astype(np.float32)
    lean = np.radians(degrees)
    found = _extent(soft, soft >= 0.5, LungField(soft, plan), lean)
    centre = 80 * np.cos(lean) + 165 * np.sin(lean)
    assert found.centre == pytest.approx(centre, abs=0.3)
    assert (found.left, found.right) == (
        pytest.approx(centre - 60, abs=0.5),
        pytest.approx(centre + 60, abs=0.5),
    )


@pytest.mark.parametrize("degrees", [30.0, -30.0])
def test_the_corners_of_a_leaning_outline_end_between_its_cells(degrees: float) -> None:
    """A square, of whose corners the last of the nine parts of a cell is left out as less than half of it."""
    square = mask((20, 30, 40, 50))
    lean = np.radians(degrees)
    found = _extent(square.astype(np.float32), square, LungField(square.astype(np.float32), PLAN), lean)
    cosine, sine = np.cos(lean), abs(np.sin(lean))
    top, bottom = (30.5, 79.5) if degrees > 0 else (-79.5, -30.5)
    assert found.left == pytest.approx(20 * cosine + top * sine)
    assert found.right == pytest.approx(60 * cosine + bottom * sine)
    assert found.centre == pytest.approx(40 * cosine + 55 * np.sin(lean))
