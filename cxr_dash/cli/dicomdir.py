"""A DICOMDIR: the index of a medium of DICOM files (PS3.10 and PS3.3 annex F)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from cxr_dash.errors import BackendMissingError, FilmError

_PREAMBLE_BYTES = 128
_MOST_BYTES = 256 * 2**20
_NOT_IN_A_NAME = frozenset("/\\\0")


def is_dicomdir(path: str) -> bool:
    """Whether the file is an index by what it says of itself; a file that cannot be opened is none.

    Raises
    ------
    BackendMissingError
        When it is a DICOM file and pydicom is not installed.
    """
    try:
        with Path(path).open("rb") as stream:
            if stream.read(_PREAMBLE_BYTES + 4)[_PREAMBLE_BYTES:] != b"DICM":
                return False
    except OSError:
        return False
    pydicom = _pydicom()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kind = pydicom.filereader.read_file_meta_info(path).get("MediaStorageSOPClassUID")
    except Exception:  # whatever is wrong with it, it is no index that can be read
        return False
    return bool(kind == pydicom.uid.MediaStorageDirectoryStorage)


def referenced_files(path: str) -> list[str]:
    """The images that an index lists, as paths beside it, in its order; reading them says whether they exist.

    Raises
    ------
    FilmError
        When the index cannot be read, lists no image, or points out of its folder.
    """
    size = Path(path).stat().st_size
    if size > _MOST_BYTES:
        raise FilmError(
            f"A DICOMDIR must be at most {_MOST_BYTES // 2**20} MB; received {size / 2**20:.0f} MB."
        )
    try:
        with warnings.catch_warnings():
            # a name that the standard forbids is judged below; values are read when they are asked for
            warnings.simplefilter("ignore")
            index = _pydicom().dcmread(path)
            records = [record for record in index.DirectoryRecordSequence if _is_image(record)]
            named = [_parts(record.ReferencedFileID) for record in records]
    except Exception as error:  # a damaged file fails pydicom in any way
        raise FilmError(
            f"The DICOMDIR cannot be read: {type(error).__name__}.", remedy="Give the folder that it lies in."
        ) from error
    if not named:
        raise FilmError("A DICOMDIR must list at least one image; received one without any.")
    # not `Path`: that would drop a leading "./", and the row shows the path as given
    folder = os.path.dirname(path)  # noqa: PTH120
    return [_beside(folder, parts) for parts in named]


def _is_image(record: object) -> bool:
    return getattr(record, "DirectoryRecordType", "") == "IMAGE" and bool(
        getattr(record, "ReferencedFileID", None)
    )


def _parts(name: object) -> list[str]:
    parts = [name] if isinstance(name, str) else list(name)  # type: ignore[call-overload]
    if not all(isinstance(part, str) for part in parts):
        raise TypeError("a name of numbers")
    return parts


def _beside(folder: str, parts: list[str]) -> str:
    if any(part in {"", ".", ".."} or _NOT_IN_A_NAME & set(part) for part in parts):
        raise FilmError(
            "A DICOMDIR must name files below its own folder; received one that leads elsewhere.",
            remedy="Give the folder with the films.",
        )
    here = folder
    for part in parts:
        # the names are in capitals; a copied disc may have them in small letters
        here = os.path.join(here, _spelled(here, part))  # noqa: PTH118
    return here


def _spelled(folder: str, name: str) -> str:
    here = Path(folder or ".")
    # not `Path.exists`, which fails for a name that is too long for any file
    if os.path.exists(here / name):  # noqa: PTH110
        return name
    return next(_alike(here, name), name)


def _alike(folder: Path, name: str) -> Iterator[str]:
    try:
        yield from (entry.name for entry in folder.iterdir() if entry.name.lower() == name.lower())
    except OSError:
        return


def _pydicom() -> ModuleType:
    try:
        import pydicom
    except ImportError as error:
        raise BackendMissingError(
            "`pydicom` must be installed to read a DICOMDIR; it is not.", remedy="Install it, see the README."
        ) from error
    return pydicom
