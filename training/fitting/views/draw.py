"""One view of a prepared film: moved, windowed, shrunk, compressed, framed; the disease left as it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from training.recipe.views import ViewsRecipe

Grey = NDArray[np.uint8]
_LETTERS = "LRAPS"


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A drawn film.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (H, W)
    moved : ndarray of float64, shape (2, 3)
        Takes a place on the film, as shares (0-1) of its width and height, to the same place on the view.
    """

    pixels: Grey
    moved: NDArray[np.float64]


def draw_view(film: Grey, size: tuple[int, int], recipe: ViewsRecipe, generator: np.random.Generator) -> View:
    """Draw a view of a film.

    Parameters
    ----------
    film : ndarray of uint8, shape (h, w)
        A prepared film.
    size : tuple of int
        Height and width of the view, pixels.
    recipe : ViewsRecipe
    generator : numpy.random.Generator
        The same state gives the same view.
    """
    toned = change_tone(film, recipe, generator)
    moved = _movement(recipe, generator)
    view = _warp(toned, moved, size)
    if generator.random() < recipe.shrink_probability:
        view = lose_resolution(view, recipe, generator)
    if generator.random() < recipe.jpeg_probability:
        view = _compressed(view, int(generator.integers(25, 96)))
    if recipe.noise:
        view = _noisy(view, generator.uniform(0.0, recipe.noise), generator)
    if generator.random() < recipe.marker_probability:
        view = _with_marker(view, generator)
    if generator.random() < recipe.frame_probability:
        view = _framed(view, recipe.frame_width, generator)
    if generator.random() < recipe.cutout_probability:
        view = _cut_out(view, recipe.cutout_size, generator)
    return View(view, moved)


def plain_view(film: Grey, size: tuple[int, int]) -> Grey:
    """The film itself at the network's size, for measuring."""
    if film.shape == size:
        return film
    shrinking = size[0] < film.shape[0]
    return np.asarray(
        cv2.resize(film, size[::-1], interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR),
        np.uint8,
    )


def change_tone(film: Grey, recipe: ViewsRecipe, generator: np.random.Generator) -> Grey:
    """Other grey levels for the same film: CLAHE, equalised in part, gamma, contrast, brightness."""
    if generator.random() < recipe.clahe_probability:
        tiles = int(generator.integers(3, 10))
        film = np.asarray(cv2.createCLAHE(generator.uniform(1.0, 5.0), (tiles, tiles)).apply(film), np.uint8)
    levels = np.arange(256, dtype=np.float64) / 255.0
    curve = levels
    if generator.random() < recipe.equalise_probability:
        # the cumulative distribution of the levels, as cv2.equalizeHist, and only a share of the way there
        counts = np.bincount(film.ravel(), minlength=256).astype(np.float64)
        even = np.cumsum(counts) / counts.sum()
        share = generator.uniform(0.3, 1.0)
        curve = (1.0 - share) * curve + share * even
    if generator.random() < recipe.tone_probability:
        curve = curve ** np.exp(generator.uniform(-recipe.gamma, recipe.gamma))
        middle = generator.uniform(0.35, 0.65)
        curve = (curve - middle) * (1.0 + generator.uniform(-recipe.contrast, recipe.contrast)) + middle
        curve = curve + generator.uniform(-recipe.brightness, recipe.brightness) / 255.0
    table = np.clip(np.rint(curve * 255.0), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(film, table), np.uint8)


