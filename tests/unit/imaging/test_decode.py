from __future__ import annotations

import csv
import hashlib
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from picture_files import (
    bomb_png,
    exif_block,
    extended_webp,
    gradient,
    jpeg,
    png,
    png_chunk,
    riff_chunk,
    webp,
)

from cxr_dash.domain import DecodeLimits
from cxr_dash.errors import CorruptFileError, FilmShapeError, FilmTooLargeError, UnsupportedFormatError
from cxr_dash.imaging import decode

TINY = DecodeLimits(min_side=1)


def test_grey_png_keeps_every_level_and_knows_its_digest() -> None:
    pixels = gradient()
    data = png([row.tobytes() for row in pixels], 56, 8, 0)
    film = decode(data)
    np.testing.assert_array_equal(film.pixels, pixels)
    assert (film.pixels.dtype, film.bits, film.file_format) == (np.uint8, 8, "png")
    assert film.sha256 == hashlib.sha256(data).hexdigest()
    assert (film.height, film.width, film.colour_fraction) == (40, 56, 0.0)


def test_sixteen_bits_stay_sixteen_bits() -> None:
    pixels = np.arange(40 * 56, dtype=np.uint16).reshape(40, 56) * 29
    film = decode(png([row.astype(">u2").tobytes() for row in pixels], 56, 16, 0))
    assert (film.pixels.dtype, film.bits) == (np.uint16, 16)
    np.testing.assert_array_equal(film.pixels, pixels)


def test_sixteen_bit_rgba_keeps_levels_where_channels_agree() -> None:
    grey = np.arange(40 * 56, dtype=np.uint16).reshape(40, 56) * 29
    rgba = np.dstack([grey, grey, grey, np.full_like(grey, 65535)])
    film = decode(png([row.astype(">u2").tobytes() for row in rgba], 56, 16, 6))
    np.testing.assert_array_equal(film.pixels, grey)
    assert (film.bits, film.colour_fraction) == (16, 0.0)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_are_spread_over_the_whole_range(bits: int) -> None:
    levels = np.arange(32 * 32).reshape(32, 32) % 2**bits
    packed = np.packbits(
        ((levels[..., np.newaxis] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8).reshape(32, -1),
        axis=1,
    )
    film = decode(png([row.tobytes() for row in packed], 32, bits, 0))
    np.testing.assert_array_equal(film.pixels, levels * 255 // (2**bits - 1))
    assert film.bits == bits


def test_grey_with_alpha_is_laid_on_black() -> None:
    row = b"".join(
        struct.pack("BB", level, alpha) for level, alpha in ((200, 255), (200, 0), (200, 51), (0, 255)) * 8
    )
    film = decode(png([row] * 32, 32, 8, 4))
    np.testing.assert_array_equal(film.pixels[0, :4], [200, 0, 40, 0])


def test_sixteen_bit_alpha_is_laid_on_black() -> None:
    row = struct.pack(">4H", 50_000, 65_535, 50_000, 13_107) * 16
    film = decode(png([row] * 32, 32, 16, 4))
    np.testing.assert_array_equal(film.pixels[0, :2], [50_000, 10_000])


def test_transparent_level_of_a_grey_png_becomes_black() -> None:
    film = decode(png([bytes([7, 9]) * 16] * 32, 32, 8, 0, before=png_chunk(b"tRNS", b"\0\x09")))
    np.testing.assert_array_equal(film.pixels[0, :2], [7, 0])


def test_palette_becomes_luminance() -> None:
    palette = png_chunk(b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 90, 90, 90]))
    film = decode(png([bytes([0, 1, 2, 3]) * 8] * 32, 32, 8, 3, before=palette))
    np.testing.assert_array_equal(film.pixels[0, :4], [76, 150, 29, 90])
    assert film.colour_fraction == pytest.approx(0.75)


def test_palette_transparency_is_laid_on_black() -> None:
    chunks = png_chunk(b"PLTE", bytes([100] * 6)) + png_chunk(b"tRNS", b"\0\xff")
    film = decode(png([bytes([0, 1]) * 16] * 32, 32, 8, 3, before=chunks))
    np.testing.assert_array_equal(film.pixels[0, :2], [0, 100])


def test_colour_fraction_counts_coloured_pixels_only() -> None:
    picture = np.dstack([np.tile(gradient(64, 64), (1, 1))] * 3)
    picture[:16] = (0, 0, 255)
    film = decode(cv2.imencode(".png", picture)[1].tobytes())
    assert film.colour_fraction == pytest.approx(0.25)


def test_equal_channels_of_a_jpeg_are_no_colour() -> None:
    film = decode(jpeg(cv2.cvtColor(gradient(), cv2.COLOR_GRAY2BGR)))
    assert film.colour_fraction == 0.0
    assert int(np.abs(film.pixels.astype(int) - gradient()).max()) <= 6


def _stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """What a camera stores for an upright picture: the inverse of a viewer's turn, by OpenCV."""
    turn = {
        1: lambda p: p,
        2: lambda p: cv2.flip(p, 1),
        3: lambda p: cv2.rotate(p, cv2.ROTATE_180),
        4: lambda p: cv2.flip(p, 0),
        5: cv2.transpose,
        6: lambda p: cv2.rotate(p, cv2.ROTATE_90_COUNTERCLOCKWISE),
        7: lambda p: cv2.rotate(cv2.transpose(p), cv2.ROTATE_180),
        8: lambda p: cv2.rotate(p, cv2.ROTATE_90_CLOCKWISE),
    }[orientation]
    return np.ascontiguousarray(turn(upright))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("container", ["png", "webp", "jpeg"])
