"""The parts of a drawn frontal chest, as layers of thickness: what the phantoms are put together from.

All lengths are shares of the side. A layer says where a part lies (0-1), or what it adds to what weakens the
beam; right and left are the patient's.
"""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.imaging.drawing import Canvas, Points, mirrored, smooth

# Pixels of a layer's side.
DRAWN_SIDE = 720
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


def blank() -> Canvas:
    """Give an empty layer."""
    return Canvas(DRAWN_SIDE)


def body(build: float) -> Float32Array:
    """Draw the trunk, neck and shoulders.

    Parameters
    ----------
    build : float
        Its width; 1 as a rule.
    """
    half = [(0.5 - (0.5 - x) * build, y) for x, y in _RIGHT_BODY]
    return blank().area(half + mirrored(half)[::-1], 0.006).layer


def lungs() -> Float32Array:
    """Draw both lungs, down to the diaphragm."""
    return blank().area(_RIGHT_LUNG, 0.005).area(_LEFT_LUNG, 0.005).layer


def depth() -> Float32Array:
    """Give how thick the trunk is from front to back: more below; shape (side, 1)."""
    return np.linspace(0.78, 1.32, DRAWN_SIDE, dtype=np.float32)[:, np.newaxis]


def heart(size: float) -> Float32Array:
    """Draw the heart, its apex on the patient's left.

    Parameters
    ----------
    size : float
        Its width; 1 as a rule.
    """
    more = size - 1.0
    outline = [
        *((0.455, 0.43), (0.425 - 0.03 * more, 0.52), (0.408 - 0.03 * more, 0.60), (0.425, 0.685)),
        *((0.52, 0.735), (0.62 + 0.12 * more, 0.735), (0.69 + 0.2 * more, 0.69), (0.68 + 0.2 * more, 0.625)),
        *((0.63 + 0.1 * more, 0.53), (0.58, 0.44), (0.52, 0.38)),
    ]
    return blank().area(outline, 0.006).layer


def mediastinum() -> Float32Array:
    """Draw what lies between the lungs, without the heart."""
    return blank().area(_MEDIASTINUM, 0.010, 0.20).layer


def aortic_knob() -> Float32Array:
    """Draw the arch of the aorta, where it stands out into the left lung."""
    return blank().ellipse((0.562, 0.30), (0.030, 0.036), 0.005, 0.24).layer


def airways() -> Float32Array:
    """Draw the trachea and the main bronchi."""
    trachea = blank().stroke([(0.5, -0.02), (0.502, 0.22), (0.50, 0.34)], 0.030, 0.004, 0.17)
    right_main = trachea.stroke([(0.50, 0.335), (0.455, 0.40)], 0.018, 0.004, 0.07)
    return right_main.stroke([(0.50, 0.335), (0.56, 0.405)], 0.016, 0.004, 0.07).layer


def vessels(rng: np.random.Generator) -> Float32Array:
    """Hila, and vessels that branch off and thin out toward the edge."""
    canvas = blank()
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


def bones() -> Float32Array:
    """Draw spine, ribs, clavicles, shoulder blades and the heads of the arms."""
    canvas = blank()
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
