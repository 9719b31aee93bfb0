"""PNG: header, completeness, and a copy with nothing in it but pixels (PNG specification, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from cxr_dash.domain import N_, DecodeLimits, Words
from cxr_dash.imaging.formats.base import (
    FilmFormat,
    ImageHeader,
    StoredPicture,
    corrupt,
    decode_with_opencv,
    transparent_parts,
)
from cxr_dash.imaging.formats.exif import read_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, PALETTE = 0, 3
_BITS_BY_COLOUR_TYPE = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DECODED_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}
_COLOUR_CHUNKS = frozenset({b"PLTE", b"tRNS"})
_PIXEL_CHUNKS_FROM = 33  # signature and header
_STORED_BLOCK = 65535
_ROWS = N_("The pixel data of a PNG must inflate to the rows of its header")
# First column and row of each pass, and its steps (PNG specification, 8.2).
_ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
# An encoder's pixel chunks are 8 kB or more: this many would be 400 MB of film.
_MAX_CHUNKS = 50_000


def chunk(kind: bytes, body: bytes) -> bytes:
    """Build one PNG chunk: length, four-letter kind, body, checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Walk the chunks of a PNG up to its ``IEND``.

    Yields
    ------
    tuple of (bytes, int, int)
        Kind, first byte of the body, first byte after the body.

    Raises
    ------
    CorruptFileError
        If the file ends inside or between chunks before ``IEND``, or has absurdly many of them.
    """
    position = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if position + 12 > len(data):
            received = Words(N_("a file that stops after {count} bytes"), {"count": len(data)})
            raise corrupt(N_("A PNG must end with its IEND chunk"), received)
        (length,) = struct.unpack_from(">I", data, position)
        kind = data[position + 4 : position + 8]
        start, end = position + 8, position + 8 + length
        if end + 4 > len(data):
            received = Words(N_("{count} before the end"), {"count": len(data) - start})
            raise corrupt(
                N_("The PNG chunk {kind!r} must hold {length} bytes"), received, kind=kind, length=length
            )
        yield kind, start, end
        if kind == b"IEND":
            return
        position = end + 4
    raise corrupt(N_("A PNG must have fewer than {most} chunks"), Words(N_("more")), most=_MAX_CHUNKS)


def read_png_header(data: bytes) -> ImageHeader:
    """Read size, bits, orientation and number of pictures.

    Raises
    ------
    CorruptFileError
        If the header is missing or contradicts itself, or the chunks do not reach ``IEND``.
    """
    fixed = data[16:29]
    if data[12:16] != b"IHDR" or data[8:12] != b"\0\0\0\x0d" or len(fixed) < 13:
        raise corrupt(N_("A PNG must start with a 13-byte IHDR chunk"), f"{data[8:16]!r}")
    width, height, bits, colour_type, compression, filtering, interlace = struct.unpack(">IIBBBBB", fixed)
    if bits not in _BITS_BY_COLOUR_TYPE.get(colour_type, ()) or compression or filtering or interlace > 1:
        received = Words(N_("colour type {kind}, {bits} bits"), {"kind": colour_type, "bits": bits})
        raise corrupt(N_("The PNG header must be one the format allows"), received)
    if not (0 < width < 2**31 and 0 < height < 2**31):
        raise corrupt(N_("PNG width and height must be between 1 and 2147483647"), f"{width} x {height}")
    orientation: int | None = None
    frames, transparent, palette, channels = 1, None, False, _DECODED_CHANNELS[colour_type]
    for kind, start, end in chunks(data):
        body = data[start : min(end, start + 65536)] if kind not in (b"IDAT", b"fdAT") else b""
        if kind == b"eXIf" and orientation is None:
            orientation = read_orientation(body)
        elif kind == b"acTL" and len(body) >= 4:
            frames = max(frames, int.from_bytes(body[:4], "big"))
        elif kind == b"fdAT":
            frames = max(frames, 2)
        elif kind == b"tRNS" and colour_type == GREY and len(body) >= 2:
            transparent = int.from_bytes(body[:2], "big")
        elif kind == b"tRNS":
            channels = 4 if colour_type != GREY else channels
        elif kind == b"PLTE":
            palette = True
    if colour_type == PALETTE and not palette:
        raise corrupt(N_("A PNG with a palette must have a PLTE chunk"), Words(N_("none")))
    return ImageHeader("png", width, height, bits, orientation or 1, frames, transparent, channels)


def rows_bytes(data: bytes) -> int:
    """How many bytes the filtered rows take, by the header of a PNG: what its pixel data must inflate to."""
    width, height, bits, colour_type, _, _, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    per_pixel = bits * _SAMPLES[colour_type]

    def rows(columns: int, lines: int) -> int:
        return lines * (1 + (columns * per_pixel + 7) // 8) if columns and lines else 0

    if not interlace:
        return rows(width, height)
    return sum(rows(-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in _ADAM7)


def checked_rows(data: bytes) -> bytes:
    """Check a PNG to its last row, and give a copy in which nothing is left for a decoder to find.

    Every checksum must match, that of the inflated rows too, and the pixel data must inflate to the rows of
    the header, no byte more or less: inflating stops there, so that nothing larger is ever made. The copy has
    the rows stored as they are. Colour profiles, texts and animation control are left behind: nothing in them
    may change grey levels, and the decoder writes complaints about common broken ones to the standard error
    stream.

    Raises
    ------
    CorruptFileError
        If a checksum is wrong, or there are no pixel data, too few or too many.
    """
    before: list[bytes] = [data[:_PIXEL_CHUNKS_FROM]]
    pixels: list[memoryview] = []
    view = memoryview(data)
    for kind, start, end in chunks(data):
        (checksum,) = struct.unpack_from(">I", data, end)
        if isal_zlib.crc32(view[start - 4 : end]) != checksum:
            raise corrupt(
                N_("The PNG chunk {kind!r} must match its checksum"), Words(N_("other bytes")), kind=kind
            )
        if kind in _COLOUR_CHUNKS and not pixels:
            before.append(data[start - 8 : end + 4])
        elif kind == b"IDAT":
            pixels.append(view[start:end])
    if not pixels:
        raise corrupt(N_("A PNG must hold pixel data (IDAT)"), Words(N_("none")))
    stored = _stored(*_inflate(pixels, rows_bytes(data)))
    return b"".join([*before, *stored, chunk(b"IEND", b"")])


def _inflate(pixels: list[memoryview], needed: int) -> tuple[bytes, bytes]:
    """The rows, and their checksum as the stream closes with it."""
    stream = isal_zlib.decompressobj()
    packed = pixels[0] if len(pixels) == 1 else b"".join(pixels)
    try:
        rows = stream.decompress(packed, needed)
        # The end of the stream, and its checksum, may come after the last row.
        more = b"" if stream.eof else stream.decompress(stream.unconsumed_tail, 1)
    except isal_zlib.error as error:  # type: ignore[misc]  # its stub calls it a plain object
        raise corrupt(_ROWS, Words(N_("a stream that does not inflate"))) from error
    if more or (len(rows) == needed and not stream.eof):
        raise corrupt(_ROWS, Words(N_("more than {needed} bytes, or no end"), {"needed": needed}))
    if len(rows) != needed:
        received = Words(N_("{count} bytes, {needed} needed"), {"count": len(rows), "needed": needed})
        raise corrupt(_ROWS, received)
    return rows, struct.pack(">I", isal_zlib.adler32(rows))


def _stored(rows: bytes, checksum: bytes) -> Iterator[bytes | memoryview]:
    """One pixel chunk with the rows as they are (RFC 1951, blocks without compression), piece by piece."""
    view = memoryview(rows)
    pieces: list[bytes | memoryview] = [b"IDAT\x78\x01"]
    for start in range(0, len(rows), _STORED_BLOCK):
        piece = view[start : start + _STORED_BLOCK]
        last = start + _STORED_BLOCK >= len(rows)
        pieces += [struct.pack("<BHH", last, len(piece), len(piece) ^ 0xFFFF), piece]
    pieces.append(checksum)
    crc = 0
    for part in pieces:
        crc = isal_zlib.crc32(part, crc)
    yield struct.pack(">I", sum(map(len, pieces)) - 4)
    yield from pieces
    yield struct.pack(">I", crc)


def _clear_transparent_level(stored: NDArray[Any], header: ImageHeader) -> NDArray[Any]:
    if header.transparent_level is None or stored.ndim != 2:
        return stored
    # The level is written at the file's own bit depth; the decoder has spread 1, 2 and 4 bits over 0-255.
    spread = 255 // (2**header.bits - 1) if header.bits < 8 else 1
    return np.where(stored == header.transparent_level * spread, np.zeros((), stored.dtype), stored)


class Png:
    """PNG, as ``formats`` lists it."""

    name = "png"
    title = "PNG"
    suffixes = (".png",)
    decoders = ("opencv-python-headless", "isal")

    def unavailable(self) -> str | None:
        """Always None: what decodes it is part of every installation."""
        return None

    def recognises(self, data: bytes) -> bool:
        """Whether the first bytes are of a PNG."""
        return data.startswith(SIGNATURE)

    def read_header(self, data: bytes) -> ImageHeader:
        """See `read_png_header`."""
        return read_png_header(data)

    def decode(self, data: bytes, header: ImageHeader, limits: DecodeLimits) -> StoredPicture:  # noqa: ARG002
        """The stored pixels; every checksum must match, and the rows be all there."""
        stored = decode_with_opencv(checked_rows(data), header, self.title)
        shown = _clear_transparent_level(stored, header)
        notes = transparent_parts(stored, shown) if shown is not stored else ()
        return StoredPicture(shown, header.bits, notes=notes)


PNG: FilmFormat = Png()