def test_every_exif_orientation_comes_out_upright(orientation: int, container: str) -> None:
    upright = gradient()
    stored = _stored(upright, orientation)
    height, width = stored.shape
    exif = exif_block(orientation)
    data = {
        "png": lambda: png([row.tobytes() for row in stored], width, 8, 0, before=png_chunk(b"eXIf", exif)),
        "webp": lambda: extended_webp(
            webp(stored), width, height, flags=0x08, extra=riff_chunk(b"EXIF", exif)
        ),
        "jpeg": lambda: jpeg(stored, quality=100, exif=exif),
    }[container]()
    film = decode(data)
    assert film.pixels.shape == upright.shape
    assert film.pixels.flags["C_CONTIGUOUS"]
    assert int(np.abs(film.pixels.astype(int) - upright).max()) <= (3 if container == "jpeg" else 0)


def test_orientation_agrees_with_an_independent_reader() -> None:
    """OpenCV's own reading of the tag (not used by the decoder) turns the film the same way."""
    for orientation in range(1, 9):
        data = jpeg(gradient(), quality=100, exif=exif_block(orientation))
        other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(decode(data).pixels, other)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.999])
def test_truncated_files_are_corrupt(keep: float) -> None:
    noisy = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    files = (
        cv2.imencode(".png", noisy)[1].tobytes(),
        jpeg(noisy),
        jpeg(noisy, progressive=True),
        webp(noisy),
        webp(noisy, lossless=False),
    )
    for data in files:
        with pytest.raises(CorruptFileError) as caught:
            decode(data[: int(len(data) * keep)])
        assert "damaged or was cut short" in caught.value.remedy


def test_a_flipped_bit_in_png_pixels_is_corrupt() -> None:
    data = bytearray(png([row.tobytes() for row in gradient()], 56, 8, 0))
    data[data.index(b"IDAT") + 12] ^= 0x10
    with pytest.raises(CorruptFileError, match="checksum"):
        decode(bytes(data))


def test_a_png_with_too_few_rows_is_corrupt() -> None:
    whole = png([bytes(40)] * 40, 40, 8, 0)
    taller = whole[:20] + struct.pack(">I", 80) + whole[24:29]
    header = png_chunk(b"IHDR", taller[16:29])
    with pytest.raises(CorruptFileError):
        decode(whole[:8] + header + whole[33:])


def test_a_bomb_is_refused_from_its_header() -> None:
    with pytest.raises(FilmTooLargeError, match="70000 x 60000 = 4200000000"):
        decode(bomb_png(70_000, 60_000))


def test_a_file_with_too_many_bytes_is_refused() -> None:
    with pytest.raises(FilmTooLargeError, match=r"100 bytes or less; received 101"):
        decode(b"x" * 101, DecodeLimits(max_bytes=100))


@pytest.mark.parametrize(("height", "width"), [(23, 60), (60, 23), (1, 1)])
def test_tiny_pictures_are_refused(height: int, width: int) -> None:
    with pytest.raises(FilmShapeError, match="shorter side"):
        decode(png([bytes(width)] * height, width, 8, 0))


@pytest.mark.parametrize(("height", "width"), [(30, 121), (121, 30)])
def test_elongated_pictures_are_refused(height: int, width: int) -> None:
    with pytest.raises(FilmShapeError, match="at most 4 times"):
        decode(png([bytes(width)] * height, width, 8, 0))


def test_animations_are_refused() -> None:
    control = png_chunk(b"acTL", struct.pack(">II", 2, 0))
    for data in (
        png([bytes(40)] * 40, 40, 8, 0, before=control),
        extended_webp(webp(gradient()), 56, 40, flags=0x02),
    ):
        with pytest.raises(UnsupportedFormatError, match="animated"):
            decode(data)


def test_notes_in_a_png_neither_change_nor_break_the_film(capfd: pytest.CaptureFixture[str]) -> None:
    notes = (
        png_chunk(b"gAMA", struct.pack(">I", 100_000))
        + png_chunk(b"iCCP", b"bad\0\0garbage")
        + png_chunk(b"tEXt", b"Author\0x")
        + png_chunk(b"acTL", struct.pack(">II", 1, 0))
    )
    pixels = gradient()
    film = decode(png([row.tobytes() for row in pixels], 56, 8, 0, before=notes))
    np.testing.assert_array_equal(film.pixels, pixels)
    assert capfd.readouterr().err == ""


@pytest.mark.shared_data
def test_every_original_decodes_as_its_manifest_says(originals: Path) -> None:
    read = 0
    with (originals / "manifest.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            if not row["width"]:
                continue
            film = decode((originals / row["path"]).read_bytes())
            assert (film.width, film.height) == (int(float(row["width"])), int(float(row["height"])))
            assert film.pixels.dtype == np.dtype(row["dtype"])
            assert film.sha256 == row["sha256"]
            assert int(film.pixels.max()) - int(film.pixels.min()) > 80
            read += 1
    assert read == 13


@pytest.mark.shared_data
def test_the_sixteen_bit_original_keeps_its_stored_levels(originals: Path) -> None:
    film = decode((originals / "23E99E2E-447C-46E5-8EB2-D35D12473C39.png").read_bytes())
    direct = cv2.imread(str(originals / "23E99E2E-447C-46E5-8EB2-D35D12473C39.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(film.pixels, direct[:, :, 0])
