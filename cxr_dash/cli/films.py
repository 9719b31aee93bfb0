"""Which files a command line means, and their bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from cxr_dash.errors import EmptyFileError, FilmError, FilmTooLargeError, RequestError

# What systems and archives leave in folders by themselves, in small letters; none of it is a film.
_LEFT_BEHIND = {"thumbs.db", "ehthumbs.db", "desktop.ini", "dicomdir", "__macosx"}


def is_left_out(name: str) -> bool:
    """Whether what has this name in a folder or a ZIP is passed over: it is hidden, or an index."""
    return (name.startswith(".") and name not in {".", ".."}) or name.lower() in _LEFT_BEHIND


def find_files(paths: Sequence[str], *, leave_out: Sequence[Path] = ()) -> list[str]:
    """Files named by the paths: a file is itself, a folder is every regular file below it.

    Parameters
    ----------
    paths : sequence of str
        Kept in the order and the spelling given.
    leave_out : sequence of Path
        Files and folders that are not read even when a folder contains them: the command's own output.

    Returns
    -------
    list of str
        Each begins with the path as given. Within a folder they are sorted by relative path, without those
        of :func:`is_left_out`; links to files are followed, links to folders are not. A link that leads
        nowhere and a folder that may not be opened are among them: reading them says what is wrong.

    Raises
    ------
    RequestError
        When a path does not exist, is neither a file nor a folder, or is the command's own output.
    """
    excluded = {os.path.realpath(path) for path in leave_out}
    wanted = "an existing file or folder"
    found: list[str] = []
    for path in paths:
        try:
            mode = Path(path).stat().st_mode
        except OSError as error:
            raise RequestError(
                f"`PATH` must be {wanted}; received {path!r}: {error.strerror}.",
                remedy="Check the spelling, the working folder and the permissions.",
            ) from error
        if stat.S_ISDIR(mode):
            found.extend(sorted(_walk(path, excluded), key=lambda file: Path(file).parts))
        elif not stat.S_ISREG(mode):
            raise RequestError(f"`PATH` must be {wanted}; received {path!r}.")
        elif os.path.realpath(path) in excluded:
            raise RequestError(
                f"`--out` must not be one of the films, it would be replaced; received {path!r}.",
                remedy="Write to another file, or leave this one out of the films.",
            )
        else:
            found.append(path)
    return found


def _walk(folder: str, excluded: set[str]) -> Iterator[str]:
    unreadable: list[str] = []
    for parent, folders, names in os.walk(folder, onerror=lambda error: unreadable.append(error.filename)):
        here = Path(parent)
        folders[:] = [
            name
            for name in folders
            if not is_left_out(name) and os.path.realpath(here / name) not in excluded
        ]
        for name in names:
            file = here / name
            if not is_left_out(name) and _may_be_read(file) and os.path.realpath(file) not in excluded:
                # Not `str(file)`: that would drop a leading "./", and the row shows the path as given.
                yield os.path.join(parent, name)  # noqa: PTH118
    yield from unreadable


def _may_be_read(file: Path) -> bool:
    """False for pipes, sockets and devices, which may never end; what cannot be looked at gets its row."""
    try:
        return stat.S_ISREG(file.stat().st_mode)
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
