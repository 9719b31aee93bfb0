"""What a decoder complains of is damage; so is what its complaints leave out."""

from __future__ import annotations

import contextlib
import random
import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from picture_files import PNG_SIGNATURE, exif_block, gradient, jpeg, jpeg_segment, png, png_chunk, webp

from cxr_dash.errors import CorruptFileError, FilmTooLargeError, UnsupportedFormatError
from cxr_dash.imaging import chest_phantom, decode, read_header
from cxr_dash.imaging.formats.jpeg import read_jpeg_header, segments
from cxr_dash.imaging.formats.jpeg_jump import JUMP, level_jump
from cxr_dash.imaging.formats.png import checked_rows, rows_bytes

FILM = chest_phantom(320, 320, seed=3)
END = b"\xff\xd9"


def _noisy(pixels: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 2, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def _colour(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)


def _restarts(pixels: np.ndarray) -> bytes:
    parameters = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_RST_INTERVAL, 20]
    return cv2.imencode(".jpg", pixels, parameters)[1].tobytes()


FILES = {
    "grey": jpeg(_noisy(FILM)),
    "colour": jpeg(_colour(_noisy(FILM))),
    "progressive": jpeg(_noisy(FILM), progressive=True),
    "restarts": _restarts(_noisy(FILM)),
}


def _scan_starts(data: bytes) -> list[int]:
    return [end for marker, _, end in segments(data) if marker == 0xDA]


def _cut(data: bytes, keep: float) -> bytes:
    first = _scan_starts(data)[0]
    return data[: first + int((len(data) - first) * keep)] + END


def _zeroed(data: bytes, keep: float) -> bytes:
    start = _cut(data, keep)[:-2]
    return start + bytes(len(data) - len(start) - 2) + END


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("keep", [0.93, 0.8, 0.5])
@pytest.mark.parametrize("damage", [_cut, _zeroed], ids=["cut", "zeroed"])
def test_a_jpeg_whose_rest_is_missing_is_damaged_in_spite_of_its_end_marker(
    kind: str, keep: float, damage: Callable[[bytes, float], bytes]
) -> None:
    with pytest.raises(CorruptFileError):
        decode(damage(FILES[kind], keep))


def test_a_lost_restart_marker_is_damage() -> None:
    data = FILES["restarts"]
    places = [
        i
        for i in range(_scan_starts(data)[0], len(data) - 2)
        if data[i] == 0xFF and data[i + 1] & 0xF8 == 0xD0
    ]
    assert len(places) > 20
    place = places[7]
    with pytest.raises(CorruptFileError):
        decode(data[:place] + data[place + 2 :])


def test_a_progressive_jpeg_needs_every_one_of_its_scans() -> None:
    data = FILES["progressive"]
    parts = list(segments(data))
    scans = [index for index, (marker, _, _) in enumerate(parts) if marker == 0xDA]
    assert len(scans) > 3
    for scan in scans[1:]:
        own = scan  # a scan's own tables go with it
        while parts[own - 1][0] == 0xC4:
            own -= 1
        with pytest.raises(CorruptFileError, match="all scans"):
            decode(data[: parts[own][1] - 4] + END)


def _promising(data: bytes, side: int) -> bytes:
    start = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) + 5
    return data[:start] + struct.pack(">HH", side, side) + data[start + 4 :]


