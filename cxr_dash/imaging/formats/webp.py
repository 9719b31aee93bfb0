"""WebP: header and completeness (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import N_, DecodeLimits, Words
from cxr_dash.imaging.formats.base import (
    FilmFormat,
    ImageHeader,
    StoredPicture,
    corrupt,
    decode_with_opencv,
    undecodable,
)
from cxr_dash.imaging.formats.exif import read_orientation

_ANIMATION_FLAG, _ALPHA_FLAG = 0x02, 0x10
_LOSSLESS_ALPHA = 0x10  # of the last byte of the header: 14 bits width, 14 bits height, this, 3 bits version
_MAX_CHUNKS = 10_000
# Neither coding has a checksum. A coded picture repeats a byte as often as this only where it is flat: the
# longest run in encoded films without a frame was 5 bytes, and within frames at most 0.08 a flat block.
_HOLE_BYTES, _BYTES_A_FLAT_BLOCK, _BLOCK = 24, 0.2, 16
_FLAT_RANGE = 2
_FILLERS = (b"\x00", b"\xff")


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
    orientation: int | None = None
    animated, frames, channels = False, 0, 3
    for kind, start, end in _chunks(data):
        head = data[start : min(end, start + 10)]
        if kind == b"VP8X" and len(head) >= 10:
            animated = bool(head[0] & _ANIMATION_FLAG)
            channels = 4 if head[0] & _ALPHA_FLAG else channels
            canvas = int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
        elif kind == b"VP8 " and picture is None:
            picture = _lossy_size(head)
        elif kind == b"VP8L" and picture is None:
            picture = _lossless_size(head)
            channels = 4 if head[4] & _LOSSLESS_ALPHA else channels
        elif kind == b"ANMF":
            frames += 1
        elif kind == b"EXIF" and orientation is None:
            orientation = read_orientation(data[start:end])
    if animated or frames:
        width, height = canvas or (1, 1)
        return ImageHeader("webp", width, height, 8, orientation or 1, max(frames, 2))
    if picture is None or 0 in picture:
        raise corrupt(N_("A WebP must hold a picture"), Words(N_("none")))
    if canvas is not None and canvas != picture:
        raise corrupt(
            N_("A WebP canvas of {width} x {height} must match its picture"),
            f"{picture}",
            width=canvas[0],
            height=canvas[1],
        )
    return ImageHeader("webp", *picture, 8, orientation or 1, channels=channels)


def _check_holes(data: bytes, stored: NDArray[Any]) -> None:
    """Refuse runs of one byte in coded pixels that no flat part of the picture explains."""
    longest = 0
    for kind, start, end in _chunks(data):
        if kind in (b"VP8 ", b"VP8L"):
            longest = max(longest, *(_longest_run(data, filler, start, end) for filler in _FILLERS))
    if longest and longest > _HOLE_BYTES + _BYTES_A_FLAT_BLOCK * _longest_flat(stored):
        raise corrupt(
            N_("The coded pixels of a WebP must be whole"),
            Words(N_("{count} bytes alike in a row"), {"count": longest}),
        )


def _longest_run(data: bytes, filler: bytes, start: int, end: int) -> int:
    """How often one byte stands in a row; 0 where it is less often than in a hole."""
    longest, sought = 0, filler * _HOLE_BYTES
    while (start := data.find(sought, start, end)) >= 0:
        run = data[start:end]
        length = len(run) - len(run.lstrip(filler))
        longest, start = max(longest, length), start + length
    return longest


def _longest_flat(stored: NDArray[Any]) -> int:
    """Blocks of one level that follow one another, in the order in which blocks are coded."""
    level = stored[:, :, 1]
    rows, columns = (side // _BLOCK for side in level.shape)
    blocks = level[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    flat = (blocks.max(axis=(1, 3)) - blocks.min(axis=(1, 3)) <= _FLAT_RANGE).ravel()
    ends = np.flatnonzero(np.diff(np.concatenate([[0], flat, [0]]).astype(np.int8)))
    return int((ends[1::2] - ends[::2]).max(initial=0))


class Webp:
    """WebP, as ``formats`` lists it."""

    name = "webp"
    title = "WebP"
    suffixes = (".webp",)
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
        """The stored pixels; a hole in what codes them is damage."""
        stored = decode_with_opencv(data, header, self.title)
        if stored.ndim == 2:
            raise undecodable(self.title)
        _check_holes(data, stored)
        return StoredPicture(stored, header.bits)


WEBP: FilmFormat = Webp()
