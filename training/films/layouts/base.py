"""What every reader takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.errors import TrainingError
from training.films.manifest import Film
from training.labels import label_key


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person may have to say about a collection.

    Attributes
    ----------
    films : Path
        Folder for films that are not files yet.
    labels : mapping
        The collection's own class names (or numbers) to label keys, where they differ.
    source : str
        Name of the collection; the layout's own if empty.
    patient_pattern : str
        Regular expression; its first group, found in a film's file name, is the patient.
    allow_missing : bool
        Take the films that are there where a list names more.
    source_pattern : str
        Regular expression; its first group, found in a film's path, is the source (folders).
    facts : Path or None
        Table of what is known of the films (folders); see :func:`training.films.layouts.facts.read_facts`.
    """

    films: Path
    labels: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    patient_pattern: str = ""
    allow_missing: bool = False
    source_pattern: str = ""
    facts: Path | None = None

    def key(self, name: str, where: Path | str, *, new: bool = False) -> str:
        """The label key of one of the collection's names; one that a person gave may be new.

        Parameters
        ----------
        name : str
        where : Path or str
        new : bool
            Whether names that nobody mapped may be new ones too.

        Raises
        ------
        TrainingError
            Naming ``where`` it was found.
        """
        try:
            return label_key(self.labels.get(name, name), None if new or name in self.labels else ())
        except TrainingError as error:
            raise TrainingError(
                f"{where}: {error.message}", remedy=f"Say which label it is: --label '{name}=KEY'."
            ) from error


@dataclass(frozen=True, slots=True)
class LesionBox:
    """A marked lesion, in the film's own pixels."""

    path: Path
    label: str
    x: float
    y: float
    width: float
    height: float
    patient: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """What a reader gives: films, and boxes where the collection has them."""

    films: list[Film]
    boxes: list[LesionBox] = field(default_factory=list)


Reader = Callable[[Path, ReadOptions], Collection]


def need_file(path: Path, what: str) -> Path:
    """The path itself.

    Raises
    ------
    TrainingError
        When there is no such file; ``what`` says what it should be.
    """
    if not path.is_file():
        raise TrainingError(f"{path} must be {what}; there is no such file.")
    return path


def save_films(pixels: NDArray[Any], folder: Path, prefix: str) -> list[Path]:
    """Write arrays as grey PNG files.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, H, W)
    folder : Path
    prefix : str
        Files are called ``<prefix>-00000.png`` and so on.

    Returns
    -------
    list of Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{prefix}-{index:05d}.png" for index in range(len(pixels))]
    for path, film in zip(paths, pixels, strict=True):
        if not cv2.imwrite(str(path), np.ascontiguousarray(film)):
            raise TrainingError(f"{path} must be writable; the film could not be written.")
    return paths
