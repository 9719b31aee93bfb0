"""The names in a folder, sorted, however many there are: beyond a few thousand they wait on the disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain, islice

# Held in memory; a folder of more is sorted by a temporary database that spills to the disk by itself.
FEW = 20_000


def sorted_names(folder: str, keep: Callable[[str], bool], *, few: int | None = None) -> Iterator[str]:
    """The names in a folder that are kept, sorted by their bytes.

    Parameters
    ----------
    folder : str
    keep : callable
        Whether a name counts.
    few : int
        How many names are held in memory at most; ``FEW`` when left out.

    Returns
    -------
    iterator of str
        Names as the file system has them: a byte that is no UTF-8 is a surrogate.

    Raises
    ------
    OSError
        At once, when the folder cannot be read.
    """
    few = FEW if few is None else few
    with os.scandir(folder) as entries:
        names = (entry.name for entry in entries if keep(entry.name))
        first = list(islice(names, few))
        if len(first) < few:
            return iter(sorted(first, key=os.fsencode))
        return _sorted_on_disk(chain(first, names))


def _sorted_on_disk(names: Iterable[str]) -> Iterator[str]:
    # The empty name is a temporary file that is deleted when closed. A generator may end in another thread.
    database = sqlite3.connect("", check_same_thread=False)
    database.execute("CREATE TABLE names (name BLOB)")
    database.executemany("INSERT INTO names VALUES (?)", ((os.fsencode(name),) for name in names))

    def read() -> Iterator[str]:
        with closing(database):
            for (name,) in database.execute("SELECT name FROM names ORDER BY name"):
                yield os.fsdecode(name)

    return read()
