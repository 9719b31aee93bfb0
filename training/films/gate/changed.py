"""Changes of a frontal film: those that leave it readable, and those after which nobody should read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.films.gate.drawn import DRAWN, Picture

Change = Callable[[Picture, np.random.Generator], Picture]


def small_64(film: Picture, rng: np.random.Generator) -> Picture:
    """Shrunk to 64 px and, half of the time, enlarged again."""
    return _small(film, 64, rng)


def small_28(film: Picture, rng: np.random.Generator) -> Picture:
    """Shrunk to 28 px and, half of the time, enlarged again."""
    return _small(film, 28, rng)


def negative(film: Picture, _rng: np.random.Generator) -> Picture:
    """Black and white swapped."""
    return np.asarray(255 - film, np.uint8)


def cropped(film: Picture, rng: np.random.Generator) -> Picture:
    """Up to a tenth cut off each side."""
    height, width = film.shape
    top, bottom, left, right = rng.uniform(0, 0.1, 4)
    return film[
        int(top * height) : height - int(bottom * height), int(left * width) : width - int(right * width)
    ]


def bordered(film: Picture, rng: np.random.Generator) -> Picture:
    """In a frame, mostly black, up to half as wide as the film, with a letter in it."""
    height, width = film.shape
    top, bottom = (int(v) for v in rng.uniform(0, 0.5, 2) * height)
    left, right = (int(v) for v in rng.uniform(0, 0.5, 2) * width)
    level = 0 if rng.random() < 0.8 else int(rng.integers(0, 256))
    page = cv2.copyMakeBorder(film, top, bottom, left, right, cv2.BORDER_CONSTANT, value=float(level))
    cv2.putText(page, "R", (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255 - level, 2, cv2.LINE_AA)
    return np.asarray(page, np.uint8)


def compressed(film: Picture, rng: np.random.Generator) -> Picture:
    """JPEG of quality 8 to 40."""
    _, data = cv2.imencode(".jpg", film, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(8, 41))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def exposed(film: Picture, rng: np.random.Generator) -> Picture:
    """Darker or brighter, tilted by up to ten degrees, a little noise."""
    height, width = film.shape
    grey = 255.0 * (film / 255.0) ** float(np.exp(rng.uniform(-0.6, 0.6)))
    grey = grey + rng.normal(0, rng.uniform(0, 12), film.shape)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-10, 10)), 1.0)
    return _bytes(cv2.warpAffine(grey.astype(np.float32), turn, (width, height)))


def quarter_turned(film: Picture, rng: np.random.Generator) -> Picture:
    """Lying on its side."""
    return np.ascontiguousarray(np.rot90(film, int(rng.choice([1, 3]))))


def upside_down(film: Picture, rng: np.random.Generator) -> Picture:
    """Head down, turned or mirrored."""
    return np.ascontiguousarray(film[::-1, ::-1] if rng.random() < 0.6 else film[::-1])


def quarter(film: Picture, rng: np.random.Generator) -> Picture:
    """Less than half of each side, from a corner."""
    height, width = film.shape
    tall, wide = (int(v) for v in rng.uniform(0.35, 0.5, 2) * (height, width))
    top, left = int(rng.choice([0, height - tall])), int(rng.choice([0, width - wide]))
    return np.ascontiguousarray(film[top : top + tall, left : left + wide])


def half(film: Picture, rng: np.random.Generator) -> Picture:
    """One lung, or what lies above or below the lungs, alone."""
    height, width = film.shape
    share = float(rng.uniform(0.3, 0.48))
    halves = (
        film[:, : int(width * share)],
        film[:, -int(width * share) :],
        film[: int(height * share * 0.7)],
        film[-int(height * share * 0.7) :],
    )
    return np.ascontiguousarray(halves[int(rng.integers(4))])


def side_by_side(film: Picture, rng: np.random.Generator) -> Picture:
    """Two in one picture, next to or above each other: the same film, once mirrored or darker."""
    other = film[:, ::-1] if rng.random() < 0.5 else _bytes(film * rng.uniform(0.5, 0.9))
    gap = int(rng.integers(0, 12))
    axis = 1 if rng.random() < 0.8 else 0
    shape = (film.shape[0], gap) if axis else (gap, film.shape[1])
    return np.concatenate([film, np.full(shape, int(rng.integers(0, 256)), np.uint8), other], axis=axis)


def montage(film: Picture, rng: np.random.Generator) -> Picture:
    """Four to nine small copies in a grid, each of another exposure."""
    count = int(rng.integers(2, 4))
    side = 256 // count
    rows = [
        np.hstack(
            [_bytes(cv2.resize(film, (side, side)) * rng.uniform(0.5, 1.3)) for _ in range(count)],
        )
        for _ in range(count)
    ]
    return np.vstack(rows)


def photographed(film: Picture, rng: np.random.Generator) -> Picture:
    """On a table or a light box, seen from the side, with a coloured or grey surround."""
    height, width = film.shape
    page = _surround(rng)
    tall, wide = page.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    size, centre = rng.uniform(0.25, 0.4), np.array([wide / 2, tall / 2]) * rng.uniform(0.8, 1.2, 2)
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([wide, tall]) * size
    turn = rng.uniform(-0.6, 0.6)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    seen = (box @ spin + centre + rng.uniform(-0.09, 0.09, (4, 2)) * (wide, tall)).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    tint = rng.uniform(0.75, 1.0, 3)
    coloured = _bytes(film[:, :, None] * tint)
    mask = cv2.warpPerspective(np.full(film.shape, 255, np.uint8), matrix, (wide, tall))
    page[mask > 127] = cv2.warpPerspective(coloured, matrix, (wide, tall))[mask > 127]
    return page if rng.random() < 0.5 else np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), np.uint8)


def in_page(film: Picture, rng: np.random.Generator) -> Picture:
    """A figure in a page of text or in a program's window."""
    page = DRAWN["document" if rng.random() < 0.6 else "interface"](rng)
    side = int(min(page.shape) * rng.uniform(0.3, 0.55))
    small = cv2.resize(film, (side, side), interpolation=cv2.INTER_AREA)
    top, left = (int(rng.integers(0, length - side)) for length in page.shape)
    page[top : top + side, left : left + side] = small
    return page


