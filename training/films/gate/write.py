"""The gate's collection written down: pictures that are no files yet, and a manifest of all."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

import cv2

from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.imaging import decode
from training.films.gate.collection import plan_pictures
from training.films.gate.pictures import GatePicture
from training.films.manifest import Film
from training.films.manifest_writer import write_manifest
from training.writing import whole_file

logger = logging.getLogger(__name__)

PICTURES = "pictures"


def write_collection(
    data: Path, out: Path, *, seed: int = 0, leave_out: Collection[str] = (), name: str = "manifest.csv"
) -> list[Film]:
    """Write the pictures that must be made, and the manifest that `fit` reads.

    Parameters
    ----------
    data : Path
        The folder of collections; nothing in it is changed.
    out : Path
        Pictures that are there already are kept: they would come out the same.
    seed : int
    leave_out : collection of str
        Kinds of non-films that neither train nor decide.
    name : str
        Of the manifest, so that several may share the pictures.

    Returns
    -------
    list of Film
        As training will read them. Their `view` is the kind of picture. What cannot be decoded at all is
        left out: the app refuses such files before any gate is asked.

    Raises
    ------
    TrainingError
    """
    films: list[Film] = []
    for picture in plan_pictures(data, seed=seed, leave_out=leave_out):
        path = _on_disk(picture, out / PICTURES / f"seed-{seed}", seed)
        if not _readable(path):
            logger.info("%s left out: it cannot be read as a film", path.name)
            continue
        films.append(_film(picture, path))
    return write_manifest(films, out / name)


def _on_disk(picture: GatePicture, folder: Path, seed: int) -> Path:
    """The file itself, or the picture that is made of it."""
    if picture.as_it_is and picture.file is not None:
        return picture.file
    path = folder / picture.kind / picture.name
    if not path.is_file():
        with whole_file(path) as partial:
            if not cv2.imwrite(str(partial), picture.pixels(seed)):
                raise TrainingError(f"{path} must be writable; the picture could not be written.")
    return path


def _readable(path: Path) -> bool:
    try:
        decode(path.read_bytes())
    except FilmError:
        return False
    return True


def _film(picture: GatePicture, path: Path) -> Film:
    return Film(
        path=path,
        labels=frozenset([picture.label]),
        split=picture.split,
        source=picture.source,
        group=picture.group,
        view=picture.kind,
    )
