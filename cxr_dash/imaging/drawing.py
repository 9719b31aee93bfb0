"""Soft shapes on a square canvas, by shares of its side: what the phantom is drawn with."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array

Points = list[tuple[float, float]]
# OpenCV's fixed-point coordinates: bits after the point.
_SHIFT = 4


class Canvas:
    """A square layer to which areas and strokes with soft edges are added.

    Points are ``(x, y)`` in shares of the side; widths and softness (the sigma of a Gaussian) too. Every
    method adds ``weight`` where the shape is and gives the canvas back, so that calls can be chained.

    Parameters
    ----------
    side : int
        Pixels.

    Attributes
    ----------
    layer : ndarray of float32, shape (side, side)
        The sum of what was drawn; 0 before.
    """

    def __init__(self, side: int) -> None:
        self.side = side
        self.layer: Float32Array = np.zeros((side, side), np.float32)

    def area(self, points: Points, sigma: float, weight: float = 1.0) -> Canvas:
        """Fill the smooth closed curve through the points."""
        knots = np.asarray([points[-1], *points, points[0], points[1]])
        places = np.linspace(0.0, float(len(points)), 12 * len(points))
        return self._add(np.asarray([_spline(knots, place) for place in places]), sigma, weight, None)

    def ellipse(
        self, centre: tuple[float, float], radii: tuple[float, float], sigma: float, weight: float = 1.0
    ) -> Canvas:
        """Fill an ellipse."""
        angles = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
        curve = np.column_stack(
            [centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)]
        )
        return self._add(curve, sigma, weight, None)

    def stroke(self, points: Points, width: float, sigma: float, weight: float = 1.0) -> Canvas:
        """Draw straight from point to point."""
        return self._add(np.asarray(points), sigma, weight, width)

    def _add(self, curve: NDArray[np.float64], sigma: float, weight: float, width: float | None) -> Canvas:
        # Only the surroundings of a shape are touched: a phantom has hundreds of shapes.
        reach = 3.0 * sigma + (width or 0.0) + 2.0 / self.side
        left, top = np.clip(np.floor((curve.min(axis=0) - reach) * self.side), 0, self.side).astype(int)
        right, bottom = np.clip(np.ceil((curve.max(axis=0) + reach) * self.side), 0, self.side).astype(int)
        if left >= right or top >= bottom:
            return self
        mask = np.zeros((bottom - top, right - left), np.uint8)
        line = np.rint((curve * self.side - (left, top)) * 2**_SHIFT).astype(np.int32).reshape(-1, 1, 2)
        if width is None:
            cv2.fillPoly(mask, [line], (255,), cv2.LINE_AA, _SHIFT)
        else:
            thickness = max(1, round(width * self.side))
            cv2.polylines(mask, [line], False, (255,), thickness, cv2.LINE_AA, _SHIFT)
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma * self.side)
        self.layer[top:bottom, left:right] += soft * (weight / 255.0)
        return self


def mirrored(points: Points) -> Points:
    """Swap left and right."""
    return [(1.0 - x, y) for x, y in points]


def smooth(points: Points) -> Points:
    """Give 32 points of the smooth curve through an open row of points."""
    knots = np.asarray([points[0], *points, points[-1]])
    return [_spline(knots, place) for place in np.linspace(0.0, len(points) - 1.0, 32)]


def _spline(knots: NDArray[np.float64], place: float) -> tuple[float, float]:
    """Evaluate a Catmull-Rom spline; knot 1 is place 0."""
    start = min(int(place), len(knots) - 4)
    t = place - start
    a, b, c, d = knots[start : start + 4]
    x, y = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return float(x), float(y)
