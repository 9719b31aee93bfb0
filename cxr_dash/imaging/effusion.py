"""A second drawn chest: the same anatomy with fluid round the right lung, as a large pleural effusion looks.

The fluid takes the place of the lung's air and weighs as much as the liver below it, so that the dome of the
diaphragm and the costophrenic angle are lost in it; its upper edge is a meniscus, which climbs along the
chest wall. Unlike the first phantom's, its film has scattered rays, the belly's own density and grain that a
detector has smoothed.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from cxr_dash.imaging import drawn_anatomy as anatomy
from cxr_dash.imaging.drawn_film import framed, marked_phantom, refuse_small

# Where the fluid stands beside the heart, and how far its edge climbs at the chest wall and at the heart.
_LEVEL = 0.48
_CLIMBS_AT_THE_WALL = 0.17
_CLIMBS_AT_THE_HEART = 0.04
# In units of thickness: what the air of a lung takes away, what the belly adds, what the air in the stomach
# takes away of that; and how much of the drawn bones is there.
_AIR = 0.75
_BELLY = 0.22
_STOMACH_AIR = 0.15
_BONE = 1.2
# The share of scattered rays, and how far they go, a share of the side.
_SCATTERED = 0.45
_SCATTERS_OVER = 0.06
_CONTRAST = 1.1
# Sigma of the detector's grain, pixels; the percentile of the film that is shown as white.
_GRAIN = 0.7
_WHITE = 99.7


def effusion_phantom(
    height: int = 1024, width: int = 1024, seed: int = 0, *, effusion: bool = True
) -> NDArray[np.uint8]:
    """Draw a schematic frontal chest film with a large pleural effusion on the right, marked "PHANTOM".

    Parameters
    ----------
    height, width : int
        Size, pixels; the chest fills the shorter side and is centred.
    seed : int
        Varies build, heart size, vessels and noise; the same seed draws the same film.
    effusion : bool
        With ``False`` the same chest without the fluid.

    Returns
    -------
    ndarray of uint8, shape (height, width)
        0 air, 255 bone; the fluid is on the left of the picture, the patient's right.

    Raises
    ------
    ValueError
        If a side is shorter than 64 pixels.
    """
    refuse_small(height, width)
    rng = np.random.default_rng(seed)
    thickness = _scattered(_thickness(rng, _fluid() * effusion))
    whitened = 1.0 - np.exp(-np.maximum(thickness, 0.0) * _CONTRAST)
    frame = framed(np.asarray(whitened, np.float32), height, width)
    grain = cv2.GaussianBlur(rng.standard_normal(frame.shape, np.float32), (0, 0), _GRAIN)
    frame += grain * (0.005 + 0.012 * frame)
    film = frame / np.percentile(frame, _WHITE)
    return marked_phantom(np.clip(np.rint(film * 235.0 + 8.0), 0, 255).astype(np.uint8))


def effusion_area(height: int = 1024, width: int = 1024) -> NDArray[np.bool_]:
    """Say where :func:`effusion_phantom` draws fluid, whatever the seed.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True where more than half of the lung's air is replaced.
    """
    refuse_small(height, width)
    return np.asarray(framed(_fluid() * anatomy.lungs(), height, width) > 0.5)


def _thickness(rng: np.random.Generator, fluid: Float32Array) -> Float32Array:
    body = anatomy.body(rng.uniform(0.97, 1.03))
    heart = anatomy.heart(rng.uniform(1.0, 1.1))
    lungs = anatomy.lungs()
    aired = lungs * (1.0 - 0.93 * heart) * (1.0 - fluid)
    thickness = 0.98 * body * anatomy.depth() - _AIR * aired
    thickness += (anatomy.mediastinum() + 0.16 * heart) * body
    thickness += anatomy.aortic_knob() * lungs - anatomy.airways()
    thickness += anatomy.vessels(rng) * lungs * (1.0 - 0.7 * heart) * (1.0 - 0.9 * fluid)
    thickness += _belly(body, lungs * (1.0 - fluid)) + _BONE * anatomy.bones() * body
    return np.asarray(cv2.GaussianBlur(thickness, (0, 0), 0.0014 * anatomy.DRAWN_SIDE), np.float32)


def _fluid() -> Float32Array:
    """Give the share of the lung's air that fluid replaces, 0-1; none on the left side."""
    x, y = _places()
    wall, heart = np.clip((0.30 - x) / 0.14, 0.0, 1.2), np.clip((x - 0.38) / 0.08, 0.0, 1.0)
    surface = _LEVEL - _CLIMBS_AT_THE_WALL * wall**2 - _CLIMBS_AT_THE_HEART * heart**2
    # The layer thins out toward its upper edge, more so at the wall.
    soft = 0.007 + 0.008 * wall
    return np.asarray((x < 0.5) / (1.0 + np.exp(np.clip((surface - y) / soft, -50.0, 50.0))), np.float32)


def _belly(body: Float32Array, aired: Float32Array) -> Float32Array:
    """Give what the liver and the rest of the belly add below the diaphragm, and the air in the stomach."""
    x, y = _places()
    under = (1.0 - aired) * body * np.clip((y - 0.66) / 0.06, 0.0, 1.0)
    under *= np.clip(1.0 - (np.abs(x - 0.5) / 0.36) ** 8, 0.0, 1.0)
    stomach = anatomy.blank().ellipse((0.69, 0.80), (0.055, 0.03), 0.01).layer
    return np.asarray((_BELLY - _STOMACH_AIR * stomach) * under, np.float32)


def _scattered(thickness: Float32Array) -> Float32Array:
    """Mix in what scattered rays make of the film: a blurred film of its own, which takes contrast."""
    side = anatomy.DRAWN_SIDE // 8
    small = cv2.resize(thickness, (side, side), interpolation=cv2.INTER_AREA)
    haze = cv2.resize(cv2.GaussianBlur(small, (0, 0), _SCATTERS_OVER * side), thickness.shape[::-1])
    return np.asarray((1.0 - _SCATTERED) * thickness + _SCATTERED * haze, np.float32)


def _places() -> tuple[Float32Array, Float32Array]:
    """Give each pixel's place, right and down."""
    middles = (np.arange(anatomy.DRAWN_SIDE, dtype=np.float32) + np.float32(0.5)) / np.float32(
        anatomy.DRAWN_SIDE
    )
    return middles[np.newaxis, :], middles[:, np.newaxis]
