"""``manifest.csv`` read into films, checked before a minute of training is spent on it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from cxr_dash.errors import TrainingError
from training.labels import label_key
from training.recipe.further import TornPatients

_REQUIRED = ("path", "split")
# where a patient is in several splits, the films of the one that measures most stay
_MEASURES = {"train": 1, "val": 2, "test": 3, "external": 4}


@dataclass(frozen=True, slots=True)
class Film:
    """One row of a manifest.

    Attributes
    ----------
    path : Path
        The film's file.
    labels : frozenset of str
        Stable keys; empty for a film without any finding.
    split : str
        ``train``, ``val``, ``test``, ``external`` or empty; by a recipe ``natural_val``, ``natural`` too.
    source : str
    group : str
        What must not be torn apart between splits: the patient where known.
    patient : str
        Empty where unknown.
    age : float or None
        Years.
    sex, view, population : str
        Empty where unknown.
    taken : str
        When: a date (``2020-03-31``) or the number of the follow-up; empty where unknown.
    where : str
        Manifest and row, for messages.
    answers : frozenset of str or None
        The labels that ``labels`` speaks of, true or not; None: every label of the recipe but its auxiliary
        ones.
    weight : float, above 0
        How much it counts in training.
    """

    path: Path
    labels: frozenset[str]
    split: str
    source: str = ""
    group: str = ""
    patient: str = ""
    age: float | None = None
    sex: str = ""
    view: str = ""
    population: str = ""
    taken: str = ""
    where: str = ""
    answers: frozenset[str] | None = None
    weight: float = 1.0


def open_manifest(path: Path) -> TextIO:
    """A manifest, open to be read as CSV; a byte order mark is passed over.

    Raises
    ------
    TrainingError
        When there is no such file.
    """
    if not path.is_file():
        raise TrainingError(
            f"A manifest must be a CSV file; there is none at {path}.",
            remedy="Pass its folder with --data, or correct `manifest` in the recipe's section `data`.",
        )
    return path.open(encoding="utf-8-sig", newline="")


def read_manifest(
    path: Path,
    *,
    free_labels: bool = False,
    negative_label: str | None = None,
    unsplit: bool = False,
    leave_out: Mapping[str, Collection[str]] | None = None,
    torn: TornPatients | None = None,
    leave_out_rows: Mapping[str, Collection[str]] | None = None,
    own_labels: Collection[str] | None = (),
) -> list[Film]:
    """Read and check a manifest.

    Parameters
    ----------
    path : Path
        CSV with a header; paths in it are relative to its folder.
    free_labels : bool
        Take labels as they are (lists of non-films), and allow rows without a split.
    negative_label : str, optional
        The label that means "none of them".
    unsplit : bool
        Leave every film's split empty, because it is to be made: the column may be missing. Films of other
        hospitals stay ``external``.
    leave_out : mapping, optional
        Column to values: rows with one of them are left out, with every other film of the same patient.
    torn : {"refuse", "leave_out", "train_gives_way"}, optional
        What becomes of patients whose films the publisher put into several splits: an error; all their films
        are left out; or those of test stay, or else those of val, and the others are left out. With a mapping
        ``leave_out`` they are left out, without one they are refused, if this is not given.
    leave_out_rows : mapping, optional
        Column to values: rows with one of them are left out, and not their patients.
    own_labels : collection of str or None
        Keys that a recipe or a bundle has beside the known ones; None takes any, where nothing is learned or
        measured by them.

    Returns
    -------
    list of Film

    Raises
    ------
    TrainingError
        Naming file, row and what was expected: missing columns or files, unknown labels, empty manifest,
        or a patient with films in two splits.
    """
    with open_manifest(path) as stream:
        reader = csv.DictReader(stream)
        columns = reader.fieldnames or []
        column = next((name for name in ("labels", "label") if name in columns), None)
        missing = [
            name
            for name in _REQUIRED
            if name not in columns and not ((free_labels or unsplit) and name == "split")
        ]
        if missing or column is None:
            raise TrainingError(
                f"{path} must have the columns path, split and labels (or label); received {columns}.",
                remedy=f"Missing: {', '.join([*missing, *([] if column else ['labels'])])}.",
            )
        rows = list(reader)

        def keys_of(name: str) -> str:
            return name if free_labels else label_key(name, own_labels)

        films = [
            _film(path, number, row, column, keys_of=keys_of, negative_label=negative_label)
            for number, row in enumerate(rows, start=2)
        ]
    if not films:
        raise TrainingError(f"{path} must name at least one film; received only a header.")
    if unsplit:
        return [film if film.split == "external" else replace(film, split="") for film in films]
    torn = torn or ("refuse" if leave_out is None else "leave_out")
    films = _without(films, rows, leave_out or {}, leave_out_rows or {})
    if torn != "refuse":
        films = _mended(films, torn)
    check_disjoint(films, path.name)
    return films


def _without(
    films: list[Film],
    rows: Sequence[Mapping[str, str]],
    leave_out: Mapping[str, Collection[str]],
    leave_out_rows: Mapping[str, Collection[str]],
) -> list[Film]:
    """The films of patients that have no row of the first kind, without rows of the second."""

    def one_of(row: Mapping[str, str], values: Mapping[str, Collection[str]]) -> bool:
        return any((row.get(column) or "") in listed for column, listed in values.items())

    pairs = list(zip(films, rows, strict=True))
    lost = {film.group for film, row in pairs if one_of(row, leave_out)}
    return [film for film, row in pairs if film.group not in lost and not one_of(row, leave_out_rows)]


def _mended(films: list[Film], torn: TornPatients) -> list[Film]:
    """The films of patients that are in one split, and of others those of the split that measures."""
    splits: dict[str, set[str]] = defaultdict(set)
    for film in films:
        splits[film.group].add(film.split)
    if torn == "leave_out":
        return [film for film in films if len(splits[film.group]) == 1]
    stays = {group: max(found, key=lambda split: _MEASURES.get(split, 0)) for group, found in splits.items()}
    return [film for film in films if film.split == stays[film.group]]


def _film(
    manifest: Path,
    number: int,
    row: dict[str, str],
    column: str,
    *,
    keys_of: Callable[[str], str],
    negative_label: str | None,
) -> Film:
    where = f"{manifest.name} row {number}"
    file = manifest.parent / (row["path"] or "")
    if not file.is_file():
        raise TrainingError(
            f"{where}: `path` must be a file beside the manifest; received {row['path']!r}.",
            remedy=f"Expected it at {file}.",
        )
    names = [name for name in (row[column] or "").split("|") if name.strip()]
    try:
        keys = [keys_of(name) for name in names]
    except TrainingError as error:
        raise TrainingError(f"{where}: {error.message}", remedy=error.remedy) from error
    if not keys:
        raise TrainingError(
            f"{where}: `{column}` must name at least one label; received an empty cell.",
            remedy="Write the negative label out, for example `No Finding`.",
        )
    if negative_label in keys and len(keys) > 1:
        raise TrainingError(f"{where}: {negative_label!r} must stand alone; received {row[column]!r}.")
    return Film(
        path=file,
        labels=frozenset(key for key in keys if key != negative_label),
        split=(row.get("split") or "").strip(),
        source=(row.get("source") or "").strip(),
        group=(row.get("split_group") or row.get("patient_id") or row["path"]).strip(),
        patient=(row.get("patient_id") or "").strip(),
        age=number_in(row.get("age")),
        sex=(row.get("sex") or "").strip(),
        view=(row.get("view") or "").strip(),
        population=(row.get("population") or "").strip(),
        taken=(row.get("study_date") or row.get("followup") or "").strip(),
        where=where,
    )


def number_in(text: str | None) -> float | None:
    """The number a cell holds; None where it holds none."""
    try:
        return float(text or "")
    except ValueError:
        return None


def check_disjoint(films: Iterable[Film], name: str) -> None:
    """Refuse a manifest in which one patient or split group has films in two splits.

    Raises
    ------
    TrainingError
    """
    splits: dict[str, set[str]] = defaultdict(set)
    for film in films:
        splits[f"split_group {film.group}"].add(film.split)
        if film.patient:
            # patient numbers are only unique inside one source
            splits[f"patient {film.patient} of {film.source or 'the manifest'}"].add(film.split)
    torn = sorted(key for key, found in splits.items() if len(found) > 1)
    if torn:
        raise TrainingError(
            f"{name} must keep all films of a patient in one split; {torn[0]} is in "
            f"{', '.join(sorted(splits[torn[0]]))} ({len(torn)} such in all).",
            remedy="Split by patient, not by film.",
        )


def of_split(films: Sequence[Film], split: str) -> list[Film]:
    """The films of one split, in manifest order.

    Raises
    ------
    TrainingError
        When there is none.
    """
    chosen = [film for film in films if film.split == split]
    if not chosen:
        raise TrainingError(
            f"The manifest must have films of split {split!r}; it has {sorted({f.split for f in films})}.",
            remedy="Choose another split, or correct the manifest.",
        )
    return chosen
