"""Pictures drawn from nothing that are no radiograph of a chest: pages, charts, patterns, slices, bones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Draw = Callable[[np.random.Generator], Picture]

_WORDS = (
    *("patient", "report", "the", "of", "and", "total", "left", "normal", "value", "date", "ward", "see"),
    *("figure", "results", "mean", "in", "page", "was", "ID 4471", "12.5", "2019", "with", "not", "Name:"),
)
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX)


def document(rng: np.random.Generator) -> Picture:
    """Lines of words, sometimes white on black, sometimes in columns."""
    page = _canvas(rng, 255)
    height, width = page.shape
    scale, step = float(rng.uniform(0.25, 0.7)), int(rng.integers(9, 22))
    font = _FONTS[int(rng.integers(len(_FONTS)))]
    columns = int(rng.integers(1, 3))
    for column in range(columns):
        left = 8 + column * width // columns
        for y in range(14, height - 4, step):
            if rng.random() < 0.12:
                continue
            words = " ".join(rng.choice(_WORDS, int(rng.integers(2, 9))))
            cv2.putText(page, words, (left, y), font, scale, int(rng.integers(0, 70)), 1, cv2.LINE_AA)
        if column:
            cv2.rectangle(page, (left - 6, 0), (left - 3, height), 255, -1)
    return np.asarray(255 - page if rng.random() < 0.3 else page, np.uint8)


def gradient(rng: np.random.Generator) -> Picture:
    """A linear or radial ramp with a little noise."""
    page = _canvas(rng, 0)
    rows, columns = np.mgrid[0 : page.shape[0], 0 : page.shape[1]].astype(np.float32)
    x, y = columns / page.shape[1] - rng.uniform(0, 1), rows / page.shape[0] - rng.uniform(0, 1)
    turn = rng.uniform(0, 2 * np.pi)
    ramp = np.hypot(x, y) if rng.random() < 0.5 else x * np.cos(turn) + y * np.sin(turn)
    return _to_grey(ramp, rng, noise=float(rng.uniform(0, 8)))


def noise(rng: np.random.Generator) -> Picture:
    """White noise."""
    height, width = _sides(rng)
    if rng.random() < 0.5:
        return rng.integers(0, 256, (height, width), dtype=np.uint8)
    return _to_grey(rng.normal(size=(height, width)), rng)


def clouds(rng: np.random.Generator) -> Picture:
    """Noise of several scales: soft blobs that resemble anatomy from afar."""
    height, width = _sides(rng)
    total = np.zeros((height, width), np.float32)
    slope = rng.uniform(0.4, 1.1)
    for cells in (2, 4, 8, 16, 32, 64):
        coarse = rng.normal(size=(cells, cells)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * float(cells**-slope)
    return _to_grey(total, rng)


def interface(rng: np.random.Generator) -> Picture:
    """A program's window: bars, buttons, lists, a picture area."""
    dark = rng.random() < 0.4
    page = _canvas(rng, 40 if dark else 240)
    height, width = page.shape
    ink = 220 if dark else 30
    cv2.rectangle(page, (0, 0), (width, int(height * 0.08)), int(rng.integers(60, 200)), -1)
    cv2.rectangle(page, (0, 0), (int(width * rng.uniform(0.1, 0.3)), height), int(rng.integers(30, 230)), -1)
    for _ in range(int(rng.integers(6, 22))):
        x, y = int(rng.integers(0, width - 30)), int(rng.integers(10, height - 12))
        size = (int(rng.integers(16, 90)), int(rng.integers(8, 40)))
        filled = -1 if rng.random() < 0.6 else 1
        cv2.rectangle(page, (x, y), (x + size[0], y + size[1]), int(rng.integers(0, 256)), filled)
        cv2.putText(page, str(rng.choice(_WORDS)), (x + 2, y + 10), _FONTS[0], 0.33, ink, 1, cv2.LINE_AA)
    return page


