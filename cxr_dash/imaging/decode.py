"""Bytes of a film's file -> an upright grey :class:`~cxr_dash.domain.Radiograph`.

Order: bytes, then kind, size and shape from the header, then completeness; only then is a pixel decoded.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import N_, DecodeLimits, GreyArray, Radiograph
from cxr_dash.errors import FilmShapeError, FilmTooLargeError, UnsupportedFormatError
from cxr_dash.imaging.budget import shared_budget
from cxr_dash.imaging.colour import to_grey
from cxr_dash.imaging.formats import ImageHeader, format_of
from cxr_dash.imaging.formats.base import StoredPicture


def decode(data: bytes, limits: DecodeLimits = DecodeLimits()) -> Radiograph:  # noqa: B008 - frozen
    """Decode one film.

    Colour becomes grey as `to_grey` says; 1-, 2- and 4-bit levels are spread over 0-255; 16-bit levels stay
    as they are. Large pictures wait for one another: ``limits.max_decoding_bytes``.

    Parameters
    ----------
    data : bytes
        The whole file, in one of the formats of ``imaging.formats``.
    limits : DecodeLimits
        What is refused before a pixel is decoded.

    Returns
    -------
    Radiograph
        Upright (EXIF orientation applied), uint8 or uint16, C-contiguous.

    Raises
    ------
    FilmError
        One of its kinds, each with a remedy: ``EmptyFileError``, ``FilmTooLargeError``,
        ``UnsupportedFormatError``, ``FilmShapeError``, ``CorruptFileError``.
    """
    return decode_stored(data, limits)[0]


def decode_stored(data: bytes, limits: DecodeLimits) -> tuple[Radiograph, StoredPicture, int]:
    """:func:`decode`, and what it was made of: the picture as stored, and the EXIF orientation it is in.

    Raises
    ------
    FilmError
        As :func:`decode`.
    """
    if len(data) > limits.max_bytes:
        raise FilmTooLargeError(
            N_("The file must be {most} bytes or less; received {received}."),
            remedy=N_("Export the film in a smaller size or as JPEG."),
            most=limits.max_bytes,
            received=len(data),
        )
    film_format = format_of(data)
    header = film_format.read_header(data)
    check_limits(header, limits)
    with shared_budget(limits.max_decoding_bytes).hold(header.decoded_bytes):
        stored = film_format.decode(data, header, limits)
        grey = to_grey(stored.pixels)
        pixels = turn_upright(grey.pixels, header.orientation)
    radiograph = Radiograph(
        pixels=pixels,
        bits=stored.bits,
        file_format=header.file_format,
        sha256=hashlib.sha256(data).hexdigest(),
        colour_fraction=grey.colour_fraction,
        facts=stored.facts,
        identity=stored.identity,
        notes=(*stored.notes, *grey.notes),
    )
    return radiograph, stored, header.orientation


def check_limits(header: ImageHeader, limits: DecodeLimits) -> None:
    """Refuse animations, and pictures that are too large, too small or too long for a film.

    Raises
    ------
    UnsupportedFormatError, FilmTooLargeError, FilmShapeError
    """
    if header.animated:
        raise UnsupportedFormatError(
            N_("The file must hold one still picture; received an animated {kind}."),
            remedy=N_("Save the one picture you mean as PNG or JPEG."),
            kind=header.file_format.upper(),
        )
    if header.pixel_count > limits.max_pixels:
        raise FilmTooLargeError(
            N_("width x height must be {most} pixels or less; received {width} x {height} = {received}."),
            remedy=N_("Export the film in a smaller size."),
            most=limits.max_pixels,
            width=header.width,
            height=header.height,
            received=header.pixel_count,
        )
    if header.decoded_bytes > limits.max_decoded_bytes:
        raise FilmTooLargeError(
            N_(
                "The decoded picture must take {most:.0f} MB or less; received {width} x {height} with "
                "{channels} channels of {bits} bits = {received:.0f} MB."
            ),
            remedy=N_("Export the film in grey, or in a smaller size."),
            most=limits.max_decoded_bytes / 2**20,
            width=header.width,
            height=header.height,
            channels=header.channels,
            bits=header.bits,
            received=header.decoded_bytes / 2**20,
        )
    short, long = sorted((header.width, header.height))
    if short < limits.min_side:
        raise FilmShapeError(
            N_("The shorter side must be {least} pixels or more; received {width} x {height}."),
            remedy=N_("Choose the film itself, not a thumbnail or an icon."),
            least=limits.min_side,
            width=header.width,
            height=header.height,
        )
    if long > limits.max_aspect_ratio * short:
        raise FilmShapeError(
            N_("The longer side must be at most {most:g} times the shorter; received {width} x {height}."),
            remedy=N_("Choose one whole frontal chest film."),
            most=limits.max_aspect_ratio,
            width=header.width,
            height=header.height,
        )


def turn_upright(pixels: GreyArray, orientation: int) -> GreyArray:
    """Undo the EXIF orientation (Exif 3.0, tag 0x0112).

    Parameters
    ----------
    pixels : ndarray, shape (H, W)
        As stored.
    orientation : int
        1-8; 6 means "turn 90 degrees clockwise to see it upright".

    Returns
    -------
    ndarray
        Same dtype, upright, C-contiguous; shape (W, H) for 5-8.
    """
    upright: NDArray[Any] = pixels.T if orientation >= 5 else pixels
    if orientation in (2, 3, 6, 7):
        upright = upright[:, ::-1]
    if orientation in (3, 4, 7, 8):
        upright = upright[::-1]
    return np.ascontiguousarray(upright)
