"""Which files a command line means, and their bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cxr_dash.errors import EmptyFileError, FilmTooLargeError, RequestError


def find_files(paths: Sequence[str], *, leave_out: Sequence[Path] = (), folders: bool = True) -> list[str]:
    """Files named by the paths: a file is itself, a folder is every regular file below it.

    Parameters
    ----------
    paths : sequence of str
        Kept in the order and the spelling given.
    leave_out : sequence of Path
        Files and folders that are not read even when a folder contains them: the command's own output.
    folders : bool
        Whether a path may be a folder.

    Returns
    -------
    list of str
        Each begins with the path as given. Within a folder they are sorted by relative path, and hidden
        files and folders are left out; links to files are followed, links to folders are not.

    Raises
    ------
    RequestError
        When a path does not exist, or is neither a file nor a folder.
    """
    excluded = {path.resolve() for path in leave_out}
    found: list[str] = []
    for path in paths:
        if folders and Path(path).is_dir():
            found.extend(sorted(_walk(path, excluded), key=lambda file: Path(file).parts))
        elif Path(path).is_file():
            found.append(path)
        else:
            raise RequestError(
                f"`PATH` must be an existing file{' or folder' if folders else ''}; received {path!r}.",
                remedy="Check the spelling and the working folder.",
            )
    return found


def _walk(folder: str, excluded: set[Path]) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = [
            name for name in folders if not name.startswith(".") and (here / name).resolve() not in excluded
        ]
        for name in names:
            file = here / name
            if not name.startswith(".") and file.is_file() and file.resolve() not in excluded:
                # Not `str(file)`: that would drop a leading "./", and the row shows the path as given.
                yield os.path.join(parent, name)  # noqa: PTH118


def read_film(path: Path, max_bytes: int) -> bytes:
    """A file's bytes; a file that is too large to be a film is refused before it is read.

    Raises
    ------
    EmptyFileError, FilmTooLargeError
    OSError
        When it cannot be read.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise FilmTooLargeError(
            f"A film file must be at most {max_bytes / 2**20:g} MB; received {size / 2**20:.1f} MB.",
            remedy="Export it at a lower resolution or as JPEG, or raise CXR_MAX_UPLOAD_BYTES.",
        )
    data = path.read_bytes()
    if not data:
        raise EmptyFileError("A film file must have bytes; received 0 bytes.", remedy="Copy the file again.")
    return data
