"""The films that a command line means: files, what is in a ZIP, and what a DICOMDIR lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cxr_dash.cli.dicomdir import is_dicomdir, referenced_files
from cxr_dash.cli.films import files_of, look_at, read_film, real_paths
from cxr_dash.cli.zipped import Read, is_zip, zipped_films
from cxr_dash.errors import FilmError, RequestError


@dataclass(frozen=True, slots=True)
class Source:
    """One film, not read yet; it can be sent to another process.

    Attributes
    ----------
    path : str
        As its row names it: the path as given, or the archive's path, a slash and the name in it.
    read : callable
        Gives the bytes, for at most so many; raises ``FilmError`` where they cannot be had.
    relative : str
        The path below the folder that was given, so the same wherever that folder is mounted; a file that was
        given by itself keeps its path.
    """

    path: str
    read: Read
    relative: str


def find_sources(paths: Sequence[str], *, leave_out: Sequence[Path] = ()) -> Iterator[Source]:
    """The films behind the paths, in order; nothing is read but lists of contents, and nothing is unpacked.

    Parameters
    ----------
    paths : sequence of str
        Files, folders, ZIP files, DICOMDIR files. A ZIP is known by its content, within folders too. A
        DICOMDIR stands for the images it lists; within a folder, where they are found anyway, it is left out.
    leave_out : sequence of Path
        The command's own output.

    Returns
    -------
    iterator of Source
        Folders and archives are opened as it comes to them.

    Raises
    ------
    RequestError
        At once, as :func:`~cxr_dash.cli.films.find_files` does.
    """
    given, excluded = look_at(paths, leave_out=leave_out), real_paths(leave_out)
    return (
        source
        for one in given
        for path in files_of(one, excluded)
        for source in _expanded(path, named=not one.is_folder, below=one.path if one.is_folder else "")
    )


def only_source(path: str) -> Source:
    """The one film behind a path.

    Raises
    ------
    RequestError
        When there is none, or more than one.
    """
    found = list(find_sources([path]))
    if len(found) != 1:
        raise RequestError(
            f"`FILE` must be one film, or hold one; received {path!r} with {len(found)}.",
            remedy="`cxr-dash score` reads many.",
        )
    return found[0]


def _expanded(path: str, *, named: bool, below: str) -> Iterator[Source]:
    def source(path: str, read: Read) -> Source:
        return Source(path, read, path.removeprefix(below).lstrip("/") if below else path)

    try:
        if is_zip(path):
            for name, read in zipped_films(path):
                yield source(f"{path}/{name}", read)
        elif named and is_dicomdir(path):
            for file in referenced_files(path):
                yield source(file, partial(_read_file, file))
        else:
            yield source(path, partial(_read_file, path))
    except FilmError as error:
        yield source(path, partial(_fail, error))


def _read_file(path: str, max_bytes: int) -> bytes:
    return read_film(Path(path), max_bytes)


def _fail(error: FilmError, _max_bytes: int) -> bytes:
    raise error
