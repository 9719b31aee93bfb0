"""The table of a run: begun, or gone on with where the same question left off; never emptied unasked."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cxr_dash.cli.scoring.again import forget_errors
from cxr_dash.cli.scoring.cluster import FarRow
from cxr_dash.cli.scoring.film import Scored, columns, further_columns
from cxr_dash.cli.scoring.parquet import (
    SUFFIX,
    require_pyarrow,
    stored_errors,
    stored_rows,
    stored_status,
    write_parquet,
)
from cxr_dash.cli.scoring.record import Question, Record, read_record
from cxr_dash.cli.scoring.rows import RowFile, check_unlocked
from cxr_dash.cli.scoring.tally import Tally
from cxr_dash.errors import RequestError
from cxr_dash.inference.schema import BundleSpec

_BEGIN_ANEW = "Choose another file, or begin anew with `--overwrite`."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table lies, and what lies beside it.

    Attributes
    ----------
    out : Path
        As given; what ends in ``.parquet`` becomes Parquet when every film has its row, all else is CSV.
    """

    out: Path

    @property
    def parquet(self) -> bool:
        """Whether it is to be Parquet."""
        return self.out.suffix.lower() == SUFFIX

    @property
    def record(self) -> Path:
        """The record of what was asked."""
        return self.out.with_name(f"{self.out.name}.json")

    @property
    def keeps(self) -> bool:
        """False for a pipe or a device, which has no rows to go on from."""
        return self.out.is_file() or not self.out.exists()

    def journal(self, stored: int) -> Path:
        """Where rows are added: the table itself, or a file beside it named by the rows it goes behind.

        A journal whose rows went into the Parquet file, but which was not deleted, has a smaller number.
        """
        return self.out.with_name(f"{self.out.name}.rows-{stored}.csv") if self.parquet else self.out

    def journals(self) -> list[Path]:
        """Every such file beside the table."""
        if not self.parquet:
            return []
        return sorted(self.out.parent.glob(f"{glob.escape(self.out.name)}.rows-*.csv"))

    def own(self) -> list[Path]:
        """What is no film wherever it lies, the journal of the command that is to come among it."""
        stored = left = 0
        if self.parquet:
            with suppress(RequestError, ImportError):  # both are said when the table is opened
                stored = stored_rows(self.out)
                left = stored - stored_errors(self.out)
        journals = [self.journal(rows) for rows in (0, left, stored)]
        return [self.out, self.record, *journals, *self.journals()]


class ResultTable:
    """A table that rows are added to, in order.

    Parameters
    ----------
    place : Place
    asked : Question
    spec : BundleSpec
        Of the model that is asked: it names the columns.
    overwrite : bool
        Delete what is there first.
    again : bool
        Forget first which films could not be read, so that they are asked anew.

    Raises
    ------
    RequestError
        When there is a table already that is not of this question, or another command is writing it.
    BackendMissingError
        When Parquet cannot be written here.
    OSError
    """

    def __init__(
        self, place: Place, asked: Question, spec: BundleSpec, *, overwrite: bool = False, again: bool = False
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._place, self._spec = place, spec
        self._header = columns(spec) + (further_columns(spec) if place.parquet else [])
        self._done = Tally()
        if place.parquet:
            require_pyarrow()
        if overwrite:
            _delete(place)
        self._record = _record_for(place, asked)
        if again:
            forget_errors(place, self._header)
        self._stored = stored_rows(place.out) if place.parquet else 0
        if place.keeps and not self._record.starts:
            # before the first row: rows without a record could not be gone on with
            self._record.write(place.record)
        self._rows = RowFile(place.journal(self._stored), self._header)

    def recover(self) -> Iterator[tuple[str, str]]:
        """Path and status of each row that is there, in order; must be read to its end before any other use.

        Raises
        ------
        RequestError
        """
        for path, status in self._there():
            self._done.add(path)
            self.counts[status] += 1
            yield path, status
        for old in self._place.journals():
            if old != self._rows.path:
                old.unlink()
        self._record.started(len(self._done))
        if self._place.keeps:
            self._record.write(self._place.record)

    def _there(self) -> Iterator[tuple[str, str]]:
        if self._stored:
            yield from stored_status(self._place.out)
        for cells in self._rows.recover():
            yield cells[0].removeprefix("'"), cells[1]

    def has(self, path: str) -> bool:
        """Whether a film that is met has its row already; of two rows for one path each is met once."""
        return self._done.take(path)

    def add(self, row: Scored | FarRow) -> None:
        """Write a film's row."""
        further = row.further_cells(self._spec) if self._place.parquet else []
        self._rows.add(row.cells(self._spec) + further)
        self.counts[row.status] += 1

    def finish(self) -> None:
        """Every film has its row: make the Parquet file, and say so in the record."""
        self._rows.close()
        self._record.ended(self.counts)
        if self._place.parquet:
            if self.counts.total() > self._stored or not self._stored:
                self._write_parquet()
            self._rows.path.unlink()
        if self._place.keeps:
            self._record.write(self._place.record)

    def _write_parquet(self) -> None:
        asked = self._record.asked
        constants = {name: asked[name] for name in ("model_version", "model_sha256")}
        write_parquet(self._place.out, self._rows.path, self._header, constants, self._record.text())

    def close(self) -> None:
        """Let go of the files; rows stay where they are."""
        self._rows.close()
        self._done.close()


def _record_for(place: Place, asked: Question) -> Record:
    """The record to go on with, or a new one where there are no rows.

    Raises
    ------
    RequestError
    """
    _check_record(place)
    fresh = Record(asked.data())
    held = [path for path in (place.out, *place.journals()) if path.is_file() and path.stat().st_size]
    found = read_record(place.record)
    if not held:
        return fresh
    if found is None:
        raise RequestError(
            f"`--out` must be a new file, or one that `cxr-dash score` began; {held[0]} has no record beside "
            f"it ({place.record.name}).",
            remedy=_BEGIN_ANEW,
        )
    if other := found.other(asked):
        raise RequestError(
            f"`--out` must be a new file, or be of the same question; {held[0]} was made with other values "
            f"of: {', '.join(other)}.",
            remedy=f"{place.record.name} says which. {_BEGIN_ANEW}",
        )
    return found


def _check_record(place: Place) -> None:
    if place.record.exists() and read_record(place.record) is None:
        raise RequestError(
            f"The record of `--out` must be a new file, or one that `cxr-dash score` wrote; received "
            f"{place.record}.",
            remedy="Choose another `--out`.",
        )


def _delete(place: Place) -> None:
    """Delete the table and its record, or nothing where the record's place holds a file that is not ours."""
    if not place.keeps:
        return
    _check_record(place)
    for path in (place.out, *place.journals()):
        with suppress(FileNotFoundError):
            check_unlocked(path)
            path.unlink()
    place.record.unlink(missing_ok=True)
