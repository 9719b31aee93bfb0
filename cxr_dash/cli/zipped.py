"""Films in ZIP files, read one at a time and into memory only: what a name in an archive says is a label."""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from cxr_dash.cli.films import check_size, is_left_out
from cxr_dash.errors import EmptyFileError, FilmError

_STARTS = (b"PK\3\4", b"PK\5\6")
# Office documents, books and programs are ZIPs too; they are one file each, and no film.
_DOCUMENTS = {"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"}
_MOST_FILES = 200_000
_ENCRYPTED = 0x1
_UNPACK = "Unpack it, and give the folder."
# What `zipfile` raises for damaged archives, on purpose or not: for names that are no text, absurd offsets.
_DAMAGE = (
    *(BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError),
    *(OverflowError, IndexError),
)

Read = Callable[[int], bytes]


def is_zip(path: str) -> bool:
    """Whether the file is a ZIP by its first bytes; a file that cannot be opened is none."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(4) in _STARTS
    except OSError:
        return False


def zipped_films(path: str) -> list[tuple[str, Read]]:
    """The files in a ZIP by name, and how to read each; hidden ones are left out, as in folders.

    Returns
    -------
    list of (str, callable)
        Sorted by name. The callable takes the most bytes a film may have, and raises ``FilmError``.

    Raises
    ------
    FilmError
        When the archive cannot be read, is a document, or holds no file.
    """
    archive = _Archive(path)
    found = archive.contents()
    if _DOCUMENTS & {info.filename for info in found}:
        raise FilmError(
            "The file must be a film or a ZIP of films; received an office document or a program."
        )
    films = [info for info in found if _is_file(info) and not any(map(is_left_out, _parts(info)))]
    if not films:
        raise EmptyFileError("A ZIP must hold at least one film; received one without any.")
    archive.unread = len(films)
    films.sort(key=_parts)
    return [("/".join(_parts(info)), _reader(archive, info)) for info in films]


def _is_file(info: ZipInfo) -> bool:
    # not `is_dir`, which fails for a file without a name
    return not info.filename.endswith("/") and bool(_parts(info))


def _parts(info: ZipInfo) -> list[str]:
    # as some programs of Windows write them
    return [part for part in info.filename.replace("\\", "/").split("/") if part]


def _reader(archive: _Archive, info: ZipInfo) -> Read:
    return partial(archive.read, info)


class _Archive:
    """A ZIP that is open from its first film to its last: hundreds may stand in one command.

    Where films are passed over it closes as soon as nobody means to read from it.
    """

    def __init__(self, path: str) -> None:
        self.unread = _MOST_FILES
        self._path = path
        self._lock = threading.Lock()
        self._open: ZipFile | None = None

    def __reduce__(self) -> tuple[type[_Archive], tuple[str]]:
        """Another process opens the archive for itself."""
        return _Archive, (self._path,)

    def contents(self) -> list[ZipInfo]:
        """What the archive's directory lists.

        Raises
        ------
        FilmError
        """
        try:
            with ZipFile(self._path) as archive:
                found = archive.infolist()
        except _DAMAGE as error:
            raise FilmError(
                f"The ZIP cannot be opened: {error}.", remedy="Copy or download it again."
            ) from error
        if len(found) > _MOST_FILES:
            raise FilmError(
                f"A ZIP must hold at most {_MOST_FILES} files; received {len(found)}.", remedy=_UNPACK
            )
        return found

    def read(self, info: ZipInfo, max_bytes: int) -> bytes:
        """The bytes of one film, once; never more than allowed, whatever they would grow to.

        Raises
        ------
        FilmError
        """
        try:
            return _unpacked(self._opened(), info, max_bytes)
        except _DAMAGE as error:
            raise FilmError(
                f"The file is damaged in the ZIP: {error}.", remedy="Copy or download the ZIP again."
            ) from error
        finally:
            self._was_read()

    def _opened(self) -> ZipFile:
        with self._lock:
            if self._open is None:
                self._open = ZipFile(self._path)
            return self._open

    def _was_read(self) -> None:
        with self._lock:
            self.unread -= 1
            if self.unread <= 0 and self._open is not None:
                self._open.close()
                self._open = None


def _unpacked(archive: ZipFile, info: ZipInfo, max_bytes: int) -> bytes:
    if info.flag_bits & _ENCRYPTED:
        raise FilmError("The file is locked with a password in the ZIP.", remedy=_UNPACK)
    if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise FilmError(
            f"A file in a ZIP must be stored or deflated; received method {info.compress_type}.",
            remedy=_UNPACK,
        )
    check_size(info.file_size, max_bytes)
    with archive.open(info) as stream:
        data = stream.read(max_bytes + 1)
    check_size(len(data), max_bytes)
    if not data:
        raise EmptyFileError("A film file must have bytes; received 0 bytes.", remedy="Pack the ZIP again.")
    return data
