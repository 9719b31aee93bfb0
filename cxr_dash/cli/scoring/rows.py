"""Rows in a file, each written whole or, after a kill, cut off: a CSV file that is only ever added to."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO

from cxr_dash.errors import RequestError
from cxr_dash.services.exports import csv_line

# Of any path and reason; so much of a row that was interrupted is cut off, never more.
_LONGEST_ROW = 1 << 20


class RowFile:
    """A CSV file that rows are added to, open until it is closed, and no other process's meanwhile.

    Parameters
    ----------
    path : Path
        Made when it does not exist; never emptied.
    header : sequence of str
        What its first row says.

    Raises
    ------
    RequestError
        When another process has it open.
    OSError
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path = path
        self._header = list(header)
        # Unbuffered: a row is one call of the system, so that a kill between two calls leaves whole rows.
        self._stream = path.open("ab", buffering=0)
        try:
            _lock(self._stream, path)
        except BaseException:
            self._stream.close()
            raise

    def recover(self) -> Iterator[list[str]]:
        """The rows that are there, without the first; must be read to its end before a row is added.

        What an interruption left of one row is cut off then; a file without rows gets its first.

        Raises
        ------
        RequestError
            When a row is not of this table; nothing is changed.
        """
        whole = 0
        if not self._is_file():
            self.add(self._header)
            return
        with self.path.open("rb") as stream:
            for number, (end, _, cells) in enumerate(_checked(stream, self.path, self._header)):
                whole = end
                if number:
                    yield cells
        self._stream.truncate(whole)
        if not whole:
            self.add(self._header)

    def add(self, cells: Sequence[str]) -> None:
        """Write one row."""
        # The names of files need not be UTF-8, but one such byte would keep readers from the whole table.
        data = memoryview(csv_line(cells).encode("utf-8", "backslashreplace"))
        while data:
            data = data[self._stream.write(data) :]

    def close(self) -> None:
        """Wait until the disk has it, and let go of it."""
        if self._stream.closed:
            return
        with self._stream:
            if self._is_file():
                os.fsync(self._stream.fileno())

    def _is_file(self) -> bool:
        """False for a pipe or a device, which keeps nothing."""
        return self.path.is_file()


def copy_rows(path: Path, target: Path, header: Sequence[str], keep: Callable[[Sequence[str]], bool]) -> None:
    """Write those rows of a file that are to be kept to another file, or over it, in one step.

    What an interruption left of one row is not copied. Without a file, or with an empty one, nothing is done.

    Raises
    ------
    RequestError
        When a row is not of this table; nothing is changed.
    OSError
    """
    if not path.is_file() or not path.stat().st_size:
        return
    target = target.resolve()
    draft = target.with_name(f".{target.name}.tmp")
    try:
        with path.open("rb") as stream, draft.open("wb") as out:
            for number, (_, record, cells) in enumerate(_checked(stream, path, header)):
                if not number or keep(cells):
                    out.write(record)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _checked(stream: BinaryIO, path: Path, header: Sequence[str]) -> Iterator[tuple[int, bytes, list[str]]]:
    """Whole rows, the header among them: where each ends, its bytes and its cells."""
    for number, (end, record) in enumerate(_records(stream)):
        cells = _cells(record)
        if len(cells) != len(header) or (number == 0 and cells != list(header)):
            raise RequestError(
                f"Row {number + 1} of {path} must have the {len(header)} cells of this "
                f"table; received {len(cells)}.",
                remedy="It was changed: choose another `--out`, or begin anew with `--overwrite`.",
            )
        yield end, record, cells


def _records(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Whole records and where each ends: a line feed within quotation marks ends none."""
    end, record, quotes = 0, [], 0
    for line in stream:
        record.append(line)
        quotes += line.count(b'"')
        if sum(map(len, record)) > _LONGEST_ROW:
            yield end, b""  # no row of ours
            return
        if line.endswith(b"\n") and quotes % 2 == 0:
            data = b"".join(record)
            end += len(data)
            yield end, data
            record, quotes = [], 0


def _cells(record: bytes) -> list[str]:
    # not strict: what is no table is refused by its cells
    text = record.decode("utf-8", "replace").removesuffix("\n")
    try:
        return next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        return []


def check_unlocked(path: Path) -> None:
    """Refuse a file that another command is writing.

    Raises
    ------
    RequestError
    FileNotFoundError
    """
    with path.open("rb") as stream:
        _lock(stream, path)


def _lock(stream: IO[bytes], path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RequestError(
            f"`--out` must be written by one command at a time; another one is writing {path}.",
            remedy="Wait for it, or choose another file.",
        ) from None
    except OSError:
        return  # a file system, or a pipe, without locks
