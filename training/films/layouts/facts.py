"""What a table of one's own says about the films of a folder: patient, source, age, projection."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from cxr_dash.errors import TrainingError
from training.films.manifest import open_manifest

FILE = "file"
COLUMNS = ("patient_id", "hospital", "source", "sex", "age", "view", "population", "study_date")

Facts = Mapping[str, Mapping[str, str]]


def read_facts(path: Path) -> Facts:
    """Rows by the name of the film's file, or by its path inside the collection.

    Parameters
    ----------
    path : Path
        CSV with a column ``file`` and any of :data:`COLUMNS`; others are not looked at.

    Raises
    ------
    TrainingError
        When there is no such file, it has no column ``file``, no row, or names a film twice.
    """
    facts: dict[str, Mapping[str, str]] = {}
    with open_manifest(path) as stream:
        reader = csv.DictReader(stream)
        if FILE not in (reader.fieldnames or []):
            raise TrainingError(
                f"{path} must have the column `{FILE}` and any of {', '.join(COLUMNS)}; received "
                f"{reader.fieldnames}."
            )
        for number, row in enumerate(reader, start=2):
            name = Path(row[FILE].strip()).as_posix()
            if name in facts:
                raise TrainingError(f"{path.name} row {number}: every film must stand once; {name} does not.")
            facts[name] = {key: (row.get(key) or "").strip() for key in COLUMNS}
    if not facts:
        raise TrainingError(f"{path} must have a row for every film; received only a header.")
    return facts


def check_names(facts: Facts, films: Sequence[Path], root: Path) -> None:
    """Refuse a table that names a film by a file name that another film has too.

    Raises
    ------
    TrainingError
        Naming both films.
    """
    named = defaultdict(list)
    for film in films:
        named[film.name].append(film.relative_to(root).as_posix())
    for name, inside in named.items():
        if name in facts and len(inside) > 1:
            raise TrainingError(
                f"A file name in the table of facts must be of one film; {name} is of {inside[0]} and "
                f"{inside[1]}.",
                remedy=f"Write their paths into the column `{FILE}`.",
            )


def facts_of(facts: Facts, film: Path, root: Path) -> Mapping[str, str]:
    """The row of a film; an empty one where there is no table.

    Raises
    ------
    TrainingError
        When the table has no row for it.
    """
    if not facts:
        return {}
    inside = film.relative_to(root).as_posix()
    found = facts.get(inside) or facts.get(film.name)
    if found is None:
        raise TrainingError(
            f"The table of facts must have a row for every film; there is none for {inside}.",
            remedy=f"Add a row with `{FILE}` {inside}, or take the film away.",
        )
    return found
