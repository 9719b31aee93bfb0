"""PNG: header, completeness, and a copy with nothing in it but pixels (PNG specification, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import N_, DecodeLimits, Words
from cxr_dash.imaging.formats.base import FilmFormat, ImageHeader, StoredPicture, corrupt, decode_with_opencv
from cxr_dash.imaging.formats.exif import read_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, PALETTE = 0, 3
_BITS_BY_COLOUR_TYPE = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_DECODED_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
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
            received = Words(N_("{count} before the end"), {"count": max(len(data) - start, 0)})
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
    orientation, frames, transparent, palette = 1, 1, None, False
    for kind, start, end in chunks(data):
        body = data[start : min(end, start + 65536)] if kind not in (b"IDAT", b"fdAT") else b""
        if kind == b"eXIf":
            orientation = read_orientation(body)
        elif kind == b"acTL" and len(body) >= 4:
            frames = max(frames, int.from_bytes(body[:4], "big"))
        elif kind == b"fdAT":
            frames = max(frames, 2)
        elif kind == b"tRNS" and colour_type == GREY and len(body) >= 2:
            transparent = int.from_bytes(body[:2], "big")
        elif kind == b"PLTE":
            palette = True
    if colour_type == PALETTE and not palette:
        raise corrupt(N_("A PNG with a palette must have a PLTE chunk"), Words(N_("none")))
    return ImageHeader("png", width, height, bits, orientation, frames, transparent)


def pixels_only(data: bytes) -> bytes:
    """Check every checksum and copy the chunks that make pixels.

    Colour profiles, texts and animation control are left behind: nothing in them may change grey levels, and
    the decoder writes complaints about common broken ones to the standard error stream.

    Raises
    ------
    CorruptFileError
        If a checksum is wrong, or the file has no pixel data.
    """
    parts, pixel_chunks = [SIGNATURE], 0
    view = memoryview(data)
    for kind, start, end in chunks(data):
        (checksum,) = struct.unpack_from(">I", data, end)
        if zlib.crc32(view[start - 4 : end]) != checksum:
            raise corrupt(
                N_("The PNG chunk {kind!r} must match its checksum"), Words(N_("other bytes")), kind=kind
            )
        if kind in _DECODED_CHUNKS:
            parts.append(bytes(view[start - 8 : end + 4]))
        pixel_chunks += kind == b"IDAT"
    if not pixel_chunks:
        raise corrupt(N_("A PNG must hold pixel data (IDAT)"), Words(N_("none")))
    return b"".join(parts)


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
    media_type = "image/png"
    decoders = ("opencv-python-headless",)

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
        """The stored pixels; every checksum must match."""
        stored = decode_with_opencv(pixels_only(data), header, self.title)
        return StoredPicture(_clear_transparent_level(stored, header), header.bits)


PNG: FilmFormat = Png()
