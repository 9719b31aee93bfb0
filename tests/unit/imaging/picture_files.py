"""Builds picture files byte by byte, so that the readers are tested on bytes that no encoder of ours made."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    rows: list[bytes], width: int, bits: int, colour_type: int, *, before: bytes = b"", after: bytes = b""
) -> bytes:
    """A PNG from packed rows; `before` and `after` are whole chunks around the pixels."""
    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (
        PNG_SIGNATURE
        + png_chunk(b"IHDR", header)
        + before
        + png_chunk(b"IDAT", pixels)
        + after
        + png_chunk(b"IEND", b"")
    )


def bomb_png(width: int, height: int) -> bytes:
    """A few hundred bytes that promise a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + body + png_chunk(b"IEND", b"")


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """Marker, length and body."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def exif_block(orientation: int, *, big_endian: bool = True) -> bytes:
    """A TIFF structure with the orientation as its second entry."""
    mark, order = (b"MM\0*", ">") if big_endian else (b"II*\0", "<")
    entries = struct.pack(order + "HHIHH", 0x0100, 3, 1, 7, 0) + struct.pack(
        order + "HHIHH", 0x0112, 3, 1, orientation, 0
    )
    return mark + struct.pack(order + "IH", 8, 2) + entries + struct.pack(order + "I", 0)


def jpeg(pixels: np.ndarray, *, quality: int = 95, progressive: bool = False, exif: bytes = b"") -> bytes:
    """A JPEG, with an EXIF block after its start marker where one is given."""
    parameters = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    data = cv2.imencode(".jpg", pixels, parameters)[1].tobytes()
    if exif:
        body = b"Exif\0\0" + exif
        data = data[:2] + jpeg_segment(0xE1, body) + data[2:]
    return data


def webp(pixels: np.ndarray, *, lossless: bool = True) -> bytes:
    """A simple WebP (VP8L or VP8)."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR) if pixels.ndim == 2 else pixels
    return cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, 101 if lossless else 90])[1].tobytes()


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def extended_webp(simple: bytes, width: int, height: int, *, flags: int, extra: bytes = b"") -> bytes:
    """Wrap a simple WebP into the extended kind (VP8X) with the given flags and further chunks."""
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBP" + riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size) + simple[12:] + extra
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gradient(height: int = 40, width: int = 56) -> np.ndarray:
    """A grey picture without any symmetry."""
    rows, columns = np.mgrid[0:height, 0:width]
    return (rows * 3 + columns).astype(np.uint8)
