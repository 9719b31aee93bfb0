"""Read what a file says about itself before anything is decoded: kind, size, bits, orientation."""

from __future__ import annotations

from cxr_dash.domain import N_
from cxr_dash.errors import EmptyFileError
from cxr_dash.imaging.containers import jpeg, png
from cxr_dash.imaging.containers.base import ImageHeader
from cxr_dash.imaging.containers.foreign import unsupported
from cxr_dash.imaging.containers.jpeg import read_jpeg_header
from cxr_dash.imaging.containers.png import read_png_header
from cxr_dash.imaging.containers.webp import is_webp, read_webp_header

__all__ = ["ImageHeader", "read_header"]


def read_header(data: bytes) -> ImageHeader:
    """Read the header of a PNG, JPEG (JFIF too) or WebP file; the file's name plays no part.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    ImageHeader
        Kind, stored size, bits per sample, EXIF orientation and number of pictures.

    Raises
    ------
    EmptyFileError
        If there are no bytes.
    UnsupportedFormatError
        If the file is something else; the message names it.
    CorruptFileError
        If the file ends early or its header makes no sense.
    """
    if not data:
        raise EmptyFileError(
            N_("The file must hold a picture; received 0 bytes."),
            remedy=N_("Export or download the film again."),
        )
    if data.startswith(png.SIGNATURE):
        return read_png_header(data)
    if data.startswith(jpeg.SIGNATURE):
        return read_jpeg_header(data)
    if is_webp(data):
        return read_webp_header(data)
    raise unsupported(data)
