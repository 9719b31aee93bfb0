"""What the room of explanations hands out cannot be changed; maps compare on films of any shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from frozen import compared_arrays, loose_dataclasses

from cxr_dash.domain import Box, Preparation
from cxr_dash.explain import Shifted, make_heatmap, shifted_input
from cxr_dash.explain.trust import map_correlation


def test_what_explain_hands_out_is_frozen() -> None:
    assert loose_dataclasses("cxr_dash.explain") == []


@pytest.mark.parametrize("tall", [False, True])
@pytest.mark.parametrize("shift", [(0.03, 0.05), (-0.05, 0.03)])
def test_both_ends_of_a_long_film_count_when_maps_are_compared(
    tall: bool, shift: tuple[float, float]
) -> None:
    plan = Preparation(
        film_width=64,
        film_height=32,
        window_low=0.0,
        window_high=255.0,
        inverted=False,
        crop=Box(0, 0, 64, 32),
        content=Box(0, 16, 64, 32),
        input_width=64,
        input_height=64,
        pad_value=0.0,
    )
    one_end, both = np.zeros((64, 64), np.float32), np.zeros((64, 64), np.float32)
    one_end[28:36, 10:18] = both[28:36, 10:18] = both[28:36, 46:54] = 1.0
    if tall:
        one_end, both = one_end.T.copy(), both.T.copy()
        content = Box(16, 0, 32, 64)
        plan = replace(plan, film_width=32, film_height=64, crop=Box(0, 0, 32, 64), content=content)
    heatmap = make_heatmap(both, 1.0, plan)

    def alike(values: np.ndarray) -> float:
        moved = shifted_input(values[..., np.newaxis], shift)[..., 0]
        return map_correlation(heatmap, Shifted(shift, moved, 0.5))

    assert alike(both) > 0.9
    assert 0.5 < alike(one_end) < 0.8
    assert 0.5 < alike(both - one_end) < 0.8


@pytest.mark.parametrize(
    ("axis", "shift"), [(1, (0.05, 0.0)), (0, (0.0, 0.05)), (1, (-0.05, 0.0)), (0, (0.0, -0.05))]
)
def test_what_the_shift_moved_out_of_the_film_does_not_count(axis: int, shift: tuple[float, float]) -> None:
    whole = Box(0, 0, 64, 64)
    plan = Preparation(64, 64, 0.0, 255.0, False, whole, whole, 64, 64, 0.0)
    values = np.zeros((64, 64), np.float32)
    values[28:36, 28:36] = 1.0
    edge = slice(62, 64) if max(shift) > 0 else slice(0, 2)
    values[(slice(20, 44), edge) if axis == 1 else (edge, slice(20, 44))] = 1.0
    moved = shifted_input(values[..., np.newaxis], shift)[..., 0]
    assert map_correlation(make_heatmap(values, 1.0, plan), Shifted(shift, moved, 0.5)) > 0.9


def test_what_holds_an_array_is_not_compared_by_value() -> None:
    assert compared_arrays("cxr_dash.explain") == []


def test_a_film_of_which_the_shift_leaves_nothing_is_alike_to_none() -> None:
    content = Box(30, 0, 4, 64)
    plan = Preparation(4, 64, 0.0, 255.0, False, Box(0, 0, 4, 64), content, 64, 64, 0.0)
    values = np.ones((64, 64), np.float32)
    assert map_correlation(make_heatmap(values, 1.0, plan), Shifted((0.05, 0.0), values, 0.5)) == 0.0
