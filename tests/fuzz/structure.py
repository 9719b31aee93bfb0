"""Files taken apart into parts, and put together again with right lengths and checksums."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from cxr_dash.imaging.formats.dicom.layout import Encoding, Walk
from cxr_dash.imaging.formats.dicom.start import read_start
from cxr_dash.imaging.formats.jpeg import segments
from cxr_dash.imaging.formats.png import SIGNATURE, chunk, chunks
from fuzz.case import Join, Part

_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_UNDEFINED = b"\xff\xff\xff\xff"
_META = b"\2\0"


def png_parts(data: bytes) -> tuple[Part, ...]:
    """Chunks; the pixels inflated, so that rows are changed and not the stream that packs them."""
    found = []
    for kind, start, end in chunks(data):
        packed = kind == b"IDAT" and not any(part.name == kind for part in found)
        body = data[start:end]
        found.append(Part(kind, zlib.decompress(body), b"z") if packed else Part(kind, body))
    return tuple(found)


def join_png(parts: Sequence[Part]) -> bytes:
    """Chunks with their checksums."""
    made = (
        chunk((part.name + b"    ")[:4], zlib.compress(part.body, 1) if part.extra else part.body)
        for part in parts
    )
    return SIGNATURE + b"".join(made)


def jpeg_parts(data: bytes) -> tuple[Part, ...]:
    """Segments, each with the coded data behind it."""
    places = list(segments(data))
    ends = [start - 4 for _, start, _ in places[1:]]
    ends[-1] += 2  # the end marker has no length
    found = [
        Part(bytes([marker]), data[start:end], data[end:following])
        for (marker, start, end), following in zip(places, ends, strict=False)
    ]
    return (*found, Part(b"\xd9", b""))


def join_jpeg(parts: Sequence[Part]) -> bytes:
    """Segments with their lengths."""
    pieces = [b"\xff\xd8"]
    for part in parts:
        bare = part.name == b"\xd9" or not part.name
        length = b"" if bare else struct.pack(">H", min(len(part.body) + 2, 65535))
        pieces.append(b"\xff" + (part.name or b"\xff")[:1] + length + part.body + part.extra)
    return b"".join(pieces)


def webp_parts(data: bytes) -> tuple[Part, ...]:
    """Chunks of the RIFF."""
    found, position = [], 12
    while position + 8 <= len(data):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        found.append(Part(data[position : position + 4], data[position + 8 : position + 8 + length]))
        position += 8 + length + (length & 1)
    return tuple(found)


def join_webp(parts: Sequence[Part]) -> bytes:
    """Chunks with their lengths, and the length of all."""
    body = b"WEBP" + b"".join(
        (part.name + b"    ")[:4]
        + struct.pack("<I", len(part.body))
        + part.body
        + b"\0" * (len(part.body) & 1)
        for part in parts
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def dicom_parts(data: bytes) -> tuple[tuple[Part, ...], Join]:
    """Outermost elements, and how this file is put together: in its byte order, deflated where it was."""
    start = read_start(data)
    preamble = 132 if data[128:132] == b"DICM" else 0
    meta = Walk(data[: start.offset], Encoding(implicit_vr=False, big_endian=False))
    content, offset = data, start.offset
    if start.syntax.deflated:
        content, offset = zlib.decompress(data[offset:], -zlib.MAX_WBITS), 0
    own = Walk(content, start.encoding)
    found = [_element(data, one) for one in meta.top_level(preamble).values()] if preamble else []
    found += [_element(content, one) for one in own.top_level(offset).values()]
    order, implicit = ">" if start.encoding.big_endian else "<", start.encoding.implicit_vr

    def join(parts: Sequence[Part]) -> bytes:
        head, body = [data[:preamble]], []
        for part in parts:
            if part.name[:2] == _META:
                head.append(_written(part, "<", implicit=False))
            else:
                body.append(_written(part, order, implicit=implicit))
        joined = b"".join(body)
        if start.syntax.deflated:
            packer = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
            joined = packer.compress(joined) + packer.flush()
        return b"".join(head) + joined

    return tuple(found), join


def _element(data: bytes, element: object) -> Part:
    start, value, end = element.start, element.value, element.end  # type: ignore[attr-defined]
    undefined = b"u" if element.undefined else b""  # type: ignore[attr-defined]
    return Part(data[start : start + 4], data[value:end], element.vr + undefined)  # type: ignore[attr-defined]


def _written(part: Part, order: str, *, implicit: bool) -> bytes:
    vr, undefined = part.extra[:2], part.extra.endswith(b"u")
    length = _UNDEFINED if undefined else struct.pack(order + "L", len(part.body))
    if implicit:
        return part.name + length + part.body
    if vr in _LONG:
        return part.name + vr + b"\0\0" + length + part.body
    return part.name + (vr + b"UN")[:2] + struct.pack(order + "H", min(len(part.body), 65535)) + part.body
