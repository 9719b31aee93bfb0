"""Films drawn with every kind of levels, for what works on pixels rather than on bytes."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash import imaging

_SIDES = (24, 25, 31, 40, 64, 97, 128, 200, 256)


def draw_film(random: Random) -> bytes:
    """A PNG of a phantom, or of less, after a few changes of its levels."""
    film = _drawing(random)
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        film = random.choice(_CHANGES)(random, film)
    if random.random() < 0.2:
        film = _coloured(random, film)
    done, encoded = cv2.imencode(".png", film, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise ValueError(f"`film` must be one that is encoded; received {film.dtype} of shape {film.shape}")
    return encoded.tobytes()


@cache
def _phantom() -> NDArray[np.uint8]:
    return imaging.chest_phantom(320, 280)


def _drawing(random: Random) -> NDArray[Any]:
    height = random.choice(_SIDES)
    width = random.choice([side for side in _SIDES if side <= 4 * height and height <= 4 * side])
    film: NDArray[Any] = cv2.resize(_phantom(), (width, height), interpolation=cv2.INTER_AREA)
    if random.random() < 0.5:
        top = random.choice((255, 1023, 4095, 16383, 65535))
        film = np.rint(film.astype(np.float64) / 255 * top).astype(np.uint16)
    return film


def _top(film: NDArray[Any]) -> int:
    return int(np.iinfo(film.dtype).max)


def _frame(random: Random, film: NDArray[Any]) -> NDArray[Any]:
    """A margin of one level on some of its sides, up to all but a few pixels."""
    film = film.copy()
    level = random.choice((0, 1, 128, _top(film), int(film.max()), random.randint(0, _top(film))))
    for turns in range(4):
        if random.random() < 0.6:
            side = np.rot90(film, turns)
            side[: random.choice((1, 2, 5, len(side) // 3, len(side) // 2, len(side) - 1))] = level
    return film


def _negative(_random: Random, film: NDArray[Any]) -> NDArray[Any]:
    return _top(film) - film


def _shifted(random: Random, film: NDArray[Any]) -> NDArray[Any]:
    """Levels moved: beyond the end they come back at the other."""
    return film + film.dtype.type(random.randint(0, _top(film)))


def _few_levels(random: Random, film: NDArray[Any]) -> NDArray[Any]:
    step = max(1, int(film.max()) // random.choice((1, 2, 3, 5, 17)))
    return film // film.dtype.type(step) * film.dtype.type(step)


def _constant(random: Random, film: NDArray[Any]) -> NDArray[Any]:
    return np.full_like(film, random.choice((0, 1, _top(film) // 2, _top(film))))


def _letters(random: Random, film: NDArray[Any]) -> NDArray[Any]:
    film = film.copy()
    y, x = random.randrange(film.shape[0]), random.randrange(film.shape[1])
    film[y : y + random.randrange(1, 40), x : x + random.randrange(1, 40)] = random.choice((0, _top(film)))
    return film


def _noise(random: Random, film: NDArray[Any]) -> NDArray[Any]:
    generator = np.random.default_rng(random.getrandbits(32))
    if random.random() < 0.3:
        return generator.integers(0, _top(film) + 1, film.shape, film.dtype)
    film = film.copy()
    film[generator.random(film.shape) < random.choice((0.001, 0.05, 0.5))] = random.choice((0, _top(film)))
    return film


def _turned(random: Random, film: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(np.rot90(film, random.randrange(4)))


def _gamma(random: Random, film: NDArray[Any]) -> NDArray[Any]:
    share = (film / _top(film)) ** random.choice((0.1, 0.5, 2.0, 9.0))
    return np.rint(share * _top(film)).astype(film.dtype)


_CHANGES = (
    _frame,
    _frame,
    _negative,
    _shifted,
    _few_levels,
    _constant,
    _letters,
    _letters,
    _noise,
    _turned,
    _gamma,
)


def _coloured(random: Random, film: NDArray[Any]) -> NDArray[Any]:
    """Three channels, or four: tinted, clipped, with alpha that hides a part, all or nothing."""
    channels = [np.rint(film * random.choice((0.0, 0.3, 0.8, 1.0, 1.0))).astype(film.dtype) for _ in range(3)]
    if random.random() < 0.3:
        channels[random.randrange(3)] = _noise(random, film)
    if random.random() < 0.5:
        channels.append(random.choice((_constant, _frame, _noise))(random, film))
    return cv2.merge([np.ascontiguousarray(channel) for channel in channels])
