"""PNG and WebP to the byte: what a header may say, where a file may end, what is read of each chunk."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from picture_files import exif_block, riff_chunk

from cxr_dash.errors import CorruptFileError
from cxr_dash.imaging.formats import png, webp
from cxr_dash.imaging.formats.png import chunk


def _png(
    *chunks: bytes, width: int = 7, height: int = 5, kind: int = 0, bits: int = 8, rest: bytes = b"\0\0\0"
) -> bytes:
    fixed = struct.pack(">IIBB", width, height, bits, kind) + rest
    return png.SIGNATURE + chunk(b"IHDR", fixed) + b"".join(chunks) + chunk(b"IEND", b"")


_PALETTE = chunk(b"PLTE", bytes(6))
_ALLOWED = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


@pytest.mark.parametrize("kind", range(8))
@pytest.mark.parametrize("bits", [0, 1, 2, 3, 4, 8, 9, 16, 17])
def test_colour_types_and_bits_are_those_of_the_format(kind: int, bits: int) -> None:
    data = _png(_PALETTE, kind=kind, bits=bits)
    if bits not in _ALLOWED.get(kind, ()):
        with pytest.raises(CorruptFileError, match="must be one the format allows"):
            png.read_png_header(data)
        return
    header = png.read_png_header(data)
    assert (header.width, header.height, header.bits) == (7, 5, bits)
    assert header.channels == {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}[kind]


@pytest.mark.parametrize(
    ("rest", "good"),
    [(b"\0\0\1", True), (b"\0\0\2", False), (b"\1\0\0", False), (b"\0\1\0", False), (b"\1\1\2", False)],
)
def test_compression_and_filtering_have_one_value_and_interlace_two(rest: bytes, good: bool) -> None:
    if good:
        assert png.read_png_header(_png(rest=rest)).width == 7
    else:
        with pytest.raises(CorruptFileError):
            png.read_png_header(_png(rest=rest))


@pytest.mark.parametrize("side", [0, 2**31, 2**31 + 1, 2**32 - 1])
def test_a_side_beyond_the_format_is_refused_and_the_longest_is_not(side: int) -> None:
    for size in ({"width": side}, {"height": side}):
        with pytest.raises(CorruptFileError, match="between 1 and 2147483647"):
            png.read_png_header(_png(**size))  # type: ignore[arg-type]
    assert png.read_png_header(_png(width=2**31 - 1, height=1)).width == 2**31 - 1
    assert png.read_png_header(_png(width=1, height=2**31 - 1)).height == 2**31 - 1


@pytest.mark.parametrize(
    ("kind", "chunks", "frames", "transparent", "channels"),
    [
        (0, (), 1, None, 1),
        (0, (chunk(b"tRNS", b"\0\7"),), 1, 7, 1),
        (0, (chunk(b"tRNS", b"\1\7\0"),), 1, 263, 1),
        (0, (chunk(b"tRNS", b"\7"),), 1, None, 1),
        (2, (chunk(b"tRNS", bytes(6)),), 1, None, 4),
        (3, (_PALETTE, chunk(b"tRNS", b"\0")), 1, None, 4),
        (0, (chunk(b"acTL", struct.pack(">II", 5, 0)),), 5, None, 1),
        (0, (chunk(b"acTL", struct.pack(">I", 5)),), 5, None, 1),
        (0, (chunk(b"acTL", b"\0\0\5"),), 1, None, 1),
        (0, (chunk(b"acTL", struct.pack(">I", 0)),), 1, None, 1),
        (0, (chunk(b"fdAT", bytes(9)),), 2, None, 1),
        (0, (chunk(b"acTL", struct.pack(">I", 5)), chunk(b"fdAT", bytes(9))), 5, None, 1),
    ],
)
def test_chunks_say_frames_transparency_and_channels(
    kind: int, chunks: tuple[bytes, ...], frames: int, transparent: int | None, channels: int
) -> None:
    header = png.read_png_header(_png(*chunks, kind=kind))
    assert (header.frames, header.transparent_level, header.channels) == (frames, transparent, channels)


def test_the_first_orientation_counts_and_a_palette_must_be_there() -> None:
    six, three = (chunk(b"eXIf", exif_block(one)) for one in (6, 3))
    assert png.read_png_header(_png(six, three)).orientation == 6
    assert png.read_png_header(_png()).orientation == 1
    with pytest.raises(CorruptFileError, match="must have a PLTE chunk"):
        png.read_png_header(_png(kind=3))


@pytest.mark.parametrize("cut", range(1, 13))
def test_a_png_that_stops_before_its_end_is_damaged(cut: int) -> None:
    whole = _png()
    with pytest.raises(CorruptFileError):
        png.read_png_header(whole[:-cut])
    assert png.read_png_header(whole + b"x").width == 7


def test_a_chunk_that_is_longer_than_the_file_is_named_with_what_there_is() -> None:
    start = _png()[:33]
    with pytest.raises(CorruptFileError, match=r"must hold 100 bytes.*received 4 before the end"):
        png.read_png_header(start + struct.pack(">I", 100) + b"IDAT" + bytes(4))


@pytest.mark.parametrize(
    ("kind", "bits", "interlace", "needed"),
    [
        (0, 8, 0, 5 * (1 + 7)),
        (0, 1, 0, 5 * (1 + 1)),
        (0, 16, 0, 5 * (1 + 14)),
        (2, 8, 0, 5 * (1 + 21)),
        (3, 4, 0, 5 * (1 + 4)),
        (4, 16, 0, 5 * (1 + 28)),
        (6, 8, 0, 5 * (1 + 28)),
        # passes of 7 x 5: 1x1, 1x1, 2x1, 2x2, 4x1, 3x3, 7x2
        (0, 8, 1, 2 + 2 + 3 + 2 * 3 + 5 + 3 * 4 + 2 * 8),
    ],
)
def test_rows_take_a_byte_each_for_their_filter_and_as_many_as_their_pixels(
    kind: int, bits: int, interlace: int, needed: int
) -> None:
    assert png.rows_bytes(_png(kind=kind, bits=bits, rest=bytes([0, 0, interlace]))) == needed


def test_rows_of_more_than_a_stored_block_come_through_as_they_are() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (300, 501), dtype=np.uint8)
    rows[:, 0] = 0
    packed = zlib.compress(rows.tobytes())
    copy = png.checked_rows(
        _png(chunk(b"IDAT", packed[:70]), chunk(b"IDAT", packed[70:]), width=500, height=300)
    )
    (body,) = [copy[start:end] for kind, start, end in png.chunks(copy) if kind == b"IDAT"]
    assert zlib.decompress(body) == rows.tobytes()
    assert len(body) < rows.size + 40


def _riff(*parts: tuple[bytes, bytes], promised: int = 0) -> bytes:
    body = b"WEBP" + b"".join(riff_chunk(*part) for part in parts)
    return b"RIFF" + struct.pack("<I", len(body) + promised) + body


def _lossy(width: int, height: int) -> tuple[bytes, bytes]:
    return b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)


def _lossless(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    packed = (width - 1) | (height - 1) << 14 | flags << 28
    return b"VP8L", b"\x2f" + struct.pack("<I", packed)


def _extended(flags: int, width: int, height: int) -> tuple[bytes, bytes]:
    sizes = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return b"VP8X", bytes([flags, 0, 0, 0]) + sizes


@pytest.mark.parametrize(
    ("parts", "size", "frames", "channels"),
    [
        ((_lossy(640, 481),), (640, 481), 1, 3),
        ((_lossy(640 | 0x4000, 481 | 0x8000),), (640, 481), 1, 3),
        ((_lossless(640, 481),), (640, 481), 1, 3),
        ((_lossless(16384, 16384),), (16384, 16384), 1, 3),
        ((_lossless(640, 481, 1),), (640, 481), 1, 4),
        ((_lossless(640, 481, 2),), (640, 481), 1, 3),
        ((_extended(0, 640, 481), _lossy(640, 481)), (640, 481), 1, 3),
        ((_extended(0x10, 640, 481), _lossy(640, 481)), (640, 481), 1, 4),
        ((_extended(0x02, 640, 481),), (640, 481), 2, 3),
        ((_extended(0x02, 640, 481), *[(b"ANMF", bytes(17))] * 3), (640, 481), 3, 3),
        (((b"ANMF", bytes(16)),), (1, 1), 2, 3),
        ((_lossy(640, 481), _lossy(9, 9)), (640, 481), 1, 3),
        (((b"ABCD", bytes(3)), _lossless(640, 481)), (640, 481), 1, 3),
    ],
)
def test_a_webp_says_size_frames_and_channels(
    parts: tuple[tuple[bytes, bytes], ...], size: tuple[int, int], frames: int, channels: int
) -> None:
    header = webp.read_webp_header(_riff(*parts))
    assert ((header.width, header.height), header.frames) == (size, frames)
    if frames == 1:
        assert (header.channels, header.bits, header.orientation) == (channels, 8, 1)


@pytest.mark.parametrize(
    "data",
    [
        _riff(),
        _riff(_lossy(0, 481)),
        _riff(_lossy(640, 0)),
        _riff((b"VP8 ", b"\0\0\0\x9d\x01\x2b" + bytes(4))),
        _riff((b"VP8 ", b"\0\0\0\x9d\x01\x2a" + bytes(3))),
        _riff((b"VP8L", b"\x2e" + bytes(4))),
        _riff((b"VP8L", b"\x2f" + bytes(3))),
        _riff(_extended(0, 641, 481), _lossy(640, 481)),
        _riff(_lossy(640, 481), promised=1),
        _riff(_lossy(640, 481))[:-1],
    ],
)
def test_a_webp_that_holds_no_whole_picture_is_damaged(data: bytes) -> None:
    with pytest.raises(CorruptFileError):
        webp.read_webp_header(data)


def test_a_webp_chunk_that_is_longer_than_the_file_is_named() -> None:
    data = bytearray(_riff(_lossy(640, 481)))
    data[16:20] = struct.pack("<I", 11)
    with pytest.raises(CorruptFileError, match="b'VP8 '"):
        webp.read_webp_header(bytes(data))


def test_what_follows_a_webp_is_not_looked_at() -> None:
    whole = _riff(_lossy(640, 481))
    assert webp.read_webp_header(whole + b"more").width == 640
    assert webp.read_webp_header(_riff(_lossy(640, 481), (b"EXIF", exif_block(6)))).orientation == 6
    assert webp.read_webp_header(_riff((b"VP8X", bytes(9)), _lossy(3, 4))).width == 3


def test_a_run_of_one_byte_is_a_hole_from_24_on_and_longer_only_where_the_picture_is_flat() -> None:
    assert webp._longest_run(b"a" + bytes(23) + b"b", b"\0", 0, 25) == 0
    assert webp._longest_run(b"a" + bytes(24) + b"b", b"\0", 0, 26) == 24
    assert webp._longest_run(b"a" + bytes(30) + b"b" + bytes(40), b"\0", 0, 72) == 40
    assert webp._longest_run(bytes(60), b"\0", 10, 50) == 40
    assert webp._longest_run(bytes(30), b"\0", 0, 30) == 30
    picture = np.zeros((64, 80, 3), np.uint8)
    picture[..., 1] = np.random.default_rng(0).integers(0, 255, (64, 80))
    assert webp._longest_flat(picture) == 0
    picture[16:32, 16:64] = 7
    picture[48:64, :32] = 7
    picture[16, 16] = 9
    assert webp._longest_flat(picture) == 3
    picture[16, 16] = 10
    assert webp._longest_flat(picture) == 2
    assert webp._longest_flat(picture[:, :, :][:40, :70]) == 2


def test_a_hole_is_told_from_a_flat_part_by_a_fifth_of_a_byte_for_each_flat_block() -> None:
    flat = np.zeros((160, 160, 3), np.uint8)  # 100 blocks: 44 bytes
    for run, good in ((44, True), (45, False)):
        data = _riff((b"VP8 ", b"\0\0\0\x9d\x01\x2a\xa0\1\xa0\1" + bytes(run) + b"x"))
        if good:
            webp._check_holes(data, flat)
        else:
            with pytest.raises(CorruptFileError, match="must be whole"):
                webp._check_holes(data, flat)
