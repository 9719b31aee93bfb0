"""What the measures of films come to on drawn films, as numbers that are kept in ``as_measured.json``.

After a change that is meant to change them, and was looked at:
``PYTHONPATH=.:tests .venv/bin/python tests/unit/imaging/as_measured.py`` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cxr_dash import imaging, palette
from cxr_dash.domain import LungField, PreparationSpec, Radiograph
from cxr_dash.imaging import Caption, Mark
from cxr_dash.imaging.borders import find_borders
from cxr_dash.imaging.boxes import cut
from cxr_dash.imaging.colour import measure_colour
from cxr_dash.imaging.film_area import find_film
from cxr_dash.imaging.letterbox import letterbox, letterbox_without
from cxr_dash.imaging.quality import measure_film
from cxr_dash.imaging.window import level_counts, percentile_window, window_table
from cxr_dash.imaging.wrapped import measure_jumps

KEPT = Path(__file__).with_suffix(".json")
GRID = 112
SPEC = PreparationSpec(height=GRID, width=GRID, crop_borders=False, polarity="keep")


def numbers(value: Any) -> list[float]:
    """Any of the measures as a flat list of its numbers."""
    found: list[float] = []
    for one in value if isinstance(value, tuple | list) else [value]:
        if isinstance(one, tuple | list):
            found += numbers(one)
        elif isinstance(one, np.ndarray):
            found += one.astype(np.float64).ravel().tolist()
        elif isinstance(one, bool | int | float | np.number):
            found.append(float(one))
    return found


def coarse(pixels: np.ndarray, side: int = 12) -> np.ndarray:
    """Means of ``side`` x ``side`` cells, and of each channel."""
    return np.asarray(cv2.resize(pixels.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA))


def grainy(seed: int = 5) -> np.ndarray:
    """A drawn film with grain, 320 x 280, without saturated levels."""
    grain = np.random.default_rng(seed).normal(0.0, 3.0, (320, 280))
    drawn = np.linspace(60, 200, 320)[:, np.newaxis] + 40 * np.cos(np.linspace(0, 9, 280))
    return np.clip(np.rint(drawn + grain), 1, 254).astype(np.uint8)


def radiograph(pixels: np.ndarray) -> Radiograph:
    return Radiograph(pixels, pixels.dtype.itemsize * 8, "png", "0" * 64)


def field(lean: float = 0.0) -> LungField:
    """Two lungs that lean and differ, and a heart, 400 x 480, with soft edges."""
    planes = np.zeros((2, 480, 400), np.float32)
    cv2.ellipse(planes[0], (120, 230), (58, 165), lean, 0, 360, 0.95, -1)
    cv2.ellipse(planes[0], (285, 245), (50, 140), lean + 4, 0, 360, 0.9, -1)
    cv2.circle(planes[0], (120, 200), 9, 0.1, -1)
    cv2.circle(planes[0], (200, 30), 8, 0.9, -1)
    cv2.ellipse(planes[1], (225, 320), (70, 60), 20, 0, 360, 0.9, -1)
    planes = np.stack([cv2.GaussianBlur(plane, (0, 0), 4.0) for plane in planes])
    plan = imaging.plan_preparation(radiograph(np.full((480, 400), 90, np.uint8)), SPEC)
    grids = np.zeros((2, GRID, GRID), np.float32)
    size = (plan.content.width, plan.content.height)
    for grid, plane in zip(grids, planes, strict=True):
        cut(grid, plan.content)[:] = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    return LungField(grids[0], plan, grids[1])


def _tone() -> Any:
    film, lungs = radiograph(grainy()), field()
    plan = imaging.plan_preparation(film, PreparationSpec(height=224, width=224, crop_borders=False))
    inside = imaging.lungs_on_input(replace(lungs, preparation=replace(lungs.preparation)), plan)
    return imaging.measure_tone(imaging.apply_preparation(film, plan), inside, plan)


def _wrapped(dtype: Any) -> Any:
    scale = 257 if dtype == np.uint16 else 1
    y, x = np.mgrid[0:240, 0:200]
    hill = 200 + 110 * np.exp(-((x - 100) ** 2 + (y - 130) ** 2) / 2500) + 8 * np.sin(x / 7.0)
    film = (np.rint(hill).astype(np.int64) % 256).astype(dtype) * dtype(scale)
    film[10:30, 10:60] = 0
    size = 65536 if dtype == np.uint16 else 256
    return astuple(measure_jumps(film, size, level_counts(film)))


def _tinted() -> Any:
    grey = grainy().astype(np.float32) / 255
    warm = np.dstack([255 * grey**1.6, 235 * grey, 250 * grey**0.7]).astype(np.uint8)
    marks = cv2.merge([grainy()] * 3)
    marks[20:60, 30:70] = (30, 200, 60)
    tinted, plain = measure_colour(warm), measure_colour(marks)
    return [tinted[0], float(tinted[1] is not None), plain[0], float(plain[1] is not None)]


def _film_area() -> Any:
    page = np.full((400, 500), 238, np.uint8)
    page[40:360, 60:340] = grainy()
    page[372:380, 100:300:3] = 20
    shot = np.zeros((600, 700), np.uint8)
    shot[100:420, 300:580] = grainy()
    shot[20:24, 10:60] = 255
    boxes = [find_film(page, 255.0), find_film(shot, 255.0), find_film(shot, 255.0, lossy=True)]
    return [astuple(box) for box in boxes]


def _grain(film: np.ndarray) -> list[float]:
    """Of lung, fluid and belly: how strong it is, and what of it a pixel shares with the next."""
    fine = film.astype(np.float64) - cv2.GaussianBlur(film.astype(np.float64), (0, 0), 3.0)
    found = []
    for part in (fine[150:250, 150:200], fine[300:330, 140:180], fine[420:480, 200:300]):
        found += [part.std(), 10 * np.corrcoef(part[:, :-1].ravel(), part[:, 1:].ravel())[0, 1]]
    return [float(one) for one in found]


def _marks() -> Any:
    film = np.full((300, 340), 120, np.uint8)
    drawn = [
        imaging.marked(film, [mark])
        for mark in (
            Mark("ruler", (40.0, 150.0), (260.0, 190.0), "12.5 mm"),
            Mark("arrow", (60.0, 250.0), (160.0, 120.0), ""),
            Mark("R", (300.0, 40.0), (300.0, 40.0)),
        )
    ]
    return [part for pixels in drawn for part in (coarse(pixels, 20), float((pixels == 255).sum()))]


def _reach(found: np.ndarray) -> list[float]:
    """First and last column and row, and how many."""
    rows, columns = np.nonzero(found)
    return [float(one) for one in (columns.min(), columns.max(), rows.min(), rows.max(), rows.size)]


def _letters() -> Any:
    """Where letters and their rims lie, on films of several sizes and in every corner."""
    placed = [(side, side, "L", (side / 2, side / 2), "") for side in (100, 200, 400, 1000)]
    placed += [(400, 600, "R", (float(x), float(y)), "") for x in (0, 599) for y in (0, 399)]
    placed += [(600, 400, "ruler", (150.0, y), "81.5 mm") for y in (0.0, 300.0)]
    found = []
    for height, width, kind, place, text in placed:
        film = np.full((height, width), 120, np.uint8)
        drawn = imaging.marked(film, [Mark(kind, place, place, text)])
        found += [_reach(drawn == 255), _reach(drawn < 60)]
    return found


def _caption_rows() -> Any:
    """Where each of a caption's inks lies, on pictures of several widths."""
    colours = imaging.colour_table("inferno")
    caption = Caption("Effusion", ("one line of words", "another"), ("little", "much"), colours)
    inks = (palette.rgb(palette.INK), palette.rgb(palette.INK_SOFT), palette.rgb(palette.GROUND))
    strips = [imaging.caption_strip(caption, width) for width in (200, 700, 1700)]
    return [_reach((strip == ink).all(axis=2)) for strip in strips for ink in inks]