@pytest.mark.parametrize("kind", ["grey", "progressive"])
def test_a_small_jpeg_that_promises_a_large_picture_is_never_decoded(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    decoded: list[object] = []
    monkeypatch.setattr("simplejpeg.decode_jpeg", lambda *_, **__: decoded.append(1))
    with pytest.raises(CorruptFileError):
        decode(_promising(FILES[kind], 6500))
    assert decoded == []


@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_jpeg_of_one_tone_is_small_and_sound(progressive: bool) -> None:
    parameters = [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive), cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    data = cv2.imencode(".jpg", np.full((2400, 2000), 128, np.uint8), parameters)[1].tobytes()
    assert len(data) < 2400 * 2000 / 64
    assert decode(data).pixels.shape == (2400, 2000)


def test_extra_bytes_before_the_end_are_damage() -> None:
    data = FILES["grey"]
    with pytest.raises(CorruptFileError):
        decode(data[:-2] + b"\x12\x34\x56\x78" * 5 + END)


def test_what_follows_the_end_marker_is_not_looked_at() -> None:
    data = FILES["grey"]
    np.testing.assert_array_equal(decode(data + bytes(100) + data).pixels, decode(data).pixels)


def _with_wrong_byte(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]


def test_most_wrong_bytes_that_show_are_refused_or_said() -> None:
    """Changes of more than four blocks by more than three levels: the ones a reader or a model could see."""
    data = FILES["grey"]
    whole = decode(data).pixels.astype(int)
    places = random.Random(4)  # noqa: S311 - not for secrets
    first, shown, unsaid = _scan_starts(data)[0], 0, 0
    for _ in range(60):
        wrong = _with_wrong_byte(data, places.randrange(first, len(data) - 2))
        seen = cv2.imdecode(np.frombuffer(wrong, np.uint8), cv2.IMREAD_UNCHANGED)
        if seen is None or seen.shape != whole.shape or (np.abs(seen - whole) > 3).sum() <= 4 * 64:
            continue
        shown += 1
        with contextlib.suppress(CorruptFileError):
            unsaid += "maybe_damaged" not in [note.code for note in decode(wrong).notes]
    assert shown > 20
    assert unsaid <= 0.15 * shown


@pytest.mark.parametrize("column", [9, 20, 31])
def test_a_level_that_jumps_inside_a_row_of_blocks_is_noticed(column: int) -> None:
    film = _noisy(FILM)
    shifted = film.astype(int)
    shifted[160:168, column * 8 :] += 12
    shifted[168:] += 12
    assert level_jump(np.clip(shifted, 0, 255).astype(np.uint8), 8) > JUMP
    assert level_jump(film, 8) <= JUMP


def test_a_jump_is_seen_from_three_rows_or_columns_of_blocks_on_and_not_in_fewer() -> None:
    def jumped(down: int, across: int) -> float:
        grain = np.random.default_rng(3).normal(0.0, 3.0, (8 * down, 8 * across))
        grain[8:16, 8 * (across // 2) :] += 12
        grain[16:] += 12
        return level_jump(np.clip(grain + 100, 0, 255).astype(np.uint8), 8)

    assert jumped(3, 200) > JUMP
    assert jumped(2, 200) == 0.0
    assert jumped(40, 2) == 0.0


def test_edges_that_pictures_have_are_no_jump() -> None:
    film = _noisy(FILM)
    framed = cv2.copyMakeBorder(film, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=0)
    half = film.copy()
    half[160:, 160:] = 255 - half[160:, 160:]
    for picture in (framed, half, np.vstack([film, 255 - film]), np.zeros_like(film), gradient(320, 320)):
        assert level_jump(picture, 8) <= JUMP


@pytest.mark.parametrize("size", [(8, 320), (320, 8), (16, 16), (1, 1)])
def test_pictures_of_few_blocks_have_no_jump(size: tuple[int, int]) -> None:
    assert level_jump(np.full(size, 90, np.uint8), 8) == 0.0


@pytest.mark.parametrize("lossless", [False, True], ids=["lossy", "lossless"])
@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_a_hole_in_a_webp_is_damage(lossless: bool, filler: bytes) -> None:
    data = webp(_noisy(FILM), lossless=lossless)
    middle = len(data) // 2
    with pytest.raises(CorruptFileError):
        decode(data[:middle] + filler * 400 + data[middle + 400 :])


@pytest.mark.parametrize("lossless", [False, True], ids=["lossy", "lossless"])
def test_a_broad_black_frame_is_no_hole_in_a_webp(lossless: bool) -> None:
    framed = cv2.copyMakeBorder(_noisy(FILM), 300, 600, 300, 300, cv2.BORDER_CONSTANT, value=0)
    assert decode(webp(framed, lossless=lossless)).height == 1220


def _png_of(stream: bytes, height: int = 40) -> bytes:
    header = struct.pack(">IIBBBBB", 56, height, 8, 0, 0, 0, 0)
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", stream) + png_chunk(b"IEND", b"")


ROWS = b"".join(b"\0" + row.tobytes() for row in gradient())


@pytest.mark.parametrize(
    "stream",
    [
        zlib.compress(ROWS[:-57]),
        zlib.compress(ROWS + bytes(57)),
        zlib.compress(ROWS)[:-6],
        zlib.compress(ROWS)[:-4] + b"\0\0\0\1",
        b"\x78\x9c not deflate",
    ],
    ids=["a row missing", "a row too many", "no end", "wrong checksum", "no stream"],
)
def test_a_png_inflates_to_its_rows_and_nothing_else(stream: bytes) -> None:
    with pytest.raises(CorruptFileError, match="rows of its header"):
        decode(_png_of(stream))


def test_pixel_data_in_several_chunks_are_one_stream() -> None:
    stream = zlib.compress(ROWS)
    whole = _png_of(stream)
    parts = png_chunk(b"IDAT", stream[:20]) + png_chunk(b"IDAT", stream[20:])
    data = whole[:33] + parts + png_chunk(b"IEND", b"")
    np.testing.assert_array_equal(decode(data).pixels, gradient())


@pytest.mark.parametrize(("width", "height"), [(24, 24), (25, 31), (40, 27)])
@pytest.mark.parametrize("bits", [1, 8, 16])
def test_interlaced_rows_are_counted_as_an_encoder_writes_them(width: int, height: int, bits: int) -> None:
    passes = (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    )
    rows = b""
    for x, y, across, down in passes:
        columns, lines = len(range(x, width, across)), len(range(y, height, down))
        rows += (b"\0" + bytes((columns * bits + 7) // 8)) * lines if columns else b""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 1))
    data = PNG_SIGNATURE + header + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    assert rows_bytes(data) == len(rows)
    assert not decode(data).pixels.any()


def test_a_png_that_inflates_to_gigabytes_is_never_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows come first and are sound; behind them in the stream lie 4 GB of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    stream = b"\x78\xda" + piece * 4096 + b"\x03\x00\0\0\0\1"
    asked: list[int] = []
    from cxr_dash.imaging.formats import png as module

    class Counting:
        def __init__(self) -> None:
            self._inner = real()

        def decompress(self, data: bytes, most: int) -> bytes:
            asked.append(most)
            return self._inner.decompress(data, most)

        def __getattr__(self, name: str) -> object:
            return getattr(self._inner, name)

    real = module.isal_zlib.decompressobj
    monkeypatch.setattr(module.isal_zlib, "decompressobj", Counting)
    with pytest.raises(CorruptFileError, match="more than 2280 bytes"):
        decode(_png_of(stream))
    assert asked == [40 * 57, 1]


def test_the_copy_for_the_decoder_holds_nothing_but_pixels() -> None:
    data = png([row.tobytes() for row in gradient()], 56, 8, 0, before=png_chunk(b"tEXt", b"Author\0x"))
    copy = checked_rows(data)
    assert b"tEXt" not in copy
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(copy, np.uint8), -1), gradient())


def test_the_rows_of_a_large_png_reach_the_decoder_whole() -> None:
    pixels = np.random.default_rng(1).integers(0, 65536, (300, 290), np.uint16)  # several stored blocks
    data = cv2.imencode(".png", pixels)[1].tobytes()
    np.testing.assert_array_equal(decode(data).pixels, pixels)


def _frame(marker: int, bits: int, components: int) -> bytes:
    body = struct.pack(">BHHB", bits, 40, 56, components)
    body += b"".join(bytes([key + 1, 0x11, 0]) for key in range(components))
    return b"\xff\xd8" + jpeg_segment(marker, body) + b"\xff\xda\0\x02" + END


@pytest.mark.parametrize(
    ("marker", "bits", "components", "says"),
    [
        (0xC1, 12, 1, "12-bit"),
        (0xC3, 8, 1, "lossless JPEG"),
        (0xC9, 8, 1, "arithmetic-coded JPEG"),
        (0xC0, 8, 4, "CMYK"),
    ],
)
def test_rare_kinds_of_jpeg_are_called_by_name(marker: int, bits: int, components: int, says: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=says):
        decode(_frame(marker, bits, components))


@pytest.mark.parametrize(("first", "second"), [(1, 6), (6, 1)])
def test_the_first_of_several_exif_blocks_wins(first: int, second: int) -> None:
    inner = jpeg(gradient(), exif=exif_block(second))
    body = b"Exif\0\0" + exif_block(first)
    data = inner[:2] + jpeg_segment(0xE1, body) + inner[2:]
    assert read_header(data).orientation == first


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_orientation_written_as_a_long_number_is_honoured(order: str) -> None:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    block = mark + struct.pack(order + "IHHHII", 8, 1, 0x0112, 4, 1, 6) + bytes(4)
    assert read_header(jpeg(gradient(), exif=block)).orientation == 6


def test_decoded_size_counts_channels_and_depth() -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 7000, 7000, 16, 6, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(bytes(100)))
    data = PNG_SIGNATURE + header + body + png_chunk(b"IEND", b"")
    assert read_header(data).decoded_bytes == 7000 * 7000 * 4 * 2
    with pytest.raises(FilmTooLargeError, match=r"4 channels of 16 bits = 374 MB"):
        decode(data)


def test_the_height_of_a_unit_follows_the_coarser_colour() -> None:
    assert read_jpeg_header(FILES["grey"]).unit_height == 8
    assert read_jpeg_header(FILES["colour"]).unit_height == 16
    assert read_jpeg_header(FILES["restarts"]).restarts
