"""Films written down as a ``manifest.csv``, and manifests copied with other splits or fewer rows."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cxr_dash.errors import TrainingError
from training.films.manifest import Film, read_manifest

COLUMNS = ("path", "labels", "split", "patient_id", "split_group", "source", "sex", "age", "view")
EXTRA_COLUMNS = ("population", "study_date")


def write_manifest(films: Sequence[Film], path: Path) -> list[Film]:
    """Write films as a manifest, and read it back: what is returned is what training will see.

    Parameters
    ----------
    films : sequence of Film
        Labels are stable keys; every film has at least one and a split.
    path : Path
        Replaced when it is there. Paths in it are relative to its folder.

    Returns
    -------
    list of Film

    Raises
    ------
    TrainingError
        When the films do not make a valid manifest, for example a patient in two splits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "path": relative_path(film.path, path.parent),
            "labels": "|".join(sorted(film.labels)),
            "split": film.split,
            "patient_id": film.patient,
            "split_group": film.group,
            "source": film.source,
            "sex": film.sex,
            "age": "" if film.age is None else f"{film.age:g}",
            "view": film.view,
            "population": film.population,
            "study_date": film.taken,
        }
        for film in films
    ]
    _write(path, [*COLUMNS, *EXTRA_COLUMNS], rows)
    return read_manifest(path, own_labels=None)


def copy_manifest(manifest: Path, out: Path, splits: Mapping[int, str]) -> None:
    """Copy the rows of a manifest, with all their columns.

    Parameters
    ----------
    manifest : Path
    out : Path
        Paths in it are relative to its own folder.
    splits : mapping
        By row (0 is the first film) the split it gets; rows that are not named are left out.

    Raises
    ------
    TrainingError
        When ``out`` is ``manifest``: what people wrote by hand is not replaced.
    """
    if out.resolve() == manifest.resolve():
        raise TrainingError(
            f"`out` must be another file than the manifest; received {out}.",
            remedy="Give it a name of its own, for example manifest-split.csv beside it.",
        )
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        columns = list(reader.fieldnames or [])
        rows = [
            row | {"split": splits[index], "path": relative_path(manifest.parent / row["path"], out.parent)}
            for index, row in enumerate(reader)
            if index in splits
        ]
    out.parent.mkdir(parents=True, exist_ok=True)
    _write(out, columns if "split" in columns else [*columns, "split"], rows)


def relative_path(file: Path, folder: Path) -> str:
    """The file's path as a manifest in ``folder`` writes it: relative, with forward slashes."""
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()


def _write(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