def pattern(rng: np.random.Generator) -> Picture:
    """A checkerboard, stripes, rings or a grid of dots."""
    height, width = _sides(rng)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    step = rng.uniform(6, 50)
    turn = rng.uniform(0, np.pi)
    along, across = (
        columns * np.cos(turn) + rows * np.sin(turn),
        rows * np.cos(turn) - columns * np.sin(turn),
    )
    shapes = (
        np.sign(np.sin(along / step * np.pi) * np.sin(across / step * np.pi)),
        np.sin(along / step * np.pi),
        np.sin(np.hypot(columns - width / 2, rows - height / 2) / step * np.pi),
        (np.cos(along / step * np.pi) * np.cos(across / step * np.pi) > 0.6).astype(np.float32),
    )
    return _to_grey(shapes[int(rng.integers(len(shapes)))], rng, noise=float(rng.uniform(0, 20)))


def chart(rng: np.random.Generator) -> Picture:
    """Axes with bars, lines, dots or a pie, on white or dark paper."""
    page = _canvas(rng, 255)
    height, width = page.shape
    left, floor = int(width * 0.12), int(height * 0.88)
    kind = int(rng.integers(4))
    count = int(rng.integers(4, 14))
    if kind == 3:
        edges = np.sort(np.concatenate([[0, 360], rng.uniform(0, 360, count)]))
        for start, end in pairwise(edges):
            shade = int(rng.integers(30, 240))
            axes = (int(width * 0.33), int(width * 0.33))
            cv2.ellipse(page, (width // 2, height // 2), axes, 0, float(start), float(end), shade, -1)
        return page
    cv2.line(page, (left, floor), (width - 6, floor), 0, 1)
    cv2.line(page, (left, floor), (left, 8), 0, 1)
    xs = np.linspace(left + 6, width - 12, count).astype(int)
    ys = rng.integers(14, floor - 4, count)
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        shade = int(rng.integers(20, 200))
        if kind == 0:
            cv2.rectangle(page, (x - 5, y), (x + 5, floor), shade, -1)
        elif kind == 1:
            cv2.circle(page, (x, y), 4, shade, -1)
    if kind == 2:
        for _ in range(int(rng.integers(1, 4))):
            line = np.stack([xs, rng.integers(14, floor - 4, count)], axis=1).astype(np.int32)
            cv2.polylines(page, [line], False, int(rng.integers(0, 150)), 2, cv2.LINE_AA)
    cv2.putText(page, str(rng.choice(_WORDS)), (left, 12), _FONTS[0], 0.4, 0, 1, cv2.LINE_AA)
    return np.asarray(255 - page if rng.random() < 0.25 else page, np.uint8)


def phantom(rng: np.random.Generator) -> Picture:
    """An axial slice in circles: a bright rim, organs inside, black around."""
    page = _canvas(rng, 0)
    height, width = page.shape
    middle = (width // 2, height // 2)
    axes = (int(width * rng.uniform(0.3, 0.48)), int(height * rng.uniform(0.25, 0.45)))
    cv2.ellipse(page, middle, axes, 0, 0, 360, int(rng.integers(150, 256)), -1)
    rim = int(rng.integers(2, 14))
    cv2.ellipse(page, middle, (axes[0] - rim, axes[1] - rim), 0, 0, 360, int(rng.integers(40, 150)), -1)
    for _ in range(int(rng.integers(3, 12))):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.65)
        x = int(middle[0] + np.cos(angle) * reach * axes[0])
        y = int(middle[1] + np.sin(angle) * reach * axes[1])
        radii = (int(rng.integers(3, axes[0] // 2)), int(rng.integers(3, axes[1] // 2)))
        cv2.ellipse(page, (x, y), radii, float(rng.uniform(0, 180)), 0, 360, int(rng.integers(0, 256)), -1)
    return _grained(page, rng)


def blank(rng: np.random.Generator) -> Picture:
    """One tone with hardly any noise."""
    page = _canvas(rng, int(rng.integers(0, 256))).astype(np.float32)
    return np.clip(page + rng.normal(0, rng.uniform(0, 6), page.shape), 0, 255).astype(np.uint8)


def bones(rng: np.random.Generator) -> Picture:
    """A limb: one to five long bones in grey flesh on black, as knees, arms and fingers show."""
    height, width = _sides(rng)
    page = np.full((height, width), float(rng.integers(0, 40)), np.float32)
    count = int(rng.integers(1, 6))
    turn = np.tan(rng.uniform(-0.35, 0.35))
    for index in range(count):
        x = width * (index + 1) / (count + 1) + rng.normal(0, 6)
        thick = width / (count + 1) * rng.uniform(0.35, 0.8)
        top, end = (int(x - turn * height / 2), 0), (int(x + turn * height / 2), height)
        flesh, bone, marrow = (np.zeros_like(page) for _ in range(3))
        cv2.line(flesh, top, end, float(rng.uniform(40, 90)), max(4, int(thick * rng.uniform(1.3, 2.2))))
        cv2.line(bone, top, end, float(rng.uniform(70, 120)), max(3, int(thick)))
        cv2.line(marrow, top, end, float(rng.uniform(20, 50)), max(1, int(thick * 0.45)))
        for y in rng.uniform(0.1, 0.9, int(rng.integers(1, 4))) * height:
            joint = (int(x + turn * (y - height / 2)), int(y))
            cv2.ellipse(
                bone, joint, (max(3, int(thick * 0.8)), max(2, int(thick * 0.5))), 0, 0, 360, 120.0, -1
            )
        page += cv2.GaussianBlur(flesh, (0, 0), 3) + cv2.GaussianBlur(bone - marrow, (0, 0), 1.2)
    return _grained(np.clip(page, 0, 255), rng)


def scene(rng: np.random.Generator) -> Picture:
    """Random shapes before a horizon, in colour or not, as a photograph shades them."""
    height, width = _sides(rng)
    page = np.asarray(
        cv2.resize(rng.integers(60, 220, (3, 1, 3), dtype=np.uint8), (width, height)), dtype=np.uint8
    ).copy()
    for _ in range(int(rng.integers(4, 16))):
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        size = (int(rng.integers(8, width // 3)), int(rng.integers(8, height // 3)))
        if rng.random() < 0.5:
            cv2.ellipse(page, (x, y), size, float(rng.uniform(0, 180)), 0, 360, colour, -1)
        else:
            points = (np.array([x, y]) + rng.integers(-70, 70, (int(rng.integers(3, 7)), 2))).astype(np.int32)
            cv2.fillPoly(page, [points], colour)
    page = cv2.GaussianBlur(page, (0, 0), float(rng.uniform(0.5, 2.5))).astype(np.uint8)
    return page if rng.random() < 0.3 else np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), np.uint8)


def contours(rng: np.random.Generator) -> Picture:
    """A map of heights: lines between bands of clouds."""
    land = clouds(rng).astype(np.float32)
    bands = land // float(rng.uniform(16, 40))
    edges = cv2.Laplacian(bands, cv2.CV_32F) != 0
    return np.where(edges, 20, 140 + bands * 10).clip(0, 255).astype(np.uint8)


DRAWN: dict[str, Draw] = {
    draw.__name__: draw
    for draw in (
        *(document, gradient, noise, clouds, interface, pattern),
        *(chart, phantom, blank, bones, scene, contours),
    )
}


def _sides(rng: np.random.Generator) -> tuple[int, int]:
    height = int(rng.integers(150, 321))
    return height, int(np.clip(height * rng.uniform(0.7, 1.5), 110, 400))


def _canvas(rng: np.random.Generator, level: int) -> Picture:
    return np.full(_sides(rng), level, np.uint8)


def _to_grey(values: NDArray[Any], rng: np.random.Generator, *, noise: float = 0.0) -> Picture:
    low, high = float(values.min()), float(values.max())
    grey = (values - low) / max(high - low, 1e-6) * rng.uniform(120, 255) + rng.uniform(0, 60)
    return np.clip(grey + rng.normal(0, 1, grey.shape) * noise, 0, 255).astype(np.uint8)


def _grained(page: NDArray[Any], rng: np.random.Generator) -> Picture:
    soft = cv2.GaussianBlur(page.astype(np.float32), (0, 0), float(rng.uniform(0.4, 1.6)))
    grainy = soft + rng.normal(0, rng.uniform(0, 10), soft.shape)
    return np.asarray(np.clip(grainy, 0, 255), dtype=np.uint8)
