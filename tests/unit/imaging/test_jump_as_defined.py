"""The jump in level of a JPEG, against its definition worked out place by place in plain loops."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from cxr_dash.imaging.formats import jpeg_jump


def _mean(steps: Sequence[float]) -> tuple[float, float]:
    """Mean of the steps that can be seen, and how much of it may be chance."""
    count = max(sum(step != 0 for step in steps), 1e-9)
    return sum(steps) / count, 0.8 / math.sqrt(count)


def _strongest(step: Sequence[float], across: int) -> float:
    """A row's length of edges from each unit on, less what lies beside them in both rows."""
    found = []
    for start in range(len(step) - across):
        row, end = start - start % across, start + across
        seen = sum(one != 0 for one in step[start:end])
        if start == row or abs(sum(step[start:end])) <= 0.25 * seen:
            continue
        right, may_right = _mean(step[start : row + across])
        left, may_left = _mean(step[row + across : end])
        sign = np.sign(right + left)
        before, _ = _mean(step[row:start])
        after, _ = _mean(step[end : row + 2 * across])
        beside = max(abs(before) - 0.4 * may_left, abs(after) - 0.4 * may_right, 0.0)
        found.append(min(sign * right - may_right, sign * left - may_left) - beside)
    return max(found, default=0.0)


def _edges(pixels: NDArray[np.uint8], height: int) -> list[float]:
    """Levels half a pixel beyond both sides of an edge, each by its own slope: how far they are apart."""
    levels = pixels.astype(float)
    edges = []
    for y in range(height, levels.shape[0], height):
        above = levels[y - 1] + (levels[y - 1] - levels[y - 2]) / 2
        below = levels[y] - (levels[y + 1] - levels[y]) / 2
        edges += list((below - above).reshape(-1, 8).mean(axis=1))
    return edges


def _level_jump(pixels: NDArray[np.uint8], height: int) -> float:
    down, across = pixels.shape[0] // height, pixels.shape[1] // 8
    edges = np.array(_edges(pixels[: down * height, : across * 8], height))
    sample = sorted(abs(edges[:: max(1, len(edges) // 1024)]))
    sample = [one for one in sample if one > 0]
    usual = (sample[len(sample) // 2] if sample else 0.0) + 0.25
    return _strongest(list(edges / (abs(edges) + 2 * usual)), across)


def _steps(seed: int, across: int, rows: int, lean: float, zeros: float) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    steps = np.clip(rng.normal(0.0, 0.3, rows * across), -0.9, 0.9)
    at = across + across // 2
    steps[at : at + across] += lean
    steps[rng.random(steps.size) < zeros] = 0.0
    return steps


@pytest.mark.parametrize("lean", [0.0, 0.4, -0.7])
@pytest.mark.parametrize("zeros", [0.0, 0.4])
@pytest.mark.parametrize(("across", "rows"), [(3, 2), (3, 5), (7, 4), (16, 6), (40, 5)])
def test_the_strongest_jump_is_as_defined(across: int, rows: int, lean: float, zeros: float) -> None:
    for seed in range(6):
        steps = _steps(seed, across, rows, lean, zeros)
        assert jpeg_jump._strongest(steps, across) == pytest.approx(_strongest(list(steps), across))


def test_edges_that_stop_where_a_row_began_are_a_jump_and_edges_that_run_on_are_none() -> None:
    steps = np.zeros(4 * 30)
    steps[40:70] = 1.0
    # both parts are above chance by the smaller of them: 10 edges and 20
    assert jpeg_jump._strongest(steps, 30) == pytest.approx(1 - 0.8 / math.sqrt(10))
    steps[30:40] = 1.0
    assert jpeg_jump._strongest(steps, 30) <= 0.0
    assert jpeg_jump._strongest(np.zeros(120), 30) == 0.0


def _film(seed: int, height: int, width: int, unit: int, jump: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    rows = np.linspace(40, 150, height)[:, np.newaxis] + np.linspace(0, 40, width)
    levels = rows + rng.normal(0, 4, (height, width))
    across = width // 8
    for block in range(across // 2, across // 2 + across):
        down, along = 1 + block // across, 8 * (block % across)
        levels[down * unit : (down + 1) * unit, along : along + 8] += jump
    return np.clip(levels, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("jump", [0, 12, -30])
@pytest.mark.parametrize(
    ("height", "width", "unit"),
    [(24, 24, 8), (31, 39, 8), (64, 80, 8), (100, 70, 16), (65, 200, 16), (264, 512, 8), (192, 712, 8)],
)
def test_a_picture_s_jump_is_as_defined(height: int, width: int, unit: int, jump: int) -> None:
    film = _film(1, height, width, unit, jump)
    np.testing.assert_allclose(
        jpeg_jump._edges(film[: height // unit * unit, : width // 8 * 8], 8, unit),
        _edges(film[: height // unit * unit, : width // 8 * 8], unit),
        atol=1e-5,
    )
    assert jpeg_jump.level_jump(film, unit) == pytest.approx(_level_jump(film, unit), abs=1e-5)


def test_a_picture_of_few_levels_has_a_middle_edge_all_the_same() -> None:
    film = np.full((80, 96), 90, np.uint8)
    assert jpeg_jump.level_jump(film, 8) == 0.0
    film[24:32, 48:], film[32:40, :48] = 91, 91
    film[32:40, 48:] = 91
    assert jpeg_jump.level_jump(film, 8) == pytest.approx(_level_jump(film, 8), abs=1e-5)


@pytest.mark.parametrize(("height", "width"), [(23, 80), (80, 23)])
def test_a_picture_of_fewer_than_three_units_either_way_has_no_jump(height: int, width: int) -> None:
    assert jpeg_jump.level_jump(_film(1, height, width, 8, 60), 8) == 0.0
    assert jpeg_jump.level_jump(_film(1, 24, 80, 8, 60), 8) != 0.0, "three are looked at"