def lose_resolution(view: Grey, recipe: ViewsRecipe, generator: np.random.Generator) -> Grey:
    """The view through fewer pixels: shrunk by area, by plain sampling (which aliases), or blurred."""
    height, width = view.shape
    least = min(recipe.smallest_side / min(height, width), 1.0)
    factor = float(np.exp(generator.uniform(np.log(least), 0.0)))
    way = int(generator.integers(3))
    if way == 2:
        return np.asarray(cv2.GaussianBlur(view, (0, 0), 0.3 + 0.5 * (1.0 / factor - 1.0)), np.uint8)
    small = (max(round(width * factor), 8), max(round(height * factor), 8))
    shrunk = cv2.resize(view, small, interpolation=(cv2.INTER_AREA, cv2.INTER_LINEAR)[way])
    return np.asarray(cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _movement(recipe: ViewsRecipe, generator: np.random.Generator) -> NDArray[np.float64]:
    """A turn, a zoom, a stretch and a shift about the middle of the film, on shares of its sides."""
    draw = generator.uniform(-1.0, 1.0, size=5)
    angle = np.deg2rad(draw[0] * recipe.rotation_degrees)
    zoom = 1.0 + draw[1] * recipe.zoom
    stretch = 1.0 + draw[2] * recipe.aspect
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = turn @ np.diag([zoom * np.sqrt(stretch), zoom / np.sqrt(stretch)])
    middle = np.array([0.5, 0.5])
    shift = middle - scale @ middle + draw[3:] * recipe.shift
    return np.hstack([scale, shift[:, None]])


def _warp(film: Grey, moved: NDArray[np.float64], size: tuple[int, int]) -> Grey:
    """The film moved onto a view of another size, smoothed first where it is shrunk; black outside."""
    (height, width), (rows, columns) = film.shape, size
    shrink = min(height / rows, width / columns)
    if shrink > 1.3:
        film = np.asarray(cv2.GaussianBlur(film, (0, 0), 0.4 * shrink), np.uint8)
    # pixel centres to shares, moved, and back to pixel centres
    to_share = np.array([[1.0 / width, 0.0, 0.5 / width], [0.0, 1.0 / height, 0.5 / height], [0.0, 0.0, 1.0]])
    to_pixel = np.array([[columns, 0.0, -0.5], [0.0, rows, -0.5], [0.0, 0.0, 1.0]])
    whole = to_pixel @ np.vstack([moved, [0.0, 0.0, 1.0]]) @ to_share
    return np.asarray(cv2.warpAffine(film, whole[:2], (columns, rows), flags=cv2.INTER_LINEAR), np.uint8)


def _compressed(view: Grey, quality: int) -> Grey:
    _, coded = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


def _noisy(view: Grey, strength: float, generator: np.random.Generator) -> Grey:
    noise = generator.standard_normal(view.shape, dtype=np.float32) * np.float32(strength)
    return np.clip(view + noise, 0, 255).astype(np.uint8)


def _with_marker(view: Grey, generator: np.random.Generator) -> Grey:
    """A letter near one of the corners, white or grey, as technicians lay them on the cassette."""
    height, width = view.shape
    marked = view.copy()
    x = generator.uniform(0.02, 0.16) if generator.random() < 0.5 else generator.uniform(0.78, 0.92)
    y = generator.uniform(0.1, 0.25) if generator.random() < 0.7 else generator.uniform(0.75, 0.98)
    letter = _LETTERS[int(generator.integers(len(_LETTERS)))]
    scale = generator.uniform(0.05, 0.1) * height / 22.0
    grey = int(generator.integers(170, 256))
    place = (int(x * width), int(y * height))
    cv2.putText(
        marked, letter, place, cv2.FONT_HERSHEY_SIMPLEX, scale, grey, max(round(scale * 2), 1), cv2.LINE_AA
    )
    return marked


def _framed(view: Grey, widest: float, generator: np.random.Generator) -> Grey:
    """A frame of one grey, black more often than not, each side of its own width."""
    height, width = view.shape
    grey = 0 if generator.random() < 0.6 else int(generator.integers(256))
    top, bottom = (generator.uniform(0.0, widest, size=2) * height).astype(int)
    left, right = (generator.uniform(0.0, widest, size=2) * width).astype(int)
    framed = np.full_like(view, grey)
    inside = slice(top, height - bottom), slice(left, width - right)
    framed[inside] = view[inside]
    return framed


def _cut_out(view: Grey, largest: float, generator: np.random.Generator) -> Grey:
    """A rectangle hidden behind the film's own mean, so that no single place decides (DeVries 2017)."""
    height, width = view.shape
    tall, wide = generator.uniform(0.1, largest, size=2)
    top, left = generator.uniform(0.0, 1.0 - tall), generator.uniform(0.0, 1.0 - wide)
    hidden = view.copy()
    rows = slice(int(top * height), int((top + tall) * height))
    hidden[rows, int(left * width) : int((left + wide) * width)] = int(view.mean())
    return hidden


def as_input(views: list[Grey]) -> Float32Array:
    """Views as a batch of a network.

    Returns
    -------
    ndarray of float32, shape (n, H, W, 1), 0-255
    """
    return np.stack(views)[..., None].astype(np.float32)
