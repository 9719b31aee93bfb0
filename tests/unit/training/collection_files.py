"""Films of collections that are imported, and what tests import them with."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.films.layouts.base import ReadOptions


def film(path: Path, seed: int = 0, side: int = 40) -> str:
    """Write noise as a film; the name of its file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side)).astype(np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path.name


def options(tmp_path: Path, **changes: object) -> ReadOptions:
    """Films are written into ``out/films``."""
    return ReadOptions(films=tmp_path / "out" / "films", **changes)  # type: ignore[arg-type]
