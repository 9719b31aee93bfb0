"""Which files a command line means, and their bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_dash.cli.long_folders import sorted_names
from cxr_dash.errors import EmptyFileError, FilmError, FilmTooLargeError, RequestError

# What systems and archives leave in folders by themselves, in small letters; none of it is a film.
_LEFT_BEHIND = {"thumbs.db", "ehthumbs.db", "desktop.ini", "dicomdir", "__macosx"}


def is_left_out(name: str) -> bool:
    """Whether what has this name in a folder or a ZIP is passed over: it is hidden, or an index."""
    return (name.startswith(".") and name not in {".", ".."}) or name.lower() in _LEFT_BEHIND


@dataclass(frozen=True, slots=True)
class Given:
    """One path of a command line, looked at once.

    Attributes
    ----------
    path : str
        As given.
    is_folder : bool
        Else it is a file.
    """

    path: str
    is_folder: bool


def look_at(paths: Sequence[str], *, leave_out: Sequence[Path] = ()) -> list[Given]:
    """The paths of a command line, before any work is done.

    Raises
    ------
    RequestError
        When a path does not exist, is neither a file nor a folder, or is the command's own output.
    """
    excluded = real_paths(leave_out)
    wanted = "an existing file or folder"
    found: list[Given] = []
    for path in paths:
        try:
            mode = Path(path).stat().st_mode
        except OSError as error:
            raise RequestError(
                f"`PATH` must be {wanted}; received {path!r}: {error.strerror}.",
                remedy="Check the spelling, the working folder and the permissions.",
            ) from error
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            raise RequestError(f"`PATH` must be {wanted}; received {path!r}.")
        if stat.S_ISREG(mode) and os.path.realpath(path) in excluded:
            raise RequestError(
                f"`--out` must not be one of the films, it would be replaced; received {path!r}.",
                remedy="Write to another file, or leave this one out of the films.",
            )
        found.append(Given(path, stat.S_ISDIR(mode)))
    return found


def real_paths(paths: Iterable[Path]) -> set[str]:
    """Where the paths lead, links followed; they need not exist."""
    return {os.path.realpath(path) for path in paths}


def find_files(paths: Sequence[str], *, leave_out: Sequence[Path] = ()) -> Iterator[str]:
    """Files named by the paths: a file is itself, a folder is every regular file below it.

    Parameters
    ----------
    paths : sequence of str
        Kept in the order and the spelling given.
    leave_out : sequence of Path
        Files and folders that are not read even when a folder contains them: the command's own output.

    Returns
    -------
    iterator of str
        See :func:`files_of`. Folders are opened as the iterator comes to them.

    Raises
    ------
    RequestError
        At once, as :func:`look_at` does.
    """
    given, excluded = look_at(paths, leave_out=leave_out), real_paths(leave_out)
    return (file for one in given for file in files_of(one, excluded))


def files_of(given: Given, excluded: set[str]) -> Iterator[str]:
    """The files behind one path, each beginning with the path as given.

    Within a folder they are sorted by relative path, without those of :func:`is_left_out`; links to files
    are followed, links to folders are not. A link that leads nowhere and a folder that may not be opened are
    among them: reading them says what is wrong. What is held does not grow with the number of files.

    Parameters
    ----------
    given : Given
    excluded : set of str
        Of :func:`real_paths`: files and folders that are passed over.
    """
    if given.is_folder:
        yield from _walk(given.path, os.path.realpath(given.path), excluded)
    else:
        yield given.path


def _walk(folder: str, real: str, excluded: set[str]) -> Iterator[str]:
    try:
        names = sorted_names(folder, _kept)
    except OSError:
        yield folder
        return
    for name in names:
        # Not `Path`: that would drop a leading "./", and the row shows the path as given.
        path = os.path.join(folder, name)  # noqa: PTH118
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            yield path  # gone since the folder was read: its row says so
            continue
        linked = stat.S_ISLNK(mode)
        lead = os.path.realpath(path) if linked else os.path.join(real, name)  # noqa: PTH118
        if lead in excluded:
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(path, lead, excluded)
        elif _may_be_read(path):
            yield path


def _kept(name: str) -> bool:
    return not is_left_out(name)


def _may_be_read(file: str) -> bool:
    """False for pipes, sockets and devices, which may never end, and for links to folders.

    What cannot be looked at gets its row.
    """
    try:
        return stat.S_ISREG(os.stat(file).st_mode)  # noqa: PTH116  (a million times)
    except OSError:
        return True


def read_film(path: Path, max_bytes: int) -> bytes:
    """A file's bytes; a file that is too large to be a film is refused before it is read.

    Raises
    ------
    EmptyFileError, FilmTooLargeError
    FilmError
        When it cannot be read.
    """
    try:
        return _read(path, max_bytes)
    except (OSError, ValueError) as error:
        # a name that no file can have is a ValueError
        why = getattr(error, "strerror", None) or error
        raise FilmError(f"The file cannot be read: {why}.", remedy="Check that you may open it.") from error


def _read(path: Path, max_bytes: int) -> bytes:
    check_size(path.stat().st_size, max_bytes)
    data = path.read_bytes()
    if not data:
        raise EmptyFileError("A film file must have bytes; received 0 bytes.", remedy="Copy the file again.")
    return data


def check_size(size: int, max_bytes: int) -> None:
    """Refuse a file that is too large to be a film.

    Raises
    ------
    FilmTooLargeError
    """
    if size > max_bytes:
        raise FilmTooLargeError(
            f"A film file must be at most {max_bytes / 2**20:g} MB; received {size / 2**20:.1f} MB.",
            remedy="Export it at a lower resolution or as JPEG, or raise CXR_MAX_UPLOAD_BYTES.",
        )
