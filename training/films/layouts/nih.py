"""NIH ChestX-ray14 as it is downloaded: a table, two official lists, twelve folders of films, boxes."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from cxr_dash.errors import TrainingError
from training.films.layouts.base import Collection, LesionBox, ReadOptions, need_file
from training.films.manifest import Film

TABLE = "Data_Entry_2017.csv"
LISTS = {"train": "train_val_list.txt", "test": "test_list.txt"}
BOXES = "BBox_List_2017.csv"
SOURCE = "nih-chestxray14"
_COLUMNS = ("Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age", "Patient Gender")
_VIEW = "View Position"
# The box list has its own word for one finding.
_BOX_NAMES = {"Infiltrate": "Infiltration"}
_OLDEST = 120


def read_nih(root: Path, options: ReadOptions) -> Collection:
    """Read the table, the official lists where they are there, and the boxes where they are there.

    ``train_val_list.txt`` becomes ``train``; val is taken out of it later, by patient.

    Raises
    ------
    TrainingError
        Naming the file, row or film that is missing or not as published.
    """
    table = need_file(root / TABLE, "the table of ChestX-ray14")
    rows = _read_table(table)
    found = {path.name: path for path in sorted([*root.glob("images*/**/*.png"), *root.glob("*.png")])}
    missing = [row["Image Index"] for row in rows if row["Image Index"] not in found]
    if missing and (not options.allow_missing or len(missing) == len(rows)):
        raise TrainingError(
            f"{table} names {missing[0]}, which must be in {root}/images_*/images; {len(missing)} of "
            f"{len(rows)} films are not there.",
            remedy="Unpack every images_*.tar.gz, or pass --allow-missing to take the films that are there.",
        )
    splits = _official_splits(root)
    films = []
    for number, row in enumerate(rows, start=2):
        name = row["Image Index"]
        if name not in found:
            continue
        if splits and name not in splits:
            raise TrainingError(
                f"{name} ({table.name} row {number}) must be in one of {', '.join(LISTS.values())}."
            )
        films.append(_film(found[name], row, splits.get(name, ""), f"{table.name} row {number}", options))
    return Collection(films, _read_boxes(root, {film.path.name: film for film in films}, options))


def _read_table(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or [])]
        if missing:
            raise TrainingError(
                f"{table} must have the columns {', '.join(_COLUMNS)}; {', '.join(missing)} is missing from "
                f"{reader.fieldnames}."
            )
        return list(reader)


def _official_splits(root: Path) -> dict[str, str]:
    present = [name for name in LISTS.values() if (root / name).is_file()]
    if not present:
        return {}
    splits: dict[str, str] = {}
    for split, name in LISTS.items():
        path = need_file(root / name, f"the official list that belongs to {present[0]}")
        for film in path.read_text(encoding="utf-8").split():
            if splits.setdefault(film, split) != split:
                raise TrainingError(f"{path} must not share films with the other list; it shares {film}.")
    return splits


def _film(path: Path, row: dict[str, str], split: str, where: str, options: ReadOptions) -> Film:
    patient = row["Patient ID"].strip()
    # ages are years, in an older release "058Y"; a few are far beyond a life
    age = float(re.sub(r"\D", "", row["Patient Age"]) or "nan")
    return Film(
        path=path,
        labels=frozenset(options.key(name, where) for name in row["Finding Labels"].split("|")),
        split=split,
        source=options.source or SOURCE,
        group=f"nih-{patient}",
        patient=patient,
        age=age if age <= _OLDEST else None,
        sex=row["Patient Gender"].strip(),
        view=(row.get(_VIEW) or "").strip(),
        taken=row["Follow-up #"].strip(),
    )


def _read_boxes(root: Path, films: dict[str, Film], options: ReadOptions) -> list[LesionBox]:
    path = root / BOXES
    if not path.is_file():
        return []
    boxes = []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        # the header spreads one bracket, "Bbox [x,y,w,h]", over four columns: places count, not names
        next(reader, None)
        for number, row in enumerate(reader, start=2):
            where = f"{path} row {number}"
            try:
                name, label = row[0], row[1]
                x, y, width, height = (float(value) for value in row[2:6])
            except (IndexError, ValueError) as error:
                raise TrainingError(
                    f"{where} must be a film, a finding and x, y, w, h in pixels; received {row}."
                ) from error
            if name in films:
                key = options.key(_BOX_NAMES.get(label, label), where)
                boxes.append(LesionBox(films[name].path, key, x, y, width, height, films[name].patient))
    return boxes
