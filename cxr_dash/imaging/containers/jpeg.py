"""JPEG and JFIF: header and completeness (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cxr_dash.errors import UnsupportedFormatError
from cxr_dash.imaging.containers.base import ImageHeader, corrupt
from cxr_dash.imaging.containers.exif import read_orientation

SIGNATURE = b"\xff\xd8\xff"
_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DECODABLE_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Inside a scan, FF 00 is a stuffed byte and FF D0-D7 a restart: anything else is the next marker.
_MARKER_IN_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
# Encoders write about 10 scans; thousands over one frame cost minutes of decoding for a few kilobytes.
_MAX_SCANS = 200


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Walk the segments of a JPEG up to its end-of-image marker.

    Yields
    ------
    tuple of (int, int, int)
        Marker, first byte of the body, first byte after the body.

    Raises
    ------
    CorruptFileError
        If the file ends before its end-of-image marker, or has absurdly many scans.
    """
    position, scans = 2, 0
    while True:
        if position + 2 > len(data):
            raise corrupt("A JPEG must close with an end-of-image marker", f"{len(data)} bytes without one")
        if data[position] != 0xFF:
            raise corrupt("A JPEG segment must start with the byte FF", f"{data[position]:02X} at {position}")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == _EOI:
            yield marker, position + 2, position + 2
            return
        if marker in _STANDALONE:
            position += 2
            continue
        start = position + 4
        end = position + 2 + int.from_bytes(data[position + 2 : start], "big")
        if end < start or end > len(data):
            raise corrupt(
                f"The JPEG segment FF{marker:02X} must be whole", f"{len(data)} bytes, {end} needed"
            )
        yield marker, start, end
        position = end
        if marker == _SOS:
            scans += 1
            found = _MARKER_IN_SCAN.search(data, end)
            if found is None or scans > _MAX_SCANS:
                received = (
                    f"{len(data)} bytes without one" if found is None else f"more than {_MAX_SCANS} scans"
                )
                raise corrupt("A JPEG must close with an end-of-image marker", received)
            position = found.end() - 2


def read_jpeg_header(data: bytes) -> ImageHeader:
    """Read size, bits and orientation of a JPEG, and make sure that it is whole.

    Raises
    ------
    CorruptFileError
        If the file ends early, or has no frame or no scan.
    UnsupportedFormatError
        If it is lossless, hierarchical, arithmetic-coded or 12-bit: kinds that only archives write.
    """
    orientation, scans = 1, 0
    frame: tuple[int, int, int, int] | None = None
    for marker, start, end in segments(data):
        if marker in _FRAMES and frame is None:
            if end - start < 6:
                raise corrupt("A JPEG frame header must hold 6 bytes or more", f"{end - start}")
            height, width = (int.from_bytes(data[i : i + 2], "big") for i in (start + 1, start + 3))
            frame = (marker, data[start], width, height)
        elif marker == _APP1 and data.startswith(b"Exif\0\0", start):
            orientation = read_orientation(data[start:end])
        scans += marker == _SOS
    if frame is None or not scans:
        raise corrupt("A JPEG must hold a frame and a scan", "neither" if frame is None else "no scan")
    marker, bits, width, height = frame
    if not width or not height:
        raise corrupt("JPEG width and height must be 1 or more", f"{width} x {height}")
    if marker not in _DECODABLE_FRAMES or bits != 8:
        raise UnsupportedFormatError(
            f"A JPEG must be 8-bit baseline or progressive; received {bits}-bit, frame type FF{marker:02X}.",
            remedy="Export the film as PNG (8 or 16 bits) from your viewer.",
        )
    return ImageHeader("jpeg", width, height, bits, orientation)
