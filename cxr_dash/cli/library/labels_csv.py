"""``labels.csv``: which films a reference library takes, and what the site says of each."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_dash.cli.films import find_files
from cxr_dash.errors import RequestError
from cxr_dash.imaging import film_suffixes

LABELS_FILE = "labels.csv"
_NEEDED = ("file", "labels")
_ALLOWED = (*_NEEDED, "note")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the table.

    Attributes
    ----------
    file : str
        Relative to the table's folder, as written.
    labels : tuple of str
        Label keys or free text, as written; may be empty.
    note : str
    """

    file: str
    labels: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A film that does not enter the library, or not for every model, and why."""

    file: str
    reason: str


def read_labels(folder: Path) -> list[Listed]:
    """The lines of ``labels.csv``, in its order.

    Raises
    ------
    RequestError
        When the table is missing, is no UTF-8, lacks a column or has one that is not known, or is empty.
    """
    path = folder / LABELS_FILE
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, restkey="", strict=True)
            _check_columns(reader.fieldnames or [])
            listed = [_line(row, number) for number, row in enumerate(reader, start=2)]
    except OSError as error:
        raise RequestError(
            f"`DIR` must hold a table {LABELS_FILE}; received {str(folder)!r}: {error.strerror}.",
            remedy="One line for each film, with the columns file and labels, and note where you like.",
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RequestError(
            f"{LABELS_FILE} must be comma-separated UTF-8; received {error}.",
            remedy="Save it as CSV UTF-8.",
        ) from error
    if not listed:
        raise RequestError(
            f"{LABELS_FILE} must have a line for each film; received only its header.",
            remedy="Add a line for each film.",
        )
    return listed


def _check_columns(columns: Sequence[str]) -> None:
    missing = [name for name in _NEEDED if name not in columns]
    unknown = [name for name in columns if name not in _ALLOWED]
    if not missing and not unknown:
        return
    raise RequestError(
        f"{LABELS_FILE} must have the columns file and labels, and may have note; "
        f"received {', '.join(columns) or 'no header'}.",
        remedy="Separate columns by commas and labels by semicolons; leave out what must not be kept.",
    )


def _line(row: dict[str, str | None], number: int) -> Listed:
    file = (row["file"] or "").strip()
    if not file or "" in row:
        raise RequestError(
            f"Every line of {LABELS_FILE} must have a file and as many cells as the header; "
            f"line {number} has not.",
            remedy="Put quotation marks around a cell that holds a comma.",
        )
    labels = tuple(dict.fromkeys(text.strip() for text in (row["labels"] or "").split(";") if text.strip()))
    return Listed(file, labels, (row.get("note") or "").strip())


def sort_out(folder: Path, listed: list[Listed]) -> tuple[list[Listed], list[LeftOut]]:
    """The lines whose film is there, and what is wrong with the others; also films that no line names."""
    films: list[Listed] = []
    left_out: list[LeftOut] = []
    seen: set[Path] = set()
    for one in listed:
        path, wrong = _find(folder, one.file, seen)
        if wrong:
            left_out.append(LeftOut(one.file, wrong))
        else:
            films.append(one)
        seen |= {path} if path else set()
    for found in find_files([str(folder)]):
        path = Path(found)
        if path.suffix.lower() in film_suffixes() and path.resolve() not in seen:
            left_out.append(LeftOut(str(path.relative_to(folder)), f"is not in {LABELS_FILE}"))
    return films, left_out


def _find(folder: Path, file: str, seen: set[Path]) -> tuple[Path | None, str]:
    """Where a line's film lies, and what is wrong with that; a name may be none that a disk can hold."""
    try:
        path = (folder / file).resolve()
        if not path.is_relative_to(folder.resolve()):
            return path, "lies outside the folder"
        if path in seen:
            return path, f"is in {LABELS_FILE} twice; the first line counts"
        return path, "" if path.is_file() else "no such file"
    except (OSError, ValueError):
        return None, "no such file"
