"""The films that subjects read: synthetic, so that anybody can repeat a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash import imaging

HEIGHT, WIDTH = 1024, 1024
LARGE_HEIGHT, LARGE_WIDTH = 2500, 2048
_GREY_STEPS, _NOISE = 16, 8.0  # a 12-bit detector in a 16-bit file: noise is what makes it five megabytes


def write_film(path: Path) -> None:
    """Write the product's chest phantom as an 8-bit grey PNG."""
    path.write_bytes(imaging.encode_png(imaging.chest_phantom(HEIGHT, WIDTH), {}))


def noisy_films(count: int) -> Iterator[NDArray[np.uint16]]:
    """Different large phantoms with a detector's noise: 12 bits, shape (2500, 2048)."""
    drawn = cv2.GaussianBlur(imaging.chest_phantom(LARGE_HEIGHT, LARGE_WIDTH).astype(np.float32), (0, 0), 3)
    phantom = np.asarray(drawn, np.float32) * _GREY_STEPS
    for seed in range(count):
        noise = np.random.default_rng(seed).normal(0, _NOISE, phantom.shape).astype(np.float32)
        yield np.clip(phantom + noise, 0, 256 * _GREY_STEPS - 1).astype(np.uint16)
