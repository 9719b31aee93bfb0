"""What mutated files are given to: a target returns what it made of a file; it may raise `CxrError` alone."""

from __future__ import annotations

import io
import json
import logging
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from cxr_dash import imaging
from cxr_dash.cli.sources import find_sources
from cxr_dash.domain import DecodeLimits, LungField, PreparationSpec, Radiograph
from cxr_dash.errors import CxrError
from cxr_dash.explain import make_heatmap
from cxr_dash.explain.heatmap import film_heat
from cxr_dash.language import translator
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.services.exports import (
    ExportOptions,
    film_display,
    heat_layer_png,
    overlay_png,
    write_map,
)
from cxr_dash.settings import Settings

PICTURES = ("png", "jpeg", "webp")
FILMS = (*PICTURES, "dicom")
EVERY = (*FILMS, "encoded", "zip", "dicomdir")
_MOST_ENTRIES = 40
# Of memory (shared by all, not on a disk), where there is one: a file a case, ten thousand times.
_FOLDERS = [folder for folder in ("/dev/shm",) if os.access(folder, os.W_OK)]  # noqa: S108
_SPECS = (
    PreparationSpec(),
    PreparationSpec(version=1),
    PreparationSpec(height=48, width=80, polarity="keep", crop_borders=False, pad_value=128.0),
    PreparationSpec(fit="centre_crop", window_region="crop"),
    PreparationSpec(version=1, region="lungs", fit="centre_crop", window_region="crop"),
    PreparationSpec(straighten=True),
    PreparationSpec(straighten=True, region="lungs", fit="centre_crop", window_region="crop"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """One reader.

    Attributes
    ----------
    name : str
    kinds : tuple of str
        Kinds of files that it is given, as `Seed.kind` has them; ``drawn`` for films with levels of any kind.
    share : int
        Of 10,000 cases.
    read : callable
        Takes the bytes.
    """

    name: str
    kinds: tuple[str, ...]
    share: int
    read: Callable[[bytes], object]


def read_header(data: bytes) -> object:
    """The header alone, and the texts of a PNG."""
    if data.startswith(b"\x89PNG"):
        with suppress(CxrError):
            imaging.read_png_text(data)
    return imaging.read_header(data)


def decode(data: bytes) -> Radiograph:
    """The film, and what must hold of every film."""
    film = imaging.decode(data, DecodeLimits())
    if film.pixels.dtype not in (np.uint8, np.uint16) or not film.pixels.flags.c_contiguous:
        raise AssertionError(f"a film of {film.pixels.dtype}")
    if film.pixels.ndim != 2 or min(film.pixels.shape) < DecodeLimits().min_side:
        raise AssertionError(f"a film of shape {film.pixels.shape}")
    # Facts leave the film as JSON.
    json.dumps([film.facts.age_years, film.facts.pixel_spacing_mm, film.facts.body_part], allow_nan=False)
    return film


def read_archive(data: bytes) -> object:
    """A ZIP or a DICOMDIR as the command line is given one: its list, and each film in it."""
    handle, path = tempfile.mkstemp(prefix="fuzz-", dir=_FOLDERS[0] if _FOLDERS else None)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        sizes = []
        for source in islice(find_sources([path]), _MOST_ENTRIES):
            try:
                sizes.append(len(source.read(1 << 20)))
            except CxrError:
                sizes.append(-1)
        if max(sizes, default=-1) < 0:
            raise CxrError("no film could be read")
        return sizes
    finally:
        Path(path).unlink()


def look(data: bytes) -> object:
    """All that is done with a film's pixels before and after a model, without one: its lungs are made up."""
    film = decode(data)
    quality = imaging.check_film(film)
    field = _lungs(film, zlib.crc32(data))
    box, tilt = imaging.lung_box(field), imaging.measure_tilt(field)
    _finite("the tilt", np.array(tilt or 0.0))
    imaging.film_mask(field)
    imaging.measure_lungs(field)
    for spec in _SPECS:
        undone = imaging.tilt_to_undo(tilt) if spec.straighten else 0.0
        plan = imaging.plan_preparation(film, spec, box, tilt=undone)
        prepared = imaging.apply_preparation(film, plan)
        _finite("a prepared film", prepared)
        if float(prepared.min()) < 0 or float(prepared.max()) > 255:
            raise AssertionError("a prepared film beyond 0-255")
        tone = imaging.measure_tone(prepared, imaging.lungs_on_input(field, plan), plan)
        _finite("a tone", np.zeros(1) if tone is None else tone)
        _finite("the gaps", np.array(imaging.uneven_gaps(film, plan)))
    layer = film_heat(make_heatmap(np.linspace(-1, 1, 49, dtype=np.float32).reshape(7, 7), 1.0, plan))
    _finite("a heatmap", layer)
    shown = imaging.display_pixels(film, plan)
    _own_levels(data)
    return quality, imaging.encode_jpeg(imaging.blend_overlay(shown, layer, "inferno", 0.5))


def _own_levels(data: bytes) -> None:
    levels = imaging.film_levels(data, DecodeLimits())
    if levels is None:
        return
    windows = [(one.width, one.level) for one in levels.windows]
    figures = [
        (levels.slope, levels.intercept),
        (levels.black, levels.white),
        (levels.lowest, levels.highest),
    ]
    _finite("levels", np.array([*figures, *windows]))
    if levels.black == levels.white or not levels.slope or any(width <= 0 for width, _ in windows):
        raise AssertionError("levels without a width")
    for width, level in windows:
        imaging.level_table(levels, *imaging.in_shown_levels(levels, width, level), "sigmoid")


def _lungs(film: Radiograph, seed: int) -> LungField:
    """None, one, two or three ovals of any size, anywhere."""
    random, side = np.random.default_rng(seed), 64
    grid = np.zeros((side, side), np.float32)
    for _ in range(int(random.choice((0, 1, 2, 2, 2, 3)))):
        middle, axes = random.integers(0, side, 2).tolist(), random.integers(0, side // 2, 2).tolist()
        cv2.ellipse(grid, middle, axes, float(random.integers(0, 180)), 0, 360, 1.0, -1)
    spec = PreparationSpec(height=2 * side, width=2 * side, polarity="keep", crop_borders=False)
    return LungField(grid, imaging.plan_preparation(film, spec))


def analyse(data: bytes) -> object:
    """The whole path of one film in the server, with the shipped model: kept, asked about, shown, saved."""
    service = _service()
    model = service.settings.default_model
    key, stored = service.admit(data, model)
    try:
        with _raised_where_logged(logging.getLogger("cxr_dash.services.gate")):
            analysis = service.analyse(key, model)
        _finite("probabilities", np.array([finding.probability for finding in analysis.findings]))
        options, label = ExportOptions(anyway=True), analysis.findings[0].label.key
        heat_layer_png(analysis, label)
        display = film_display(stored.data, analysis, DecodeLimits())
        overlay_png(analysis, label, options, display, translator("en"))
        write_map(io.BytesIO(), analysis.heatmaps[label])
        return analysis.quality
    finally:
        service.cases.forget(key)


@cache
def _service() -> AnalysisService:
    return build_service(Settings())


@contextmanager
def _raised_where_logged(logger: logging.Logger) -> Iterator[None]:
    """What is logged in here is raised: the gate refuses a film whose check failed, and only logs why."""
    raising = _Raising()
    logger.addHandler(raising)
    try:
        yield
    finally:
        logger.removeHandler(raising)


class _Raising(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise AssertionError(record.getMessage())


def _finite(what: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise AssertionError(f"{what} with a value that is no number")


TARGETS = (
    Target("header", EVERY, 2900, read_header),
    Target("decode", PICTURES, 5540, decode),
    Target("dicom", ("dicom",), 600, decode),
    Target("decoder", ("encoded",), 100, decode),
    Target("archive", ("zip",), 550, read_archive),
    Target("index", ("dicomdir",), 95, read_archive),
    Target("look", ("drawn", "drawn", "drawn", "png", "jpeg", "webp", "dicom", "encoded"), 200, look),
    Target("analyse", ("drawn", "drawn", "png", "jpeg", "webp", "dicom", "encoded"), 15, analyse),
)