def _caption() -> Any:
    caption = Caption(
        "Effusion 0.62, above 0.40",
        ("one line of words that is long enough to be broken " * 2, "another"),
        ("little", "much"),
        imaging.colour_table("inferno"),
    )
    strips = [imaging.caption_strip(caption, width) for width in (420, 1400)]
    return [part for strip in strips for part in (list(strip.shape), coarse(strip, 16))]


def _overlay() -> Any:
    heat = np.linspace(-0.2, 1.2, 48, dtype=np.float32).reshape(4, 12)
    grey = np.linspace(0, 255, 48).reshape(4, 12).astype(np.uint8)
    return [imaging.heat_rgba(heat, "inferno", 0.6), imaging.blend_overlay(grey, heat, "viridis", 0.45)]


def _letterboxed() -> Any:
    film = radiograph(grainy())
    plan = imaging.plan_preparation(film, PreparationSpec(height=64, width=96, crop_borders=False))
    foreign = np.zeros((320, 280), np.bool_)
    foreign[20:60, 30:120] = foreign[200:203, 100:103] = True
    grey = grainy().astype(np.float32)
    leaning = replace(plan, tilt_degrees=7.0)
    small = replace(plan, crop=replace(plan.crop, width=30, height=40))
    found = [letterbox_without(grey, foreign, one) for one in (plan, leaning)]
    return [*(coarse(one, 24) for one in found), coarse(letterbox(grey[:40, :30], small), 24)]