def ruined(film: Picture, rng: np.random.Generator) -> Picture:
    """So far under- or overexposed, or drowned in noise, that little is left."""
    kind = int(rng.integers(3))
    low, high = (float(np.quantile(film, q)) for q in (0.8, 0.12))
    if kind == 0:
        return _bytes((film - low) * 2.0)
    if kind == 1:
        return _bytes(255 - (high - film).clip(0) * 3.0)
    return _bytes(film * 0.25 + rng.normal(100, 90, film.shape))


def jigsaw(film: Picture, rng: np.random.Generator) -> Picture:
    """Cut into nine or sixteen tiles that are laid in another order."""
    count = int(rng.integers(3, 5))
    tall, wide = film.shape[0] // count, film.shape[1] // count
    tiles = [
        film[r * tall : (r + 1) * tall, c * wide : (c + 1) * wide] for r in range(count) for c in range(count)
    ]
    order = rng.permutation(len(tiles))
    return np.vstack([np.hstack([tiles[i] for i in row]) for row in order.reshape(count, count)])


def swirled(film: Picture, rng: np.random.Generator) -> Picture:
    """Twisted around its middle by half a turn and more."""
    height, width = film.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = columns - width / 2, rows - height / 2
    reach = np.hypot(x, y)
    angle = rng.uniform(3.0, 6.0) * np.exp(-reach / (0.35 * max(film.shape)))
    source_x = x * np.cos(angle) - y * np.sin(angle) + width / 2
    source_y = x * np.sin(angle) + y * np.cos(angle) + height / 2
    return np.asarray(
        cv2.remap(film, source_x.astype(np.float32), source_y.astype(np.float32), cv2.INTER_LINEAR), np.uint8
    )


def varied(picture: Picture, rng: np.random.Generator) -> Picture:
    """The same picture of another kind again: nearer, mirrored, tilted, darker, sometimes at 64 px."""
    grey = picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    tall, wide = (int(v) for v in np.array(grey.shape) * rng.uniform(0.75, 1.0, 2))
    top, left = (
        int(rng.integers(0, full - part + 1)) for full, part in zip(grey.shape, (tall, wide), strict=True)
    )
    grey = grey[top : top + tall, left : left + wide]
    grey = exposed(grey[:, ::-1] if rng.random() < 0.5 else grey, rng)
    return small_64(grey, rng) if rng.random() < 0.25 else grey


def _named(*changes: Change) -> dict[str, Change]:
    return {change.__name__: change for change in changes}


READABLE = _named(small_64, small_28, negative, cropped, bordered, compressed, exposed)
UNREADABLE = _named(
    *(quarter_turned, upside_down, quarter, half, side_by_side, montage),
    *(photographed, in_page, ruined, jigsaw, swirled),
)


def _small(film: Picture, side: int, rng: np.random.Generator) -> Picture:
    scale = side / max(film.shape)
    size = (max(24, round(film.shape[1] * scale)), max(24, round(film.shape[0] * scale)))
    small = cv2.resize(film, size, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        small = cv2.resize(small, (film.shape[1], film.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(small, np.uint8)


def _surround(rng: np.random.Generator) -> Picture:
    tall, wide = int(rng.integers(240, 340)), int(rng.integers(240, 400))
    grain = cv2.resize(rng.normal(0, 1, (tall, 12)).astype(np.float32), (wide, tall))[:, :, None]
    base = rng.uniform(20, 235, 3)
    return _bytes(base + grain * rng.uniform(2, 25) + rng.normal(0, 4, (tall, wide, 1)))


def _bytes(values: NDArray[Any]) -> Picture:
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)
