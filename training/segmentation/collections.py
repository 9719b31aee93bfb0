"""Collections of films with masks: read, and divided by patient."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cxr_dash.errors import TrainingError
from training.films.manifest import Film, open_manifest
from training.films.splits import split_by_patient
from training.recipe.segmenter import Collections, MaskCollectionRecipe
from training.writing import whole_file

COLUMNS = ("mask", "patient_id", "source")
IMAGE = ("image", "path")  # one of the two names the film


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
    ratio : float or None
        Cardiothoracic ratio that the collection states, 0-1.
    split : str
        ``train``, ``val``, ``test``, or empty.
    """

    path: Path
    mask: Path
    heart: Path | None
    patient: str
    source: str
    behind_heart: str
    ratio: float | None = None
    split: str = ""

    @property
    def group(self) -> str:
        """The patient, told apart from one of the same number in another collection."""
        return f"{self.source}:{self.patient}"

    @property
    def name(self) -> str:
        """The picture, told apart from one of the same name in another collection."""
        return f"{self.source}:{self.path.name}"


def read_collections(root: Path, collections: Collections, seed: int) -> list[MaskedFilm]:
    """All films of some collections, each collection divided by itself: it keeps its split whoever joins.

    Parameters
    ----------
    root : Path
        Folder that their manifests are relative to.
    collections : dict of str to MaskCollectionRecipe
    seed : int

    Raises
    ------
    TrainingError
        As :func:`read_masked_films`; and when two films go by one name.
    """
    films = []
    for collection in collections.values():
        read = read_masked_films(root / collection.manifest, collection.behind_heart)
        films += divide(read, collection, seed)
    if len({film.name for film in films}) != len(films):
        raise TrainingError("Films of one source must have names of their own; two go by the same.")
    return films


def read_masked_films(manifest: Path, behind_heart: str = "excluded") -> list[MaskedFilm]:
    """Read the manifest of a collection of films with masks.

    Parameters
    ----------
    manifest : Path
    behind_heart : str
        Of films of which the manifest does not say it.

    Raises
    ------
    TrainingError
        Naming the file, and the column or picture that is missing.
    """
    with open_manifest(manifest) as stream:
        reader = csv.DictReader(stream)
        names = reader.fieldnames or []
        missing = [name for name in COLUMNS if name not in names]
        if not set(IMAGE) & set(names):
            missing.insert(0, IMAGE[0])
        if missing:
            raise TrainingError(
                f"{manifest} must have the columns {', '.join((IMAGE[0], *COLUMNS))}; "
                f"{', '.join(missing)} missing."
            )
        films = [_film(manifest, row, behind_heart) for row in reader]
    if not films:
        raise TrainingError(f"{manifest} must name at least one film; received only a header.")
    return films


def _film(manifest: Path, row: Mapping[str, str], behind_heart: str) -> MaskedFilm:
    heart, ratio = row.get("heart"), row.get("cardiothoracic_ratio")
    image = row.get("image") or row["path"]
    film = MaskedFilm(
        path=manifest.parent / image,
        mask=manifest.parent / row["mask"],
        heart=manifest.parent / heart if heart else None,
        patient=row["patient_id"] or image,
        source=row["source"],
        behind_heart=row.get("behind_heart") or behind_heart,
        ratio=float(ratio) if ratio else None,
        split=row.get("split") or "",
    )
    for path in (film.path, film.mask, film.heart):
        if path is not None and not path.is_file():
            raise TrainingError(f"{manifest} names {path.name}; there is no such file at {path}.")
    return film


def divide(films: Sequence[MaskedFilm], data: MaskCollectionRecipe, seed: int) -> list[MaskedFilm]:
    """Give every film a split: by patient, each source in its share, the same for the same seed."""
    shares = {"train": 1 - data.val - data.test, "val": data.val, "test": data.test}
    plain = [
        Film(path=film.path, labels=frozenset({film.source}), split="", group=film.group) for film in films
    ]
    made = split_by_patient(plain, shares, seed)
    return [replace(film, split=place.split) for film, place in zip(films, made, strict=True)]


def write_split(films: Sequence[MaskedFilm], path: Path) -> None:
    """Keep which film went where, by the sources and names of the pictures."""
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("image", "patient_id", "source", "behind_heart", "split"))
        for film in films:
            writer.writerow((film.path.name, film.patient, film.source, film.behind_heart, film.split))


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
        kept = {f"{row['source']}:{row['image']}": row["split"] for row in csv.DictReader(stream)}
    strange = [film.name for film in films if film.name not in kept]
    if strange or len(kept) != len(films):
        raise TrainingError(
            f"The films must be those that the run split; {len(kept)} were, {len(films)} are there, "
            f"{len(strange)} of them unknown ({', '.join(strange[:3])}).",
            remedy="Give the collection the run was trained on with --data.",
        )
    return [replace(film, split=kept[film.name]) for film in films]


def of_split(films: Sequence[MaskedFilm], split: str) -> list[MaskedFilm]:
    """The films of one split, in order."""
    return [film for film in films if film.split == split]