def _borders() -> Any:
    film = np.full((300, 260), 3, np.uint8)
    film[24:270, 31:240] = grainy()[:246, :209]
    film[5, 10:14] = 255
    mark = np.zeros((300, 260), np.uint8)
    mark[100:130, 100:120] = 255
    boxes = [find_borders(film, 0.0, 255.0), find_borders(mark, 0.0, 255.0)]
    boxes.append(find_borders((255 - film).astype(np.uint8), 0.0, 255.0, inverted=True))
    return [astuple(box) for box in boxes]


def _as_seen() -> Any:
    grey = grainy()
    heat = cv2.GaussianBlur(np.eye(320, 280, dtype=np.float32), (0, 0), 30)
    heat /= heat.max()
    lines = [(0.5, (250, 180, 40)), (0.8, (255, 60, 60))]
    narrow = imaging.toned(grey, 90.0, 140.0, invert=False)
    return [
        coarse(imaging.outlined(grey, heat, lines), 20),
        coarse(
            imaging.outlined(cv2.resize(grey, (1400, 1600)), cv2.resize(heat, (1400, 1600)), lines[:1]), 20
        ),
        coarse(narrow, 16),
        coarse(imaging.toned(grey, 200.0, 100.0, invert=True), 16),
        coarse(imaging.toned(grey, 255.0, 127.5, invert=False) - grey, 4),
        coarse(
            imaging.display_pixels(radiograph(grey), imaging.plan_preparation(radiograph(grey), SPEC)), 16
        ),
    ]


def _windows() -> Any:
    grey = grainy()
    fine = grey.astype(np.uint16) * 200 + 1000
    return [
        percentile_window(grey, 0.5, 99.5),
        percentile_window(fine, 2.0, 97.0),
        window_table(np.dtype(np.uint8), 40.0, 210.0, inverted=False),
        window_table(np.dtype(np.uint8), 40.0, 210.0, inverted=True)[::16],
        window_table(np.dtype(np.uint16), 900.0, 52_000.0, inverted=False)[::2048],
    ]


MEASURES: dict[str, Callable[[], Any]] = {
    "phantom": lambda: coarse(imaging.chest_phantom(720, 720), 36),
    "phantom of another build, with an opacity": lambda: coarse(
        imaging.chest_phantom(720, 720, 4, opacity=True), 36
    ),
    "phantom in a wide frame": lambda: coarse(imaging.chest_phantom(200, 320, 2), 20),
    "phantom with an effusion": lambda: coarse(imaging.effusion_phantom(720, 720), 36),
    "phantom with an effusion, another chest": lambda: coarse(imaging.effusion_phantom(720, 720, 4), 36),
    "phantom's grain": lambda: [
        float((imaging.chest_phantom(512, 512)[rows] - imaging.chest_phantom(512, 512)[rows].mean()).std())
        for rows in (np.s_[300:310, 250:260], np.s_[500:510, 250:260], np.s_[60:70, 5:15])
    ],
    "phantom's grain with an effusion": lambda: _grain(imaging.effusion_phantom(512, 512, 1)),
    "film's own measures": lambda: [
        astuple(measure_film(radiograph(pixels)))
        for pixels in (imaging.chest_phantom(400, 360), 255 - imaging.chest_phantom(400, 360), grainy())
    ],
    "tone": _tone,
    "gaps": lambda: [
        imaging.uneven_gaps(film, imaging.plan_preparation(film, PreparationSpec()))
        for film in (
            radiograph(np.rint(255 * (grainy() / 255.0) ** 0.6).astype(np.uint8)),
            radiograph(grainy()),
        )
    ],
    "lungs": lambda: astuple(imaging.measure_lungs(field())),
    "lungs in the film": lambda: [
        coarse(imaging.film_mask(field(6.0))),
        astuple(imaging.lung_box(field(), 0.1)),
    ],
    "heart": lambda: astuple(imaging.measure_heart(field())),
    "leaning heart": lambda: astuple(imaging.measure_heart(field(8.0))),
    "heart in the film": lambda: coarse(imaging.heart_mask(field())),
    "tilt": lambda: [imaging.measure_tilt(field(lean)) for lean in (-9.0, 0.0, 5.0)],
    "side": lambda: imaging.side_maps(field(8.0), np.asarray(cv2.resize(grainy(), (GRID, GRID)), np.float32)),
    "wrapped levels, 8 bits": lambda: _wrapped(np.uint8),
    "wrapped levels, 16 bits": lambda: _wrapped(np.uint16),
    "colour": _tinted,
    "film on a page": _film_area,
    "marks": _marks,
    "marks' letters": _letters,
    "caption's rows": _caption_rows,
    "caption": _caption,
    "overlay": _overlay,
    "letterbox": _letterboxed,
    "borders": _borders,
    "seen on the screen": _as_seen,
    "windows": _windows,
}


def measured() -> dict[str, list[float]]:
    """All of them, rounded to what is kept."""
    return {name: [float(f"{one:.5g}") for one in numbers(of())] for name, of in MEASURES.items()}


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(found)}" for name, found in measured().items()]
    KEPT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
