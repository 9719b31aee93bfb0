"""A drawn frontal chest, for trying the app and testing it without any patient's film.

Drawn in thickness, not in grey: body, lungs, heart and bones add or take away what weakens the beam, and the
film is the exponential of the sum, as in a real one. All lengths are shares of the shorter side.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from cxr_dash.imaging import drawn_anatomy as anatomy
from cxr_dash.imaging.drawn_film import framed, marked_phantom, refuse_small


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
    refuse_small(height, width)
    rng = np.random.default_rng(seed)
    film = np.asarray(1.0 - np.exp(-np.maximum(_thickness(rng, opacity=opacity), 0.0)), np.float32)
    frame = framed(film, height, width)
    # Quantum noise: the fewer photons arrive (white), the more it shows.
    frame += rng.standard_normal(frame.shape, np.float32) * (0.005 + 0.016 * frame)
    return marked_phantom(np.clip(np.rint(frame * 272.0 + 8.0), 0, 255).astype(np.uint8))


def _thickness(rng: np.random.Generator, *, opacity: bool) -> Float32Array:
    build, heart_size = rng.uniform(0.97, 1.03), rng.uniform(0.95, 1.15)
    body, lungs, heart = anatomy.body(build), anatomy.lungs(), anatomy.heart(heart_size)
    thickness = 0.98 * body * anatomy.depth()
    # The heart displaces lung: where both are drawn the lung's air is missing.
    thickness -= 0.72 * lungs * (1.0 - 0.93 * heart)
    thickness += (anatomy.mediastinum() + 0.16 * heart) * body
    thickness += anatomy.aortic_knob() * lungs
    thickness -= anatomy.airways()
    thickness += anatomy.vessels(rng) * lungs * (1.0 - 0.7 * heart)
    thickness += anatomy.bones() * body
    if opacity:
        thickness += anatomy.blank().ellipse((0.30, 0.57), (0.07, 0.06), 0.028, 0.34).layer * lungs
    return np.asarray(cv2.GaussianBlur(thickness, (0, 0), 0.0014 * anatomy.DRAWN_SIDE), np.float32)
