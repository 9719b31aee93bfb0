"""JPEG and JFIF: header and completeness (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cxr_dash.domain import N_, DecodeLimits, Words
from cxr_dash.errors import UnsupportedFormatError
from cxr_dash.imaging.formats.base import FilmFormat, ImageHeader, StoredPicture, corrupt, decode_with_opencv
from cxr_dash.imaging.formats.exif import read_orientation

SIGNATURE = b"\xff\xd8\xff"
_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DECODABLE_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Inside a scan, FF 00 is a stuffed byte and FF D0-D7 a restart: anything else is the next marker.
_MARKER_IN_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
# Encoders write about 10 scans; thousands over one frame cost minutes of decoding for a few kilobytes.
_MAX_SCANS = 200
_NO_END = N_("A JPEG must close with an end-of-image marker")
_WITHOUT_END = N_("{count} bytes without one")


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
            raise corrupt(_NO_END, Words(_WITHOUT_END, {"count": len(data)}))
        if data[position] != 0xFF:
            received = Words(N_("{byte:02X} at {position}"), {"byte": data[position], "position": position})
            raise corrupt(N_("A JPEG segment must start with the byte FF"), received)
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
            received = Words(N_("{count} bytes, {needed} needed"), {"count": len(data), "needed": end})
            raise corrupt(N_("The JPEG segment FF{marker:02X} must be whole"), received, marker=marker)
        yield marker, start, end
        position = end
        if marker == _SOS:
            scans += 1
            found = _MARKER_IN_SCAN.search(data, end)
            if found is None or scans > _MAX_SCANS:
                if found is None:
                    raise corrupt(_NO_END, Words(_WITHOUT_END, {"count": len(data)}))
                raise corrupt(_NO_END, Words(N_("more than {most} scans"), {"most": _MAX_SCANS}))
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
                raise corrupt(N_("A JPEG frame header must hold 6 bytes or more"), str(end - start))
            height, width = (int.from_bytes(data[i : i + 2], "big") for i in (start + 1, start + 3))
            frame = (marker, data[start], width, height)
        elif marker == _APP1 and data.startswith(b"Exif\0\0", start):
            orientation = read_orientation(data[start:end])
        scans += marker == _SOS
    if frame is None or not scans:
        missing = Words(N_("neither") if frame is None else N_("no scan"))
        raise corrupt(N_("A JPEG must hold a frame and a scan"), missing)
    marker, bits, width, height = frame
    if not width or not height:
        raise corrupt(N_("JPEG width and height must be 1 or more"), f"{width} x {height}")
    if marker not in _DECODABLE_FRAMES or bits != 8:
        raise UnsupportedFormatError(
            N_(
                "A JPEG must be 8-bit baseline or progressive; received {bits}-bit, frame type "
                "FF{marker:02X}."
            ),
            remedy=N_("Export the film as PNG (8 or 16 bits) from your viewer."),
            bits=bits,
            marker=marker,
        )
    return ImageHeader("jpeg", width, height, bits, orientation)


class Jpeg:
    """JPEG, as ``formats`` lists it."""

    name = "jpeg"
    title = "JPEG"
    suffixes = (".jpg", ".jpeg", ".jfif")
    media_type = "image/jpeg"
    decoders = ("opencv-python-headless",)

    def unavailable(self) -> str | None:
        """Always None: what decodes it is part of every installation."""
        return None

    def recognises(self, data: bytes) -> bool:
        """Whether the first bytes are of a JPEG."""
        return data.startswith(SIGNATURE)

    def read_header(self, data: bytes) -> ImageHeader:
        """See `read_jpeg_header`."""
        return read_jpeg_header(data)

    def decode(self, data: bytes, header: ImageHeader, limits: DecodeLimits) -> StoredPicture:  # noqa: ARG002
        """The stored pixels."""
        return StoredPicture(decode_with_opencv(data, header, self.title), header.bits)


JPEG: FilmFormat = Jpeg()
