"""Whether two subjects answer alike: speed would mean nothing where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_APART = 1e-3
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """What a subject said of the film.

    Attributes
    ----------
    probabilities : ndarray of float64, shape (C,)
    maps : ndarray of float64, shape (C, cells)
        As shares of their own largest cell.
    """

    probabilities: Array
    maps: Array


def probabilities_of(logits: Any, activation: str) -> Array:
    """Probabilities, shape (C,), of logits, shape (C,); ``activation`` is ``softmax`` or ``sigmoid``."""
    values = np.asarray(logits, np.float64)
    powers = np.exp(values - values.max())
    return powers / powers.sum() if activation == "softmax" else 1.0 / (1.0 + np.exp(-values))


def of_own_peak(maps: Any) -> Array:
    """Raw maps (C, h, w) as shares of the largest of their own cells, whatever its sign; shape (C, h * w)."""
    flat = np.asarray(maps, np.float64).reshape(len(maps), -1)
    return np.asarray(flat / np.maximum(np.abs(flat).max(axis=1, keepdims=True), 1e-12), np.float64)


def of_own_range(maps: Array) -> Array:
    """Maps (C, cells) from 0 at their smallest to 1 at their largest cell, as some libraries give them."""
    low = maps.min(axis=1, keepdims=True)
    return np.asarray((maps - low) / np.maximum(maps.max(axis=1, keepdims=True) - low, 1e-12), np.float64)


def apart(ours: Answer, theirs: Answer, who: str) -> dict[str, float]:
    """How far apart two answers are at most: ``probabilities`` and ``maps``.

    Raises
    ------
    RuntimeError
        When they are more than 0.001 apart; ``who`` names them.
    """
    found = {
        "probabilities": float(np.abs(ours.probabilities - theirs.probabilities).max()),
        # a map of nothing is divided by nothing in some libraries
        "maps": float(np.abs(ours.maps - np.nan_to_num(theirs.maps)).max()),
    }
    if not max(found.values()) <= MOST_APART:  # written so that NaN fails
        raise RuntimeError(
            f"{who} must answer alike; received probabilities {found['probabilities']:.2g} "
            f"and maps {found['maps']:.2g} apart"
        )
    return found


def installed(packages: tuple[str, ...]) -> dict[str, str] | None:
    """Versions of packages by name; None where one is missing."""
    try:
        return {name: metadata.version(name) for name in packages}
    except metadata.PackageNotFoundError:
        return None


def left_out(titles: dict[str, tuple[str, ...]]) -> str:
    """A sentence that names what was not measured, by title, and the packages it takes; "" of nothing."""
    named = [f"{title} (`{'`, `'.join(packages)}`)" for title, packages in titles.items()]
    return f"Left out, because not installed: {'; '.join(named)}." if named else ""
