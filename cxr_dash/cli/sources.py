"""The films that a command line means: files, what is in a ZIP, and what a DICOMDIR lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_dash.cli.dicomdir import is_dicomdir, referenced_files
from cxr_dash.cli.films import find_files, read_film
from cxr_dash.cli.zipped import is_zip, zipped_films
from cxr_dash.errors import FilmError, RequestError


@dataclass(frozen=True, slots=True)
class Source:
    """One film, not read yet.

    Attributes
    ----------
    path : str
        As its row names it: the path as given, or the archive's path, a slash and the name in it.
    read : callable
        Gives the bytes, for at most so many; raises ``FilmError`` where they cannot be had.
    """

    path: str
    read: Callable[[int], bytes]


def find_sources(paths: Sequence[str], *, leave_out: Sequence[Path] = ()) -> list[Source]:
    """The films behind the paths, in order; nothing is read but lists of contents, and nothing is unpacked.

    Parameters
    ----------
    paths : sequence of str
        Files, folders, ZIP files, DICOMDIR files. A ZIP is known by its content, within folders too. A
        DICOMDIR stands for the images it lists; within a folder, where they are found anyway, it is left out.
    leave_out : sequence of Path
        The command's own output.

    Raises
    ------
    RequestError
        As :func:`~cxr_dash.cli.films.find_files` does.
    """
    given = set(paths)
    return [
        source
        for path in find_files(paths, leave_out=leave_out)
        for source in _expanded(path, named=path in given)
    ]


def only_source(path: str) -> Source:
    """The one film behind a path.

    Raises
    ------
    RequestError
        When there is none, or more than one.
    """
    found = find_sources([path])
    if len(found) != 1:
        raise RequestError(
            f"`FILE` must be one film, or hold one; received {path!r} with {len(found)}.",
            remedy="`cxr-dash score` reads many.",
        )
    return found[0]


def _expanded(path: str, *, named: bool) -> Iterator[Source]:
    try:
        if is_zip(path):
            for name, read in zipped_films(path):
                yield Source(f"{path}/{name}", read)
        elif named and is_dicomdir(path):
            for file in referenced_files(path):
                yield Source(file, _reader(file))
        else:
            yield Source(path, _reader(path))
    except FilmError as error:
        yield Source(path, _failing(error))


def _reader(path: str) -> Callable[[int], bytes]:
    return lambda max_bytes: read_film(Path(path), max_bytes)


def _failing(error: FilmError) -> Callable[[int], bytes]:
    def fail(_max_bytes: int) -> bytes:
        raise error

    return fail
