"""The formats a film may come in: one module each, read in one shape (`base.FilmFormat`), in one table."""

from __future__ import annotations

from cxr_dash.domain import N_, Words
from cxr_dash.errors import EmptyFileError, UnsupportedFormatError
from cxr_dash.imaging.formats.base import FilmFormat, ImageHeader, StoredPicture
from cxr_dash.imaging.formats.dicom import DICOM
from cxr_dash.imaging.formats.foreign import identify
from cxr_dash.imaging.formats.jpeg import JPEG
from cxr_dash.imaging.formats.png import PNG
from cxr_dash.imaging.formats.webp import WEBP

__all__ = [
    "FORMATS",
    "FilmFormat",
    "ImageHeader",
    "StoredPicture",
    "film_suffixes",
    "format_names",
    "format_of",
    "read_header",
]

# In the order in which a person would name them, and in which the first bytes are compared.
FORMATS: tuple[FilmFormat, ...] = (PNG, JPEG, WEBP, DICOM)


def film_suffixes() -> frozenset[str]:
    """Endings of the names of film files, lower case, with the dot: ``{".png", ".jpg", ...}``."""
    return frozenset(suffix for film_format in FORMATS for suffix in film_format.suffixes)


def format_names() -> Words:
    """``PNG, JPEG or WebP``, for sentences."""
    *others, last = (film_format.title for film_format in FORMATS)
    return Words(N_("{others} or {last}"), {"others": ", ".join(others), "last": last})


def format_of(data: bytes) -> FilmFormat:
    """Find the format whose first bytes a file has; its name plays no part.

    Raises
    ------
    EmptyFileError
        If there are no bytes.
    UnsupportedFormatError
        If the file is something else, which the message names, or its format cannot be read here.
    """
    if not data:
        raise EmptyFileError(
            N_("The file must hold a picture; received 0 bytes."),
            remedy=N_("Export or download the film again."),
        )
    for film_format in FORMATS:
        if film_format.recognises(data):
            if film_format.unavailable() is not None:
                raise UnsupportedFormatError(
                    N_("{kind} files cannot be read here: a library is missing."),
                    remedy=N_("Export the film in another format, or ask whoever runs this server."),
                    kind=film_format.title,
                )
            return film_format
    name, remedy = identify(data)
    raise UnsupportedFormatError(
        N_("The file must be a still {formats} picture; received {kind}."),
        remedy=remedy,
        formats=format_names(),
        kind=Words(name),
    )


def read_header(data: bytes) -> ImageHeader:
    """Read the header of a film; the file's name plays no part.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    ImageHeader
        Format, stored size, bits per sample, EXIF orientation and number of pictures.

    Raises
    ------
    EmptyFileError
        If there are no bytes.
    UnsupportedFormatError
        If the file is something else; the message names it.
    CorruptFileError
        If the file ends early or its header makes no sense.
    """
    return format_of(data).read_header(data)
