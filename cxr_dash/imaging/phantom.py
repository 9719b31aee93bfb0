"""A drawn frontal chest, for trying the app and testing it without any patient's film.

Drawn in thickness, not in grey: body, lungs, heart and bones add or take away what weakens the beam, and the
film is the exponential of the sum, as in a real one. All lengths are shares of the shorter side.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from cxr_dash.imaging.drawing import Canvas, Points, mirrored, smooth

_DRAWN_SIDE = 720
_RIBS = 10
_RIGHT_BODY = [
    *((0.435, -0.10), (0.433, 0.03), (0.40, 0.08), (0.28, 0.118), (0.14, 0.165), (0.065, 0.25)),
    *((0.045, 0.38), (0.055, 0.55), (0.07, 0.75), (0.065, 1.0), (0.06, 1.15), (0.2, 1.25)),
]
_RIGHT_LUNG = [
    *((0.395, 0.135), (0.335, 0.155), (0.275, 0.23), (0.225, 0.35), (0.19, 0.50), (0.165, 0.65)),
    *((0.16, 0.755), (0.20, 0.715), (0.275, 0.665), (0.35, 0.665), (0.415, 0.71), (0.435, 0.66)),
    *((0.44, 0.50), (0.445, 0.32), (0.44, 0.20)),
]
_LEFT_LUNG = [
    *((0.605, 0.135), (0.665, 0.155), (0.725, 0.23), (0.775, 0.35), (0.81, 0.50), (0.835, 0.66)),
    *((0.84, 0.785), (0.80, 0.745), (0.725, 0.70), (0.66, 0.70), (0.60, 0.735), (0.565, 0.66)),
    *((0.555, 0.50), (0.555, 0.32), (0.56, 0.20)),
]
_MEDIASTINUM = [
    *((0.465, -0.05), (0.458, 0.25), (0.445, 0.45), (0.45, 0.80), (0.55, 0.80), (0.555, 0.45)),
    *((0.565, 0.30), (0.54, 0.22), (0.535, -0.05)),
]
_CLAVICLE = [(0.455, 0.17), (0.38, 0.158), (0.30, 0.128), (0.19, 0.115)]
_SCAPULA = [(0.19, 0.15), (0.135, 0.20), (0.13, 0.30), (0.175, 0.42), (0.205, 0.30)]
_HUMERUS = [(0.105, 0.225)]


def chest_phantom(
    height: int = 1024, width: int = 1024, seed: int = 0, *, opacity: bool = False
) -> NDArray[np.uint8]:
    """Draw a schematic frontal chest film, marked "PHANTOM".

    Parameters
    ----------
    height, width : int
        Size, pixels; the chest fills the shorter side and is centred.
    seed : int
        Varies build, heart size, vessels and noise; the same seed draws the same film.
    opacity : bool
        Add a soft opacity in the right lower lung (on the left of the picture).

    Returns
    -------
    ndarray of uint8, shape (height, width)
        0 air, 255 bone; the heart's apex points to the right of the picture, the patient's left.

    Raises
    ------
    ValueError
        If a side is shorter than 64 pixels.
    """
    if min(height, width) < 64:
        raise ValueError(f"`height` and `width` must be 64 or more; received {height} and {width}")
    rng = np.random.default_rng(seed)
    film = 1.0 - np.exp(-np.maximum(_thickness(rng, opacity=opacity), 0.0))
    side = min(height, width)
    frame = np.zeros((height, width), np.float32)
    top, left = (height - side) // 2, (width - side) // 2
    frame[top : top + side, left : left + side] = cv2.resize(
        film, (side, side), interpolation=cv2.INTER_AREA if side < _DRAWN_SIDE else cv2.INTER_CUBIC
    )
    # Quantum noise: the fewer photons arrive (white), the more it shows.
    frame += rng.standard_normal(frame.shape, np.float32) * (0.005 + 0.016 * frame)
    return _mark(np.clip(np.rint(frame * 272.0 + 8.0), 0, 255).astype(np.uint8))


def _thickness(rng: np.random.Generator, *, opacity: bool) -> Float32Array:
    build, heart_size = rng.uniform(0.97, 1.03), rng.uniform(0.95, 1.15)
    half = [(0.5 - (0.5 - x) * build, y) for x, y in _RIGHT_BODY]
    body = _canvas().area(half + mirrored(half)[::-1], 0.006).layer
    lungs = _canvas().area(_RIGHT_LUNG, 0.005).area(_LEFT_LUNG, 0.005).layer
    heart = _heart(heart_size)
    downward = np.linspace(0.78, 1.32, _DRAWN_SIDE, dtype=np.float32)[:, np.newaxis]
    thickness = 0.98 * body * downward
    # The heart displaces lung: where both are drawn the lung's air is missing.
    thickness -= 0.72 * lungs * (1.0 - 0.93 * heart)
    thickness += (_canvas().area(_MEDIASTINUM, 0.010, 0.20).layer + 0.16 * heart) * body
    thickness += _canvas().ellipse((0.562, 0.30), (0.030, 0.036), 0.005, 0.24).layer * lungs
    thickness -= _airways()
    thickness += _vessels(rng) * lungs * (1.0 - 0.7 * heart)
    thickness += _bones() * body
    if opacity:
        thickness += _canvas().ellipse((0.30, 0.57), (0.07, 0.06), 0.028, 0.34).layer * lungs
    return np.asarray(cv2.GaussianBlur(thickness, (0, 0), 0.0014 * _DRAWN_SIDE), np.float32)


def _canvas() -> Canvas:
    return Canvas(_DRAWN_SIDE)


def _heart(size: float) -> Float32Array:
    more = size - 1.0
    outline = [
        *((0.455, 0.43), (0.425 - 0.03 * more, 0.52), (0.408 - 0.03 * more, 0.60), (0.425, 0.685)),
        *((0.52, 0.735), (0.62 + 0.12 * more, 0.735), (0.69 + 0.2 * more, 0.69), (0.68 + 0.2 * more, 0.625)),
        *((0.63 + 0.1 * more, 0.53), (0.58, 0.44), (0.52, 0.38)),
    ]
    return _canvas().area(outline, 0.006).layer


def _airways() -> Float32Array:
    trachea = _canvas().stroke([(0.5, -0.02), (0.502, 0.22), (0.50, 0.34)], 0.030, 0.004, 0.17)
    right_main = trachea.stroke([(0.50, 0.335), (0.455, 0.40)], 0.018, 0.004, 0.07)
    return right_main.stroke([(0.50, 0.335), (0.56, 0.405)], 0.016, 0.004, 0.07).layer


def _vessels(rng: np.random.Generator) -> Float32Array:
    """Hila, and vessels that branch off and thin out toward the edge."""
    canvas = _canvas()
    canvas.ellipse((0.418, 0.435), (0.026, 0.060), 0.014, 0.17).ellipse(
        (0.590, 0.415), (0.024, 0.055), 0.014, 0.17
    )
    for hilum, sign in ((0.42, -1.0), (0.588, 1.0)):
        for angle in np.linspace(-1.3, 1.35, 12):
            _branch(canvas, rng, (hilum, 0.43), (sign, angle + rng.normal(0.0, 0.08)), 0.0105)
    return np.asarray(np.minimum(canvas.layer, 0.30), np.float32)


def _branch(
    canvas: Canvas,
    rng: np.random.Generator,
    start: tuple[float, float],
    course: tuple[float, float],
    width: float,
) -> None:
    sign, heading = course
    while width > 0.0016:
        length = 0.055 * rng.uniform(0.8, 1.25)
        end = (start[0] + sign * length * np.cos(heading), start[1] + length * np.sin(heading))
        canvas.stroke([start, end], width, 0.0022, 0.075)
        if width > 0.005:
            turned = heading + float(rng.choice([-0.55, 0.55]))
            _branch(canvas, rng, end, (sign, turned), width * 0.5)
        start, width = end, width * 0.66
        heading += rng.normal(0.0, 0.16)


def _bones() -> Float32Array:
    canvas = _canvas()
    _draw_spine(canvas)
    for index in range(_RIBS):
        back, front = _rib(index)
        for turn in (list, mirrored):
            # A rib is a tube: dense rims, a lighter middle.
            canvas.stroke(turn(back), 0.020, 0.002, 0.13).stroke(turn(back), 0.009, 0.003, -0.05)
            canvas.stroke(turn(front), 0.020, 0.004, 0.06)
    clavicle = smooth(_CLAVICLE)
    for turn in (list, mirrored):
        canvas.stroke(turn(clavicle), 0.026, 0.003, 0.24).stroke(turn(clavicle), 0.010, 0.004, -0.07)
        canvas.area(turn(_SCAPULA), 0.006, 0.12)
        canvas.ellipse(turn(_HUMERUS)[0], (0.042, 0.047), 0.006, 0.22)
    return canvas.layer


def _rib(index: int) -> tuple[Points, Points]:
    """Give the back and the front arc of a right rib: out from the spine and down, then forward and down."""
    reach = 0.135 + 0.20 * np.sin(min(0.12 + 0.2 * index, np.pi / 2.0))
    run = np.linspace(0.0, 1.0, 24)
    x = 0.475 - reach * np.sin(run * np.pi / 2.0)
    y = 0.145 + 0.062 * index - 0.022 * np.sin(run * np.pi) + (0.09 + 0.012 * index) * run**2.5
    forward = np.linspace(0.0, 1.0, 16)
    front_x = x[-1] + 0.62 * reach * np.sin(forward * np.pi / 2.0) ** 1.5
    front_y = y[-1] + 0.13 * np.sin(forward * np.pi / 2.0)
    return list(zip(x.tolist(), y.tolist(), strict=True)), list(
        zip(front_x.tolist(), front_y.tolist(), strict=True)
    )


def _draw_spine(canvas: Canvas) -> None:
    canvas.stroke([(0.5, -0.02), (0.5, 1.02)], 0.062, 0.006, 0.15)
    for index in range(17):
        y = 0.02 + index * (0.052 + 0.0006 * index)
        canvas.stroke([(0.473, y), (0.527, y)], 0.006, 0.003, -0.07)
        canvas.ellipse((0.5, y + 0.026), (0.006, 0.013), 0.003, 0.07)


def _mark(film: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = film.shape
    scale = min(height, width) / 1024.0
    for text, x, y, size in (("PHANTOM", 0.02, 0.045, 0.9), ("L", 0.94, 0.06, 1.4)):
        cv2.putText(
            film,
            text,
            (round(x * width), round(y * min(height, width))),
            cv2.FONT_HERSHEY_SIMPLEX,
            size * scale,
            (240,),
            max(1, round(2.2 * size * scale)),
            cv2.LINE_AA,
        )
    return film
