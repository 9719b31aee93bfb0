"""PNG against its specification: interlaced passes, transparent levels, the end of the pixel stream."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from picture_files import exif_block

from cxr_dash.domain import DecodeLimits, Reason, ReasonCode
from cxr_dash.errors import CorruptFileError
from cxr_dash.imaging.formats import png
from cxr_dash.imaging.formats.base import ImageHeader, transparent_parts
from cxr_dash.imaging.formats.png import PNG, chunk, read_png_header

# PNG specification, 8.2: the pass in which each pixel of an 8 x 8 tile is sent
ADAM7 = np.array([
    [1, 6, 4, 6, 2, 6, 4, 6], [7] * 8, [5, 6, 5, 6, 5, 6, 5, 6], [7] * 8,
    [3, 6, 4, 6, 3, 6, 4, 6], [7] * 8, [5, 6, 5, 6, 5, 6, 5, 6], [7] * 8,
])  # fmt: skip


def head(width: int, height: int, bits: int = 8, kind: int = 0, interlace: int = 0) -> bytes:
    return png.SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlace))


def whole(start: bytes, rows: bytes, *before: bytes) -> bytes:
    return start + b"".join(before) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def passes(picture: np.ndarray) -> bytes:
    """Filtered rows of the seven passes of a grey picture of 8 bits."""
    height, width = picture.shape
    tile = np.tile(ADAM7, (height // 8 + 1, width // 8 + 1))[:height, :width]
    rows = []
    for number in range(1, 8):
        for y in range(height):
            row = picture[y][tile[y] == number]
            if row.size:
                rows.append(b"\0" + row.tobytes())
    return b"".join(rows)


@pytest.mark.parametrize("height", range(1, 10))
@pytest.mark.parametrize("width", [*range(1, 10), 17])
def test_interlaced_rows_take_what_their_passes_take(width: int, height: int) -> None:
    picture = (np.arange(width * height) % 251).astype(np.uint8).reshape(height, width)
    rows = passes(picture)
    data = whole(head(width, height, interlace=1), rows)
    assert png.rows_bytes(data) == len(rows)
    decoded = PNG.decode(data, read_png_header(data), DecodeLimits())
    np.testing.assert_array_equal(decoded.pixels, picture)


@pytest.mark.parametrize(("bits", "most"), [(1, 1), (2, 3), (4, 15), (8, 255), (16, 65535)])
def test_a_transparent_level_is_of_the_file_s_own_depth(bits: int, most: int) -> None:
    size = 2 if bits == 16 else 1
    packed = {1: b"\x40", 2: b"\x30", 4: b"\x0f", 8: b"\x00\xff", 16: b"\0\0\xff\xff"}[bits]
    data = whole(head(2, 1, bits), b"\0" + packed, chunk(b"tRNS", struct.pack(">H", most)))
    header = read_png_header(data)
    assert header.transparent_level == most
    found = PNG.decode(data, header, DecodeLimits())
    assert found.pixels.tolist() == [[0, 0]]
    assert found.notes == (Reason(ReasonCode.TRANSPARENT_PARTS),)
    other = whole(head(2, 1, bits), b"\0" + packed, chunk(b"tRNS", struct.pack(">H", most - 1)))
    kept = PNG.decode(other, read_png_header(other), DecodeLimits())
    assert kept.pixels.tolist() == [[0, 256**size - 1]]
    assert kept.notes == ()
    assert kept.bits == bits


def test_a_transparent_level_of_colour_or_of_none_is_left_alone() -> None:
    colour = np.full((1, 1, 3), 7, np.uint8)
    grey = np.full((1, 1), 7, np.uint8)
    assert png._clear_transparent_level(colour, ImageHeader("png", 1, 1, 8, transparent_level=7)) is colour
    assert png._clear_transparent_level(grey, ImageHeader("png", 1, 1, 8)) is grey


@pytest.mark.parametrize(("changed", "said"), [(0, False), (1, False), (2, True)])
def test_half_a_percent_may_be_transparent_without_a_word(changed: int, said: bool) -> None:
    before = np.full((10, 20), 9, np.uint8)  # one of two hundred is half a percent
    after = before.copy()
    after.ravel()[:changed] = 0
    after.ravel()[changed:3] = 12  # brighter is not darker
    assert bool(transparent_parts(before, after)) is said


ROWS = b"\0\1\2\0\3\4"


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (zlib.compress(ROWS + b"\0"), "more than 6 bytes, or no end"),
        (zlib.compress(ROWS)[:-4], "more than 6 bytes, or no end"),
        (zlib.compress(ROWS)[:-1], "more than 6 bytes, or no end"),
        (zlib.compress(ROWS[:-1]), "5 bytes, 6 needed"),
        (zlib.compress(b""), "0 bytes, 6 needed"),
        (b"\x78\x01" + b"\xff" * 9, "does not inflate"),
        (zlib.compress(ROWS)[:-1] + b"\0", "does not inflate"),
    ],
)
def test_pixel_data_must_inflate_to_the_rows_and_end_there(packed: bytes, words: str) -> None:
    data = head(2, 2) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    with pytest.raises(CorruptFileError, match=words):
        png.checked_rows(data)


@pytest.mark.parametrize("size", [1, 65534, 65535, 65536, 131070, 131071])
def test_rows_are_stored_in_blocks_of_65535_bytes(size: int) -> None:
    rows = (b"\0" + bytes(range(1, 256)) * 600)[:size]
    copy = b"".join(png._stored(rows, struct.pack(">I", zlib.adler32(rows))))
    (length,) = struct.unpack_from(">I", copy)
    assert copy == chunk(b"IDAT", copy[8 : 8 + length])
    assert zlib.decompress(copy[8 : 8 + length]) == rows
    assert length == size + 2 + 4 + 5 * -(-size // 65535), "a head, a checksum, and five bytes a block"


def test_a_copy_has_palette_and_transparency_and_nothing_else() -> None:
    palette, clear = chunk(b"PLTE", bytes(6)), chunk(b"tRNS", b"\0")
    text = chunk(b"tEXt", b"a\0b")
    start = head(2, 2, kind=3)
    data = whole(start, ROWS[:1] + b"\0\1" + b"\0\1\0", text, palette, clear)
    late = data[:-12] + clear + text + data[-12:]
    for one in (data, late):
        copy = png.checked_rows(one)
        assert copy.startswith(start + palette + clear)
        assert [kind for kind, *_ in png.chunks(copy)] == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]


@pytest.mark.parametrize("place", range(8))
def test_any_wrong_byte_of_a_chunk_is_seen(place: int) -> None:
    text = bytearray(chunk(b"tEXt", b"abcd"))
    text[4 + place + (4 if place > 3 else 0)] ^= 1
    data = whole(head(2, 2), ROWS, bytes(text))
    with pytest.raises(CorruptFileError, match="must match its checksum"):
        png.checked_rows(data)


def test_fifty_thousand_chunks_are_walked_and_not_one_more() -> None:
    empty = chunk(b"teSt", b"")
    data = head(1, 1) + empty * 49_998 + chunk(b"IEND", b"")
    assert sum(1 for _ in png.chunks(data)) == 50_000
    data = head(1, 1) + empty * 49_999 + chunk(b"IEND", b"")
    with pytest.raises(CorruptFileError, match="fewer than 50000 chunks"):
        list(png.chunks(data))


@pytest.mark.parametrize(("behind", "orientation"), [(0, 6), (1, 1)])
def test_of_a_note_64_kilobytes_are_read(behind: int, orientation: int) -> None:
    block = exif_block(6)
    # the directory, 2 + 2 x 12 bytes without the link behind it, ends where reading ends
    offset = 65536 - 26 + behind
    moved = block[:4] + struct.pack(">I", offset) + bytes(offset - 8) + block[8:]
    assert (
        read_png_header(head(1, 1) + chunk(b"eXIf", moved) + chunk(b"IEND", b"")).orientation == orientation
    )


@pytest.mark.parametrize(
    "start",
    [
        png.SIGNATURE + chunk(b"IHDR", bytes(12)),
        png.SIGNATURE + chunk(b"IHDR", bytes(14)),
        png.SIGNATURE + chunk(b"IHDR", bytes(13))[:20],
        png.SIGNATURE + chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08" + bytes(4))[:20],
        png.SIGNATURE + chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08" + bytes(4)).replace(b"IHDR", b"IHDX"),
    ],
)
def test_a_header_has_thirteen_bytes(start: bytes) -> None:
    with pytest.raises(CorruptFileError, match="13-byte IHDR") as caught:
        read_png_header(start)
    assert repr(start[8:16]) in caught.value.message


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_chunk_is_whole_with_its_checksum(cut: int) -> None:
    data = head(2, 2) + chunk(b"tEXt", b"a\0bcd")[:-cut]
    with pytest.raises(CorruptFileError, match=f"must hold 5 bytes; received {9 - cut} before the end"):
        read_png_header(data)


@pytest.mark.parametrize("left", range(12))
def test_fewer_than_twelve_bytes_are_no_chunk(left: int) -> None:
    data = head(2, 2) + chunk(b"tEXt", b"a\0bcd")[:left]
    with pytest.raises(
        CorruptFileError, match=f"its IEND chunk; received a file that stops after {33 + left} "
    ):
        read_png_header(data)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("width", range(1, 18))
def test_a_row_has_as_many_whole_bytes_as_its_bits_begin(width: int, bits: int) -> None:
    assert png.rows_bytes(head(width, 3, bits)) == 3 * (1 + len(range(0, width * bits, 8)))


def test_pixel_data_must_be_there() -> None:
    with pytest.raises(CorruptFileError, match=r"must hold pixel data \(IDAT\)"):
        png.checked_rows(head(2, 2) + chunk(b"IEND", b""))
