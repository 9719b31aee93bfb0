"""A DICOM file opened: its values, its pixels' place and how they are written; no pixel is decoded."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from cxr_dash.domain import N_, Words
from cxr_dash.errors import CorruptFileError
from cxr_dash.imaging.formats.base import corrupt
from cxr_dash.imaging.formats.dicom.layout import (
    PIXEL_DATA,
    PIXEL_TAGS,
    UNDEFINED,
    Element,
    Walk,
    ended_early,
)
from cxr_dash.imaging.formats.dicom.start import Start, read_start
from cxr_dash.imaging.formats.dicom.syntaxes import TransferSyntax
from cxr_dash.imaging.formats.dicom.values import WANTED, Values, read_values

_DIRECTORY_RECORDS = 0x00041220

_FIRST_HEADER_BYTES = 128 * 1024

MAX_HEADER_BYTES = 8 * 1024 * 1024
"""Of a deflated file: what is inflated at most before the pixels must begin."""


@dataclass(frozen=True, slots=True, eq=False)
class DicomFile:
    """What was found in a file.

    Attributes
    ----------
    data : bytes
        The elements: the file itself, or what was inflated so far.
    values : Values
    syntax : TransferSyntax
    big_endian : bool
    pixels : Element or None
    other_pixels : bool
        Whether the file has pixels of another kind (floating point).
    directory : bool
        Whether the file is the table of contents of a disc.
    start : Start
    """

    data: bytes
    values: Values
    syntax: TransferSyntax
    big_endian: bool
    pixels: Element | None
    other_pixels: bool
    directory: bool
    start: Start


def open_file(data: bytes) -> DicomFile:
    """Open a file.

    Raises
    ------
    UnsupportedFormatError
        For a transfer syntax that is not read.
    CorruptFileError
        If lengths and tags make no sense, or the file ends before its pixels.
    """
    start = read_start(data)
    data, walk, found = _find_elements(data, start)
    chosen = [element for tag, element in found.items() if tag in WANTED]
    for element in chosen:
        if element.vr == b"SQ" or element.undefined:
            walk.check_inside(element)
    values = read_values(data, chosen, start.encoding)
    return DicomFile(
        data=data,
        values=values,
        syntax=start.syntax,
        big_endian=start.encoding.big_endian,
        pixels=found.get(PIXEL_DATA),
        other_pixels=any(tag in found for tag in PIXEL_TAGS - {PIXEL_DATA}),
        directory=_DIRECTORY_RECORDS in found,
        start=start,
    )


def _find_elements(data: bytes, start: Start) -> tuple[bytes, Walk, dict[int, Element]]:
    """The elements, and the data that they lie in: of a deflated file as little as holds them."""
    if not start.syntax.deflated:
        walk = Walk(data, start.encoding)
        return data, walk, walk.top_level(start.offset)
    deflated = data[start.offset :]
    inflated = _inflate(deflated, _FIRST_HEADER_BYTES)
    if len(inflated) == _FIRST_HEADER_BYTES:
        try:
            walk = Walk(inflated, start.encoding)
            found = walk.top_level(0)
        except CorruptFileError:
            found = {}
        if PIXEL_TAGS & found.keys():
            return inflated, walk, found
        inflated = _inflate(deflated, MAX_HEADER_BYTES)
    walk = Walk(inflated, start.encoding)
    return inflated, walk, walk.top_level(0)


def pixel_bytes(file: DicomFile, original: bytes) -> bytes:
    """The value of the pixel element, inflated where the file is deflated.

    Parameters
    ----------
    file : DicomFile
    original : bytes
        The file as it came.

    Raises
    ------
    CorruptFileError
        If the file ends before its pixels do.
    """
    if file.pixels is None:
        raise ended_early()
    data = file.data
    if file.start.syntax.deflated and file.pixels.end > len(data):
        data = _inflate(original[file.start.offset :], file.pixels.end)
    if file.pixels.end > len(data):
        raise ended_early()
    return data[file.pixels.value : file.pixels.end]


def single_frame(value: bytes) -> bytes:
    """The one frame of encapsulated pixels: its fragments joined (PS3.5, annex A.4).

    Raises
    ------
    CorruptFileError
        If the items make no sense or the last one is cut.
    """
    fragments: list[bytes] = []
    position = 0
    first = True
    while position + 8 <= len(value):
        tag = value[position : position + 4]
        length = int.from_bytes(value[position + 4 : position + 8], "little")
        position += 8
        if tag == b"\xfe\xff\xdd\xe0":
            break
        if tag != b"\xfe\xff\x00\xe0" or length == UNDEFINED:
            raise corrupt(N_("The pixels of a DICOM file must be a row of items"), Words(N_("other bytes")))
        if position + length > len(value):
            raise ended_early()
        if not first:
            fragments.append(value[position : position + length])
        first = False
        position += length
    if not fragments:
        raise ended_early()
    return b"".join(fragments)


def _inflate(deflated: bytes, most: int) -> bytes:
    """At most `most` bytes of a raw deflate stream (RFC 1951); less where it ends before."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(deflated, most)
    except zlib.error:
        raise corrupt(N_("A deflated DICOM file must inflate"), Words(N_("a damaged one"))) from None
