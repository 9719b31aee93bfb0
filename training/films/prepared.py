"""Films on disk turned into model inputs once, by the same functions that serve, and kept for later runs."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_dash import imaging
from cxr_dash.domain import Float32Array, Preparation, PreparationSpec
from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.imaging import apply_preparation, decode
from training.films.lungs import installed_boxes, looks_at_lungs, plan_film
from training.films.manifest import Film
from training.writing import array_file

logger = logging.getLogger(__name__)


def read_prepared(path: Path, spec: PreparationSpec, where: str = "") -> tuple[Float32Array, Preparation]:
    """Decode and prepare one film exactly as the app does, cropped and straightened where the spec says so.

    Parameters
    ----------
    path : Path
    spec : PreparationSpec
    where : str
        Manifest and row of the film, for the message.

    Returns
    -------
    model_input : ndarray of float32, shape (H, W, 1), 0-255
    preparation : Preparation

    Raises
    ------
    TrainingError
        Naming the file that cannot be read, or when lungs are asked for and no segmenter is installed.
    """
    try:
        radiograph = decode(path.read_bytes())
        preparation = plan_film(radiograph, spec)
        return apply_preparation(radiograph, preparation), preparation
    except FilmError as error:
        raise TrainingError(
            f"{where}: {path} must be a film that can be read; {error.message}".removeprefix(": "),
            remedy="Take the row out of the manifest, or replace the file.",
        ) from error


def prepare_film(path: Path, spec: PreparationSpec, where: str = "") -> Float32Array:
    """The model input alone of :func:`read_prepared`, shape (H, W, 1).

    Raises
    ------
    TrainingError
    """
    return read_prepared(path, spec, where)[0]


def prepared_films(films: Sequence[Film], spec: PreparationSpec, cache: Path) -> NDArray[np.uint8]:
    """Every film as a model input, rounded to whole grey levels.

    The rounding (half a grey level of 255) is for training only: every figure that is reported goes
    through :func:`prepare_film`.

    Parameters
    ----------
    films : sequence of Film
    spec : PreparationSpec
    cache : Path
        Folder for the finished arrays, and for what was found of the lungs where the spec asks for it; read
        back while films, preparation and segmenter are the same.

    Returns
    -------
    ndarray of uint8, shape (n, H, W, 1), read-only memory map
    """
    digest = hashlib.sha256(json.dumps(asdict(spec), sort_keys=True).encode())
    # a change of the preparation's code must not be trained around
    for source in sorted(Path(imaging.__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    lungs = installed_boxes() if looks_at_lungs(spec) else None
    if lungs is not None:
        digest.update(lungs.sha256.encode())
    for film in films:
        digest.update(hashlib.sha256(film.path.read_bytes()).digest())
    target = cache / f"prepared-{digest.hexdigest()[:16]}.npy"
    if not target.is_file():
        logger.info("preparing %d films into %s", len(films), target.name)
        if lungs is not None:
            lungs.read(cache)
        with array_file(target, (len(films), spec.height, spec.width, 1), np.uint8) as pixels:
            for index, film in enumerate(films):
                pixels[index] = np.rint(prepare_film(film.path, spec, film.where)).astype(np.uint8)
        if lungs is not None:
            lungs.write(cache)
    return np.asarray(np.load(target, mmap_mode="r"))
