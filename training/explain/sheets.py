"""Explanations as pictures: film, heat and overlay; grids of channels; contact sheets of patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Box, Float32Array, Heatmap
from cxr_dash.explain import film_heat
from cxr_dash.imaging import blend_overlay, colour_table, display_pixels
from training.explain.activation import ActivationMaps
from training.explain.films import ReadFilm
from training.explain.patches import Patch

ByteArray = NDArray[np.uint8]

COLOUR_MAP = "viridis"
OPACITY = 0.6
SIDE = 288
TILE = 104
_GAP = 6
_TEXT = 18
_SCALE_WIDTH = 290
_PAPER = 24
_INK = (214, 220, 226)


def gradcam_strip(film: ReadFilm, heatmap: Heatmap, side: int = SIDE) -> ByteArray:
    """Film, heat and overlay side by side, RGB; the longer side of each is ``side`` pixels."""
    display = display_pixels(film.radiograph, film.preparation)
    heat = film_heat(heatmap)
    scale = side / max(display.shape)
    size = max(round(display.shape[1] * scale), 1), max(round(display.shape[0] * scale), 1)
    display, heat = _resized(display, size), _resized(heat, size)
    levels = np.rint(np.clip(heat, 0.0, 1.0) * 255).astype(np.uint8)
    hot = colour_table(COLOUR_MAP)[levels]
    if heatmap.flat:
        _write(hot, "no localised evidence", (6, hot.shape[0] - 8))
    grey = np.repeat(display[:, :, None], 3, axis=2)
    tiles = [grey, hot, blend_overlay(display, heat, COLOUR_MAP, OPACITY)]
    gap = np.full((display.shape[0], _GAP, 3), _PAPER, np.uint8)
    return np.ascontiguousarray(np.concatenate([tiles[0], gap, tiles[1], gap, tiles[2]], axis=1))


def activation_sheet(maps: ActivationMaps, columns: int = 8) -> ByteArray:
    """A grid of channels, RGB, all on one scale, which is written below with its ends."""
    low, high = float(maps.values.min()), float(maps.values.max())
    span = high - low or 1.0
    table = colour_table(COLOUR_MAP)
    tiles = []
    for channel, values in zip(maps.channels, maps.values, strict=True):
        levels = np.rint((values - low) / span * 255).astype(np.uint8)
        height, width = values.shape
        scale = TILE / max(height, width)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        # cells stay cells where they are enlarged
        grown = cv2.resize(levels, size, interpolation=cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA)
        tiles.append((table[np.asarray(grown, np.uint8)], f"channel {channel}"))
    grid = _grid(tiles, columns)
    missing = _SCALE_WIDTH - grid.shape[1]
    if missing > 0:
        grid = np.pad(grid, ((0, 0), (0, missing), (0, 0)), constant_values=_PAPER)
    bar = np.full((_TEXT + 10, grid.shape[1], 3), _PAPER, np.uint8)
    ramp = table[np.linspace(0, 255, 128).round().astype(int)]
    bar[8:18, 90:218] = ramp[None]
    _write(bar, f"{low:.3g}", (_GAP, 18))
    _write(bar, f"{high:.3g}", (226, 18))
    return np.concatenate([grid, bar])


def patch_sheet(patches: Sequence[Patch], films: Mapping[int, Float32Array]) -> ByteArray:
    """One row for each channel, the strongest patch first, RGB.

    Parameters
    ----------
    patches : sequence of Patch
        Of one layer.
    films : mapping of int to ndarray of float32, shape (H, W, 1), 0-255
        The prepared film of each patch, by its row.
    """
    rows: dict[int, list[tuple[ByteArray, str]]] = {}
    names: dict[int, str] = {}
    for patch in patches:
        cut = crop(films[patch.row], patch.region)
        tile = _resized(np.rint(cut).astype(np.uint8), (TILE, TILE), grown=cv2.INTER_CUBIC)
        channel = patch.neuron.channel
        rows.setdefault(channel, []).append((np.repeat(tile[:, :, None], 3, axis=2), f"{patch.value:.3g}"))
        names[channel] = f"channel {channel}"
        if patch.neuron.correlation is not None:
            names[channel] += f": {patch.neuron.label}, r = {patch.neuron.correlation:.2f}"
    widest = max(len(tiles) for tiles in rows.values())
    sheet = []
    for channel, tiles in rows.items():
        grid = _grid(tiles, widest)
        title = np.full((_TEXT + 4, grid.shape[1], 3), _PAPER, np.uint8)
        _write(title, names[channel], (_GAP, _TEXT - 2))
        sheet += [title, grid]
    return np.concatenate(sheet)


def crop(model_input: Float32Array, region: Box) -> Float32Array:
    """The pixels of a prepared film inside a region, (height, width)."""
    return model_input[region.y : region.y + region.height, region.x : region.x + region.width, 0]


def _grid(tiles: Sequence[tuple[ByteArray, str]], columns: int) -> ByteArray:
    height = max(tile.shape[0] for tile, _ in tiles) + _TEXT + _GAP
    width = max(tile.shape[1] for tile, _ in tiles) + _GAP
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * height + _GAP, columns * width + _GAP, 3), _PAPER, np.uint8)
    for index, (tile, text) in enumerate(tiles):
        top, left = _GAP + index // columns * height, _GAP + index % columns * width
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
        _write(sheet, text, (left, top + height - _GAP - 6))
    return sheet


def _resized(picture: NDArray[Any], size: tuple[int, int], grown: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    shrinks = size[0] < picture.shape[1]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else grown))


def _write(picture: ByteArray, text: str, place: tuple[int, int]) -> None:
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, _INK, 1, cv2.LINE_AA)
