"""WebP: header and completeness (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_dash.domain import N_, DecodeLimits, Words
from cxr_dash.imaging.formats.base import FilmFormat, ImageHeader, StoredPicture, corrupt, decode_with_opencv
from cxr_dash.imaging.formats.exif import read_orientation

_ANIMATION_FLAG = 0x02
_MAX_CHUNKS = 10_000


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    promised = 8 + int.from_bytes(data[4:8], "little")
    if promised > len(data):
        raise corrupt(
            N_("A WebP that promises {promised} bytes must hold them"), str(len(data)), promised=promised
        )
    position = 12
    for _ in range(_MAX_CHUNKS):
        if position + 8 > promised:
            return
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        start, end = position + 8, position + 8 + length
        if end > promised:
            kind = data[position : position + 4]
            raise corrupt(N_("The WebP chunk {kind!r} must be whole"), Words(N_("a shorter file")), kind=kind)
        yield data[position : position + 4], start, end
        position = end + (length & 1)


def _lossy_size(body: bytes) -> tuple[int, int]:
    if len(body) < 10 or body[3:6] != b"\x9d\x01\x2a":
        raise corrupt(N_("A WebP key frame must start with 9D 01 2A"), f"{body[3:6]!r}")
    return tuple(int.from_bytes(body[i : i + 2], "little") & 0x3FFF for i in (6, 8))  # type: ignore[return-value]


def _lossless_size(body: bytes) -> tuple[int, int]:
    if len(body) < 5 or body[0] != 0x2F:
        raise corrupt(N_("A lossless WebP must start with 2F"), f"{body[:1]!r}")
    packed = int.from_bytes(body[1:5], "little")
    return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1


def read_webp_header(data: bytes) -> ImageHeader:
    """Read size, orientation and number of pictures of a WebP, and make sure that it is whole.

    Raises
    ------
    CorruptFileError
        If the file is shorter than it says, holds no picture, or its two sizes disagree.
    """
    canvas: tuple[int, int] | None = None
    picture: tuple[int, int] | None = None
    orientation, animated, frames = 1, False, 0
    for kind, start, end in _chunks(data):
        head = data[start : min(end, start + 16)]
        if kind == b"VP8X" and len(head) >= 10:
            animated = bool(head[0] & _ANIMATION_FLAG)
            canvas = int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
        elif kind == b"VP8 " and picture is None:
            picture = _lossy_size(head)
        elif kind == b"VP8L" and picture is None:
            picture = _lossless_size(head)
        elif kind == b"ANMF":
            frames += 1
        elif kind == b"EXIF":
            orientation = read_orientation(data[start:end])
    if animated or frames:
        width, height = canvas or (1, 1)
        return ImageHeader("webp", width, height, 8, orientation, max(frames, 2))
    if picture is None or 0 in picture:
        raise corrupt(N_("A WebP must hold a picture"), Words(N_("none")))
    if canvas is not None and canvas != picture:
        raise corrupt(
            N_("A WebP canvas of {width} x {height} must match its picture"),
            f"{picture}",
            width=canvas[0],
            height=canvas[1],
        )
    return ImageHeader("webp", *picture, 8, orientation)


class Webp:
    """WebP, as ``formats`` lists it."""

    name = "webp"
    title = "WebP"
    suffixes = (".webp",)
    media_type = "image/webp"
    decoders = ("opencv-python-headless",)

    def unavailable(self) -> str | None:
        """Always None: what decodes it is part of every installation."""
        return None

    def recognises(self, data: bytes) -> bool:
        """Whether the first bytes are of a WebP."""
        return data[:4] == b"RIFF" and data[8:12] == b"WEBP"

    def read_header(self, data: bytes) -> ImageHeader:
        """See `read_webp_header`."""
        return read_webp_header(data)

    def decode(self, data: bytes, header: ImageHeader, limits: DecodeLimits) -> StoredPicture:  # noqa: ARG002
        """The stored pixels."""
        return StoredPicture(decode_with_opencv(data, header, self.title), header.bits)


WEBP: FilmFormat = Webp()
