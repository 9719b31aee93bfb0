"""JPEG and JFIF: header and completeness (ITU-T T.81, annex B)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from cxr_dash.domain import N_, DecodeLimits, Reason, ReasonCode, Words
from cxr_dash.errors import UnsupportedFormatError
from cxr_dash.imaging.formats.base import (
    FilmFormat,
    ImageHeader,
    StoredPicture,
    corrupt,
    decode_with_opencv,
    undecodable,
)
from cxr_dash.imaging.formats.exif import read_orientation
from cxr_dash.imaging.formats.foreign import is_jpeg_ls
from cxr_dash.imaging.formats.jpeg_jump import JUMP, level_jump
from cxr_dash.imaging.formats.jpeg_scans import Component, Scans

SIGNATURE = b"\xff\xd8\xff"
_EOI, _SOS, _DRI, _APP1, _PROGRESSIVE = 0xD9, 0xDA, 0xDD, 0xE1, 0xC2
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DECODABLE_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Encoders write about 10 scans; thousands over one frame cost minutes of decoding for a few kilobytes.
_MAX_SCANS = 100
_KINDS = {
    0xC3: N_("lossless JPEG"),
    0xC7: N_("lossless JPEG"),
    **dict.fromkeys((0xC5, 0xC6), N_("hierarchical JPEG")),
    **dict.fromkeys((0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF), N_("arithmetic-coded JPEG")),
}
_BLOCK_PIXELS = 64
# What TurboJPEG says of a ratio of colour to grey samples that it has no name for; the file may be sound.
_UNKNOWN_SAMPLING = "subsampling"
_NO_END = N_("A JPEG must close with an end-of-image marker")
_WITHOUT_END = N_("{count} bytes without one")


def _markers(data: bytes) -> NDArray[Any]:
    """Where markers stand that may follow a scan: FF 00 is a stuffed byte there, and FF D0-D7 a restart."""
    codes = np.frombuffer(data, np.uint8)
    places: NDArray[Any] = np.flatnonzero(codes[:-1] == 0xFF)
    after = codes[places + 1]
    found: NDArray[Any] = places[(after != 0) & (after != 0xFF) & ((after < 0xD0) | (after > 0xD7))]
    return found


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
    markers: NDArray[Any] | None = None
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
            if scans > _MAX_SCANS:
                raise corrupt(_NO_END, Words(N_("more than {most} scans"), {"most": _MAX_SCANS}))
            if markers is None:
                markers = _markers(data)
            later = markers[np.searchsorted(markers, end) :]
            if later.size == 0:
                raise corrupt(_NO_END, Words(_WITHOUT_END, {"count": len(data)}))
            position = int(later[0])


@dataclass(frozen=True, slots=True)
class JpegHeader(ImageHeader):
    """What a JPEG says about its picture.

    Attributes
    ----------
    unit_height : int
        Rows of pixels that are coded together, from left to right.
    restarts : bool
        Whether levels start anew inside the scan.
    """

    unit_height: int = 8
    restarts: bool = False


def read_jpeg_header(data: bytes) -> JpegHeader:
    """Read size, bits and orientation of a JPEG, and make sure that it is whole.

    Raises
    ------
    CorruptFileError
        If the file ends early, has no frame or no scan, or lacks some of its scans.
    UnsupportedFormatError
        If it is lossless, hierarchical, arithmetic-coded, 12-bit or in the four colours of print: kinds that
        only archives and printers write.
    """
    orientation: int | None = None
    restarts = False
    frame: tuple[int, int, int, int] | None = None
    scans: Scans | None = None
    for marker, start, end in segments(data):
        if marker in _FRAMES and frame is None:
            if end - start < 6:
                raise corrupt(N_("A JPEG frame header must hold 6 bytes or more"), str(end - start))
            height, width = (int.from_bytes(data[i : i + 2], "big") for i in (start + 1, start + 3))
            frame = (marker, data[start], width, height)
            _check_frame(*frame)
            scans = Scans(_components(data[start + 5 : end]), progressive=marker == _PROGRESSIVE)
        elif marker == _APP1 and data.startswith(b"Exif\0\0", start) and orientation is None:
            # The first of several, as viewers have it.
            orientation = read_orientation(data[start:end])
        elif marker == _DRI:
            restarts = restarts or any(data[start:end])
        elif marker == _SOS and scans is not None:
            scans.add(data[start:end])
    if frame is None or scans is None or not scans.unit_height:
        missing = Words(N_("neither") if frame is None else N_("no scan"))
        raise corrupt(N_("A JPEG must hold a frame and a scan"), missing)
    scans.check_complete()
    channels = 1 if len(scans.components) == 1 else 3
    _, bits, width, height = frame
    return JpegHeader(
        *("jpeg", width, height, bits, orientation or 1),
        channels=channels,
        unit_height=scans.unit_height,
        restarts=restarts,
    )


def _check_frame(marker: int, bits: int, width: int, height: int) -> None:
    if not width or not height:
        raise corrupt(N_("JPEG width and height must be 1 or more"), f"{width} x {height}")
    if marker not in _DECODABLE_FRAMES or bits != 8:
        raise UnsupportedFormatError(
            N_(
                "A JPEG must be 8-bit baseline or progressive; received {bits}-bit, {kind} (frame type "
                "FF{marker:02X})."
            ),
            remedy=N_("Export the film as PNG (8 or 16 bits) from your viewer."),
            bits=bits,
            marker=marker,
            kind=Words(_KINDS.get(marker, N_("of a rare kind"))),
        )


def _components(body: bytes) -> tuple[Component, ...]:
    count = body[0] if body else 0
    if count == 4:
        raise UnsupportedFormatError(
            N_("A JPEG must be grey or in colour; received the four colours of print (CMYK)."),
            remedy=N_("Export the film as grey JPEG or PNG."),
        )
    sizes = [(part >> 4, part & 15) for part in body[2::3]]
    if count not in (1, 3) or len(body) != 1 + 3 * count or not all(0 < n <= 4 for s in sizes for n in s):
        raise corrupt(
            N_("A JPEG must have 1 or 3 components"), Words(N_("a header for {count}"), {"count": count})
        )
    return tuple(Component(body[1 + 3 * index], sizes[index][1]) for index in range(count))


class Jpeg:
    """JPEG, as ``formats`` lists it."""

    name = "jpeg"
    title = "JPEG"
    suffixes = (".jpg", ".jpeg", ".jfif")
    decoders = ("simplejpeg",)

    def unavailable(self) -> str | None:
        """Always None: what decodes it is part of every installation."""
        return None

    def recognises(self, data: bytes) -> bool:
        """Whether the first bytes are of a JPEG; JPEG-LS begins alike and is none."""
        return data.startswith(SIGNATURE) and not is_jpeg_ls(data)

    def read_header(self, data: bytes) -> JpegHeader:
        """See `read_jpeg_header`."""
        return read_jpeg_header(data)

    def decode(self, data: bytes, header: ImageHeader, limits: DecodeLimits) -> StoredPicture:  # noqa: ARG002
        """The stored pixels; whatever libjpeg warns of is damage, and a jump in level is said."""
        stored = _decode(data, header)
        details = header if isinstance(header, JpegHeader) else read_jpeg_header(data)
        return StoredPicture(stored, header.bits, notes=_suspicion(stored, details))


JPEG: FilmFormat = Jpeg()


def _decode(data: bytes, header: ImageHeader) -> NDArray[Any]:
    # A block of 64 pixels takes a bit or more: a kilobyte that promises a large picture is not worth more.
    if 8 * len(data) * _BLOCK_PIXELS < header.pixel_count:
        raise undecodable(JPEG.title)
    try:
        stored: NDArray[Any] = simplejpeg.decode_jpeg(
            data, "GRAY" if header.channels == 1 else "BGR", strict=True
        )
    except ValueError as error:
        if _UNKNOWN_SAMPLING in str(error):
            return decode_with_opencv(data, header, JPEG.title)
        raise undecodable(JPEG.title) from error
    if stored.shape[:2] != (header.height, header.width):
        raise undecodable(JPEG.title)
    grey: NDArray[Any] = stored[:, :, 0]
    return grey if stored.shape[2] == 1 else stored


def _suspicion(stored: NDArray[Any], header: JpegHeader) -> tuple[Reason, ...]:
    # Where levels start anew within a row, a wrong byte does not reach as far; libjpeg then notices more.
    if header.restarts:
        return ()
    level = stored if stored.ndim == 2 else cv2.extractChannel(stored, 1)
    return (Reason(ReasonCode.MAYBE_DAMAGED),) if level_jump(level, header.unit_height) > JUMP else ()
