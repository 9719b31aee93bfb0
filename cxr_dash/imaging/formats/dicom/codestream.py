"""What an encoded frame says of itself, compared with the data set before anything is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cxr_dash.domain import N_, Words
from cxr_dash.imaging.formats.base import corrupt
from cxr_dash.imaging.formats.dicom.syntaxes import TransferSyntax

_J2K_START = b"\xff\x4f\xff\x51"
_JP2_START = b"\0\0\0\x0cjP  "
_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_HOLE = bytes(256)


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """Size of an encoded frame.

    Attributes
    ----------
    width, height : int
        Pixels.
    samples : int
        Per pixel.
    bits : int
        Per sample.
    converted : bool
        Whether the frame says that its colour is luminance and chroma (JFIF, or Adobe's transform 1).
    """

    width: int
    height: int
    samples: int
    bits: int
    converted: bool = False


def read_frame_header(frame: bytes, syntax: TransferSyntax) -> FrameHeader:
    """Read the size of an encoded frame.

    Raises
    ------
    CorruptFileError
        If the frame is not what the transfer syntax promises, or has a hole.
    """
    if syntax.codec == "jpeg2000":
        # Zeros in a row are what a lost piece leaves; the decoder takes them for empty packets.
        if _HOLE in frame:
            raise _damaged()
        return _jpeg2000(frame)
    return _jpeg(frame, syntax)


def _damaged() -> Exception:
    return corrupt(N_("The pixels of the DICOM film must decode"), Words(N_("damaged ones")))


def _jpeg2000(frame: bytes) -> FrameHeader:
    start = frame.find(_J2K_START) if frame.startswith(_JP2_START) else 0
    if start < 0 or frame[start : start + 4] != _J2K_START or len(frame) < start + 43:
        raise _damaged()
    # ISO/IEC 15444-1, A.5.1: Lsiz, Rsiz, Xsiz, Ysiz, XOsiz, YOsiz, four of the tiles, Csiz, then Ssiz.
    fields = struct.unpack_from(">HHLLLLLLLLHB", frame, start + 4)
    width, height = fields[2] - fields[4], fields[3] - fields[5]
    samples, bits = fields[10], (fields[11] & 0x7F) + 1
    depths = {
        frame[start + 42 + 3 * sample] for sample in range(samples) if start + 42 + 3 * sample < len(frame)
    }
    if samples == 0 or len(depths) != 1:
        raise _damaged()
    return FrameHeader(width, height, samples, bits)


def _jpeg(frame: bytes, syntax: TransferSyntax) -> FrameHeader:
    if frame[:2] != b"\xff\xd8":
        raise _damaged()
    position, converted = 2, False
    while position + 4 <= len(frame):
        if frame[position] != 0xFF:
            raise _damaged()
        marker = frame[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _NO_LENGTH:
            position += 2
            continue
        length = struct.unpack_from(">H", frame, position + 2)[0]
        body = frame[position + 4 : position + 2 + length]
        if marker in syntax.frames and len(body) >= 6:
            bits, height, width, samples = struct.unpack_from(">BHHB", body)
            return FrameHeader(width, height, samples, bits, converted)
        # Any other start of frame, or the picture itself before one.
        if marker == 0xDA or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            raise _damaged()
        if marker == 0xE0 and body.startswith(b"JFIF\0"):
            converted = True
        if marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            converted = body[11] == 1
        position += 2 + length
    raise _damaged()
