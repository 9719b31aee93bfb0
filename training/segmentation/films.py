"""Films with lung masks: read, divided by patient, and prepared as the app prepares films."""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Preparation, PreparationSpec
from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.imaging import apply_preparation, decode, plan_preparation
from cxr_dash.imaging.boxes import cut
from training.films.manifest import Film
from training.films.splits import split_by_patient
from training.recipe.segmenter import MaskDataRecipe

logger = logging.getLogger(__name__)

COLUMNS = ("image", "mask", "patient_id", "source", "behind_heart")
INCLUDED = "included"  # the lung behind the heart is drawn; everywhere else it is left out, or partly


@dataclass(frozen=True, slots=True)
class MaskedFilm:
    """One film and what people drew on it.

    Attributes
    ----------
    path, mask : Path
    heart : Path or None
        Mask of the heart, where one was drawn.
    patient, source : str
    behind_heart : str
        ``included``, ``excluded`` or ``partly``: what became of the lung that the heart hides.
    split : str
        ``train``, ``val``, ``test``, or empty.
    """

    path: Path
    mask: Path
    heart: Path | None
    patient: str
    source: str
    behind_heart: str
    split: str = ""

    @property
    def group(self) -> str:
        """The patient, told apart from one of the same number in another collection."""
        return f"{self.source}:{self.patient}"


def read_masked_films(manifest: Path) -> list[MaskedFilm]:
    """Read the manifest of a collection of films with masks.

    Raises
    ------
    TrainingError
        Naming the file, and the column or picture that is missing.
    """
    if not manifest.is_file():
        raise TrainingError(
            f"A manifest must be a CSV file; there is none at {manifest}.",
            remedy="Pass its folder with --data, or correct `data.manifest` in the recipe.",
        )
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
        if missing:
            raise TrainingError(
                f"{manifest} must have the columns {', '.join(COLUMNS)}; {', '.join(missing)} missing."
            )
        films = [_film(manifest, row) for row in reader]
    if not films:
        raise TrainingError(f"{manifest} must name at least one film; received only a header.")
    return films


def _film(manifest: Path, row: Mapping[str, str]) -> MaskedFilm:
    heart = row.get("heart")
    film = MaskedFilm(
        path=manifest.parent / row["image"],
        mask=manifest.parent / row["mask"],
        heart=manifest.parent / heart if heart else None,
        patient=row["patient_id"] or row["image"],
        source=row["source"],
        behind_heart=row["behind_heart"],
        split=row.get("split") or "",
    )
    for path in (film.path, film.mask, film.heart):
        if path is not None and not path.is_file():
            raise TrainingError(f"{manifest} names {path.name}; there is no such file at {path}.")
    return film


def divide(films: Sequence[MaskedFilm], data: MaskDataRecipe, seed: int) -> list[MaskedFilm]:
    """Give every film a split: by patient, each source in its share, the same for the same seed."""
    shares = {"train": 1 - data.val - data.test, "val": data.val, "test": data.test}
    plain = [
        Film(path=film.path, labels=frozenset({film.source}), split="", group=film.group) for film in films
    ]
    made = split_by_patient(plain, shares, seed)
    return [replace(film, split=place.split) for film, place in zip(films, made, strict=True)]


def write_split(films: Sequence[MaskedFilm], path: Path) -> None:
    """Keep which film went where, by the names of the pictures."""
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("image", "patient_id", "source", "behind_heart", "split"))
        for film in films:
            writer.writerow((film.path.name, film.patient, film.source, film.behind_heart, film.split))
    partial.replace(path)


def read_split(films: Sequence[MaskedFilm], path: Path) -> list[MaskedFilm]:
    """Give films the splits that were kept beside a run.

    Raises
    ------
    TrainingError
        When a film has none there: the collection has changed since.
    """
    if not path.is_file():
        raise TrainingError(f"The run must have kept its split; there is none at {path}.")
    with path.open(encoding="utf-8", newline="") as stream:
        kept = {row["image"]: row["split"] for row in csv.DictReader(stream)}
    strange = [film.path.name for film in films if film.path.name not in kept]
    if strange or len(kept) != len(films):
        raise TrainingError(
            f"The films must be those that the run split; {len(kept)} were, {len(films)} are there, "
            f"{len(strange)} of them unknown ({', '.join(strange[:3])}).",
            remedy="Give the collection the run was trained on with --data.",
        )
    return [replace(film, split=kept[film.path.name]) for film in films]


def of_split(films: Sequence[MaskedFilm], split: str) -> list[MaskedFilm]:
    """The films of one split, in order."""
    return [film for film in films if film.split == split]


def read_mask(path: Path, width: int, height: int) -> NDArray[np.bool_]:
    """What people drew, in the film's own frame.

    Returns
    -------
    ndarray of bool, shape (height, width)

    Raises
    ------
    TrainingError
        When the picture cannot be read, or is of another shape than its film.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None or picture.shape != (height, width):
        received = "no picture" if picture is None else f"{picture.shape[1]} x {picture.shape[0]}"
        raise TrainingError(
            f"{path} must be a mask of {width} x {height} like its film; received {received}."
        )
    return np.asarray(picture > 127)


def prepare_mask(mask: NDArray[np.bool_], preparation: Preparation) -> NDArray[np.bool_]:
    """Take a mask where the preparation takes its film: cropped and fitted, false in the bars.

    Returns
    -------
    ndarray of bool, shape (input_height, input_width)
        A pixel is in where at least half of what it covers is.
    """
    content = preparation.content
    kept = cut(mask.astype(np.float32), preparation.crop)
    shrinks = content.width < kept.shape[1] or content.height < kept.shape[0]
    fitted = cv2.resize(
        kept, (content.width, content.height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    frame = np.zeros((preparation.input_height, preparation.input_width), np.bool_)
    cut(frame, content)[:] = fitted >= 0.5
    return frame


@dataclass(frozen=True, slots=True, eq=False)
class PreparedMasks:
    """Films and masks as the network sees them.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (n, H, W, 1)
        Grey levels 0-255.
    lungs : ndarray of uint8, shape (n, H, W, 1)
        0 or 1.
    ignored : ndarray of uint8, shape (n, H, W, 1)
        1 where nothing is learned: inside the heart, where its hidden lung was drawn against the custom of
        the other collections.
    """

    pixels: NDArray[np.uint8]
    lungs: NDArray[np.uint8]
    ignored: NDArray[np.uint8]


def prepare_masks(films: Sequence[MaskedFilm], spec: PreparationSpec) -> PreparedMasks:
    """Prepare films with the app's own functions, and their masks with the same geometry.

    Raises
    ------
    TrainingError
        Naming the file that cannot be read.
    """
    shape = (len(films), spec.height, spec.width, 1)
    made = PreparedMasks(*(np.zeros(shape, np.uint8) for _ in range(3)))
    for row, film in enumerate(films):
        try:
            radiograph = decode(film.path.read_bytes())
        except FilmError as error:
            raise TrainingError(f"{film.path} must be a film that can be read; {error.message}") from error
        preparation = plan_preparation(radiograph, spec)
        size = (radiograph.width, radiograph.height)
        made.pixels[row] = np.rint(apply_preparation(radiograph, preparation)).astype(np.uint8)
        made.lungs[row, :, :, 0] = prepare_mask(read_mask(film.mask, *size), preparation)
        if film.heart is not None and film.behind_heart == INCLUDED:
            made.ignored[row, :, :, 0] = prepare_mask(read_mask(film.heart, *size), preparation)
    return made
