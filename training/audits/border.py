"""A linear model that sees the border and the shape of a film, and nothing of the lungs."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.imaging import decode
from training.films.manifest import Film

BORDER_PIXELS = 3
BORDER_SAMPLES = 64
RIDGE = 30.0


def border_features(films: Sequence[Film]) -> Float64Array:
    """What a film shows at its outermost 3 pixels, and its shape; nothing else.

    Returns
    -------
    ndarray, shape (n, 4 * 64 + 4)
    """
    rows = []
    for film in films:
        try:
            pixels = decode(film.path.read_bytes()).pixels
        except FilmError as error:
            raise TrainingError(f"{film.path} must be a film that can be read; {error.message}") from error
        grey = pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
        k = BORDER_PIXELS
        sides = (grey[:k], grey[-k:], grey[:, :k].T, grey[:, -k:].T)
        lines = [
            cv2.resize(side, (BORDER_SAMPLES, k), interpolation=cv2.INTER_AREA).mean(axis=0) for side in sides
        ]
        height, width = pixels.shape
        shape = [height / 320, width / 320, height / width, float(height == width)]
        rows.append(np.concatenate([*lines, shape]))
    return np.asarray(rows, dtype=np.float64)


class Ridge:
    """Ridge regression onto one-hot (or multi-hot) truths, on standardised features.

    Parameters
    ----------
    features : ndarray, shape (n, k)
    targets : ndarray, shape (n, C)
    """

    def __init__(self, features: Float64Array, targets: Float64Array) -> None:
        self._mean, self._scale = features.mean(axis=0), features.std(axis=0) + 1e-9
        self._offset = targets.mean(axis=0)
        z = (features - self._mean) / self._scale
        penalty = RIDGE * np.eye(z.shape[1])
        self._weights = np.linalg.solve(z.T @ z + penalty, z.T @ (targets - self._offset))

    def predict(self, features: Float64Array) -> Float64Array:
        """Scores, shape (n, C); the largest is the guess."""
        return np.asarray((features - self._mean) / self._scale @ self._weights + self._offset)
