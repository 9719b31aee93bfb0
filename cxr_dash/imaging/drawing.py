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
    """A square on which areas and strokes are drawn with soft edges.

    Points are ``(x, y)`` in shares of the side; widths and softness (the sigma of a Gaussian) too. Every
    method gives a fresh float32 layer of shape (side, side), 0-1.

    Parameters
    ----------
    side : int
        Pixels.
    """

    def __init__(self, side: int) -> None:
        self.side = side

    def area(self, points: Points, sigma: float) -> Float32Array:
        """Fill the smooth closed curve through the points."""
        knots = np.asarray([points[-1], *points, points[0], points[1]])
        places = np.linspace(0.0, float(len(points)), 12 * len(points))
        curve = np.asarray([_spline(knots, place) for place in places])
        return self._soft(curve, sigma, None)

    def ellipse(self, x: float, y: float, rx: float, ry: float, sigma: float) -> Float32Array:
        """Fill an ellipse around (x, y)."""
        angles = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
        return self.area([(x + rx * np.cos(a), y + ry * np.sin(a)) for a in angles], sigma)

    def stroke(self, points: Points, width: float, sigma: float) -> Float32Array:
        """Draw straight from point to point."""
        return self._soft(np.asarray(points), sigma, width)

    def _soft(self, curve: NDArray[np.float64], sigma: float, width: float | None) -> Float32Array:
        # Only the surroundings of a shape are blurred: a phantom has a hundred of them.
        reach = 3.0 * sigma + (width or 0.0) + 2.0 / self.side
        first = np.clip(np.floor((curve.min(axis=0) - reach) * self.side), 0, self.side).astype(int)
        last = np.clip(np.ceil((curve.max(axis=0) + reach) * self.side), 0, self.side).astype(int)
        layer = np.zeros((self.side, self.side), np.float32)
        mask = np.zeros((max(last[1] - first[1], 1), max(last[0] - first[0], 1)), np.uint8)
        line = np.rint((curve * self.side - first) * 2**_SHIFT).astype(np.int32).reshape(-1, 1, 2)
        if width is None:
            cv2.fillPoly(mask, [line], (255,), cv2.LINE_AA, _SHIFT)
        else:
            thickness = max(1, round(width * self.side))
            cv2.polylines(mask, [line], False, (255,), thickness, cv2.LINE_AA, _SHIFT)
        soft = cv2.GaussianBlur(mask.astype(np.float32) / 255.0, (0, 0), sigma * self.side)
        room = layer[first[1] : last[1], first[0] : last[0]]
        room[:] = soft[: room.shape[0], : room.shape[1]]
        return layer


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
