"""Soft shapes have the area, place and weight they are asked for, and the drawn parts fit together."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.imaging import drawn_anatomy as anatomy
from cxr_dash.imaging.drawing import Canvas, mirrored, smooth
from cxr_dash.imaging.drawn_film import framed, marked_phantom, refuse_small


def centre(layer: np.ndarray) -> tuple[float, float]:
    """Of mass, in shares of the side."""
    rows, columns = np.indices(layer.shape) + 0.5
    side = layer.shape[0]
    return float((columns * layer).sum() / layer.sum() / side), float(
        (rows * layer).sum() / layer.sum() / side
    )


def test_an_ellipse_has_its_area_its_place_and_its_weight() -> None:
    layer = Canvas(400).ellipse((0.3, 0.6), (0.1, 0.05), 0.004, 0.5).layer
    assert layer.max() == pytest.approx(0.5, abs=1e-3)
    assert layer.sum() / 400**2 == pytest.approx(0.5 * np.pi * 0.1 * 0.05, rel=0.05)
    assert centre(layer) == pytest.approx((0.3, 0.6), abs=0.003)
    rows, columns = np.nonzero(layer > 0.25)
    assert np.ptp(columns) == pytest.approx(80, abs=2)
    assert np.ptp(rows) == pytest.approx(40, abs=2)
    assert Canvas(64).ellipse((0.5, 0.5), (0.2, 0.2), 0.02).layer.max() == pytest.approx(1.0, abs=0.01)


def test_an_ellipse_is_whole_all_the_way_round() -> None:
    layer = Canvas(400).ellipse((0.5, 0.5), (0.2, 0.3), 0.002).layer
    for angle in np.linspace(0, 2 * np.pi, 72):
        x, y = 80 * np.cos(angle), 120 * np.sin(angle)
        assert layer[round(199.5 + 0.94 * y), round(199.5 + 0.94 * x)] == pytest.approx(1.0, abs=0.01)
        assert layer[round(199.5 + 1.06 * y), round(199.5 + 1.06 * x)] == pytest.approx(0.0, abs=0.02)


def test_a_stroke_is_as_wide_as_asked_and_a_pixel_at_least() -> None:
    layer = Canvas(400).stroke([(0.2, 0.5), (0.8, 0.5)], 0.05, 0.004, 0.3).layer
    assert np.ptp(np.flatnonzero(layer[:, 200] > 0.15)) == pytest.approx(20, abs=2)
    assert layer[200, 200] == pytest.approx(0.3, abs=1e-3)
    assert centre(layer) == pytest.approx((0.5, 0.5), abs=0.003)
    thin = Canvas(100).stroke([(0.2, 0.5), (0.8, 0.5)], 0.001, 0.01).layer
    # a pixel, and what smooths it
    assert 1.0 <= thin[:, 50].sum() < 1.6


def test_shapes_add_up_and_touch_nothing_but_their_surroundings() -> None:
    canvas = Canvas(200).ellipse((0.3, 0.3), (0.1, 0.1), 0.01).ellipse((0.3, 0.3), (0.1, 0.1), 0.01, -0.4)
    assert canvas.layer[60, 60] == pytest.approx(0.6, abs=1e-3)
    assert not canvas.layer[100:].any()
    # beyond the canvas there is nothing to draw, and over its edge what is on it
    assert not Canvas(200).ellipse((1.4, 0.5), (0.1, 0.1), 0.01).layer.any()
    assert not Canvas(200).ellipse((0.5, -0.4), (0.1, 0.1), 0.01).layer.any()
    half = Canvas(200).ellipse((0.0, 0.5), (0.1, 0.1), 0.002).layer
    assert half.sum() / 200**2 == pytest.approx(np.pi * 0.01 / 2, rel=0.12)


@pytest.mark.parametrize("sigma", [0.004, 0.01, 0.03])
def test_soft_edges_are_gaussian(sigma: float) -> None:
    """Across the edge of a large shape the layer is the integral of a Gaussian."""
    layer = Canvas(400).stroke([(0.5, -0.5), (0.5, 1.5)], 0.5, sigma).layer
    falls = -np.diff(layer[200, 200:])
    places = (np.arange(falls.size) + 1) / 400
    mean = (falls * places).sum() / falls.sum()
    spread = np.sqrt((falls * (places - mean) ** 2).sum() / falls.sum())
    assert mean == pytest.approx(0.25, abs=0.005)
    assert spread == pytest.approx(sigma, rel=0.06, abs=2e-4)


def test_a_smooth_line_passes_through_its_points_evenly() -> None:
    points = [(0.1, 0.2), (0.3, 0.5), (0.6, 0.4), (0.9, 0.8)]
    line = smooth(points)
    assert len(line) == 32
    assert line[0] == pytest.approx(points[0])
    assert line[-1] == pytest.approx(points[-1])
    fine = np.array(smooth([(0.0, 0.0), (0.25, 0.5), (0.5, 1.0)]))
    np.testing.assert_allclose(fine[:, 1], 2 * fine[:, 0], atol=1e-12)
    # Catmull and Rom: half way between two points it is 9/16 of them less 1/16 of their neighbours
    odd = smooth([(0.0, 0.0), (0.1, 0.3), (0.5, 0.2), (0.6, 0.9)])
    middle = np.mean(odd[15:17], axis=0)
    expected = (9 * np.array([0.6, 0.5]) - np.array([0.6, 0.9])) / 16
    assert middle == pytest.approx(expected, abs=2e-3)


def test_a_closed_curve_passes_through_its_points() -> None:
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    circle = [(0.5 + 0.3 * np.cos(angle), 0.5 + 0.3 * np.sin(angle)) for angle in angles]
    layer = Canvas(400).area(circle, 0.01, 0.7).layer
    assert layer.sum() / 400**2 == pytest.approx(0.7 * np.pi * 0.09, rel=0.02)
    assert centre(layer) == pytest.approx((0.5, 0.5), abs=0.002)
    for x, y in circle:
        assert layer[round(400 * y - 0.5), round(400 * x - 0.5)] == pytest.approx(0.35, abs=0.15)
    assert mirrored([(0.2, 0.7), (0.9, 0.1)]) == [(0.8, 0.7), (pytest.approx(0.1), 0.1)]


def test_ribs_run_from_the_spine_out_and_down_and_then_forward_from_where_they_ended() -> None:
    for index in range(10):
        back, front = anatomy._rib(index)
        assert (len(back), len(front)) == (24, 16)
        assert front[0] == pytest.approx(back[-1])
        x, y = np.array(back).T
        assert x[0] == pytest.approx(0.475)
        assert (np.diff(x) < 0).all()
        assert (np.diff(np.array(front)[:, 0]) > 0).all()
        assert y[0] == pytest.approx(0.145 + 0.062 * index)
        assert y[-1] - y[0] == pytest.approx(0.09 + 0.012 * index)
        assert front[-1][1] - front[0][1] == pytest.approx(0.13)
        # as far forward as three fifths of the way out
        assert front[-1][0] - front[0][0] == pytest.approx(0.62 * (x[0] - x[-1]))


def test_the_parts_lie_in_one_another() -> None:
    body, lungs, heart = anatomy.body(1.0), anatomy.lungs(), anatomy.heart(1.0)
    assert {part.shape for part in (body, lungs, heart)} == {(720, 720)}
    assert (lungs > 0.5).sum() == (lungs * body > 0.5).sum()
    wide, narrow = anatomy.body(1.03), anatomy.body(0.97)
    assert (wide > 0.5).sum() > (body > 0.5).sum() > (narrow > 0.5).sum()
    large, small = anatomy.heart(1.15), anatomy.heart(0.95)
    assert (large > 0.5).sum() > (heart > 0.5).sum() > (small > 0.5).sum()
    # the apex on the patient's left
    assert centre(heart)[0] > 0.5
    thick = anatomy.depth()
    assert thick.shape == (720, 1)
    assert (float(thick[0, 0]), float(thick[-1, 0])) == pytest.approx((0.78, 1.32))


def test_vessels_branch_by_chance_and_never_cover_more_than_a_hilum() -> None:
    first, again, other = (anatomy.vessels(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.max() == np.float32(0.30)
    assert first.dtype == np.float32


@pytest.mark.parametrize(("height", "width"), [(64, 64), (64, 900), (900, 64)])
def test_a_side_of_64_pixels_can_be_drawn_on(height: int, width: int) -> None:
    refuse_small(height, width)
    with pytest.raises(ValueError, match=f"received {height} and 63"):
        refuse_small(height, 63)


@pytest.mark.parametrize(
    ("height", "width", "top", "left"), [(100, 161, 0, 30), (161, 100, 30, 0), (90, 90, 0, 0)]
)
def test_a_drawing_stands_in_the_middle_of_its_frame(height: int, width: int, top: int, left: int) -> None:
    found = framed(np.ones((120, 120), np.float32), height, width)
    side = min(height, width)
    expected = np.zeros((height, width), np.float32)
    expected[top : top + side, left : left + side] = 1.0
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_drawing_is_averaged_when_it_shrinks_and_smooth_when_it_grows() -> None:
    checks = (np.indices((120, 120)).sum(axis=0) % 2).astype(np.float32)
    assert framed(checks, 60, 60) == pytest.approx(0.5)
    edge = np.zeros((80, 80), np.float32)
    edge[:, 40:] = 1.0
    assert framed(edge, 240, 240).max() > 1.0, "a cubic swings over"


@pytest.mark.parametrize(("height", "width"), [(1024, 1024), (1024, 1500), (512, 400)])
def test_a_phantom_is_marked_above_at_the_left_and_by_its_side_at_the_right(height: int, width: int) -> None:
    film = np.zeros((height, width), np.uint8)
    assert marked_phantom(film) is film
    side = min(height, width)
    rows, columns = np.nonzero(film > 120)
    assert film.max() == 240
    word, letter = columns < width / 2, columns > width / 2
    assert rows.max() < 0.07 * side
    # both stand on their lines, and are as high as OpenCV's 22 pixels by their size
    assert rows[word].max() == pytest.approx(0.045 * side, abs=3)
    assert rows[letter].max() == pytest.approx(0.06 * side, abs=3)
    assert np.ptp(rows[word]) == pytest.approx(22 * 0.9 * side / 1024, abs=3.5)
    assert np.ptp(rows[letter]) == pytest.approx(22 * 1.4 * side / 1024, abs=4)
    assert columns[word].min() == pytest.approx(0.02 * width, abs=5)
    assert columns[letter].min() == pytest.approx(0.94 * width, abs=8)
