"""The stored pixels of a film: plain ones here, encoded ones by a decoder in a child process."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import DecodeLimits
from cxr_dash.imaging.formats.dicom.codestream import FrameHeader, read_frame_header
from cxr_dash.imaging.formats.dicom.dataset import DicomFile, pixel_bytes, single_frame
from cxr_dash.imaging.formats.dicom.decoders import DecoderPool, Job
from cxr_dash.imaging.formats.dicom.description import PixelDescription
from cxr_dash.imaging.formats.dicom.layout import ended_early
from cxr_dash.imaging.formats.dicom.refuse import damaged_pixels

# Pixels that a bit of coded data may stand for at most: a block of 64 has a code, and so has each pixel
# without loss; a run of 128 bytes takes 16 bits. A small frame that promises a large picture is not worth a
# second. The other codecs have no such bound, and stop where their data do.
_RUN, _LOSSLESS, _BLOCK = 8, 1, 64


def read_pixels(
    file: DicomFile, description: PixelDescription, original: bytes, pool: DecoderPool, limits: DecodeLimits
) -> tuple[NDArray[Any], bool]:
    """The stored pixels.

    Returns
    -------
    pixels : ndarray of uint8 or uint16, shape (H, W) or (H, W, 3)
        As stored: unmasked, colour not converted.
    luminance_and_chroma : bool
        Whether the three samples are those rather than red, green and blue.

    Raises
    ------
    CorruptFileError, BusyError
    """
    value = pixel_bytes(file, original)
    ybr = description.photometric.startswith("YBR")
    if file.syntax.codec == "native":
        return _native(value, file, description), ybr
    frame = single_frame(value)
    if file.syntax.codec == "rle":
        if len(frame) < 64:
            raise ended_early()
        _check_length(frame, description, _RUN)
        return _decoded(pool, Job("rle", frame, *_shape(description)), limits), ybr
    header = read_frame_header(frame, file.syntax)
    _check(header, description)
    if file.syntax.codec == "jpeg":
        _check_length(frame, description, _BLOCK if file.syntax.lossy else _LOSSLESS)
    job = Job(
        file.syntax.codec,
        frame,
        *_shape(description),
        converted=header.converted or ybr,
        lossless=not file.syntax.lossy,
    )
    pixels = _decoded(pool, job, limits)
    if file.syntax.codec == "jpeg2000":
        # Its decoder undoes the standard's two colour transforms itself.
        return pixels, ybr and description.photometric not in ("YBR_ICT", "YBR_RCT")
    return pixels, ybr or header.converted


def _shape(description: PixelDescription) -> tuple[int, int, int, int]:
    return description.rows, description.columns, description.samples, description.bits_allocated


def _check(header: FrameHeader, description: PixelDescription) -> None:
    stated = (description.columns, description.rows, description.samples)
    if (header.width, header.height, header.samples) != stated or header.bits > description.bits_allocated:
        raise damaged_pixels()


def _check_length(frame: bytes, description: PixelDescription, pixels_a_bit: int) -> None:
    if 8 * len(frame) * pixels_a_bit < description.rows * description.columns:
        raise damaged_pixels()


def _decoded(pool: DecoderPool, job: Job, limits: DecodeLimits) -> NDArray[Any]:
    pixels = pool.decode(job, limits)
    if pixels.dtype.kind == "i":
        return pixels.view(np.uint8 if pixels.dtype.itemsize == 1 else np.uint16)
    return pixels


def _native(value: bytes, file: DicomFile, description: PixelDescription) -> NDArray[Any]:
    if len(value) < description.native_bytes:
        raise ended_early()
    words = file.pixels is not None and file.pixels.vr in (b"OW", b"")
    rows, columns = description.rows, description.columns
    if description.bits_allocated == 16:
        order = ">u2" if file.big_endian else "<u2"
        levels = np.frombuffer(value, order, rows * columns).astype(np.uint16, copy=False)
        return levels.reshape(rows, columns)
    if file.big_endian and words:
        # Bytes travel two to a word, and big-endian words have them the other way round.
        even = value[: len(value) // 2 * 2]
        value = np.frombuffer(even, np.uint16).byteswap().tobytes()
        if len(value) < description.native_bytes:
            raise ended_early()
    if description.photometric == "YBR_FULL_422":
        return _spread_chroma(value, description)
    levels = np.frombuffer(value, np.uint8, description.native_bytes)
    if description.samples == 1:
        return levels.reshape(rows, columns)
    if description.by_plane:
        return np.ascontiguousarray(np.moveaxis(levels.reshape(3, rows, columns), 0, -1))
    return levels.reshape(rows, columns, 3)


def _spread_chroma(value: bytes, description: PixelDescription) -> NDArray[np.uint8]:
    """Two pixels share their chroma: Y1 Y2 Cb Cr (PS3.3, C.7.6.3.1.2)."""
    pairs = (description.columns + 1) // 2
    quads = np.frombuffer(value, np.uint8, description.native_bytes).reshape(description.rows, pairs, 4)
    picture = np.empty((description.rows, pairs * 2, 3), np.uint8)
    picture[:, 0::2, 0], picture[:, 1::2, 0] = quads[:, :, 0], quads[:, :, 1]
    for side in (0, 1):
        picture[:, side::2, 1:] = quads[:, :, 2:]
    return np.ascontiguousarray(picture[:, : description.columns])
