from __future__ import annotations

import struct
from pathlib import Path

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

from cxr_dash.errors import CorruptFileError, EmptyFileError, UnsupportedFormatError
from cxr_dash.imaging import read_header


def test_png_header_is_read_without_pixels() -> None:
    header = read_header(bomb_png(70_000, 60_000))
    assert (header.file_format, header.width, header.height, header.bits) == ("png", 70_000, 60_000, 8)
    assert header.orientation == 1
    assert not header.animated


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_header_gives_size_for_baseline_and_progressive(progressive: bool) -> None:
    header = read_header(jpeg(gradient(), progressive=progressive))
    assert (header.file_format, header.width, header.height, header.bits) == ("jpeg", 56, 40, 8)


@pytest.mark.parametrize("lossless", [False, True])
def test_webp_header_gives_size_for_both_codings(lossless: bool) -> None:
    header = read_header(webp(gradient(), lossless=lossless))
    assert (header.file_format, header.width, header.height) == ("webp", 56, 40)


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_found_in_every_container(orientation: int, big_endian: bool) -> None:
    exif = exif_block(orientation, big_endian=big_endian)
    pixels = gradient()
    rows = [row.tobytes() for row in pixels]
    assert read_header(jpeg(pixels, exif=exif)).orientation == orientation
    assert read_header(png(rows, 56, 8, 0, before=png_chunk(b"eXIf", exif))).orientation == orientation
    wrapped = extended_webp(webp(pixels), 56, 40, flags=0x08, extra=riff_chunk(b"EXIF", exif))
    assert read_header(wrapped).orientation == orientation


@pytest.mark.parametrize(
    "block", [b"", b"MM\0*", exif_block(9), exif_block(0), exif_block(6)[:20], b"Exif\0\0junk"]
)
def test_a_damaged_note_about_orientation_means_upright(block: bytes) -> None:
    assert read_header(jpeg(gradient(), exif=block or b"x")).orientation == 1


def test_animations_are_counted() -> None:
    control = png_chunk(b"acTL", struct.pack(">II", 5, 0))
    assert read_header(png([b"\0" * 30] * 30, 30, 8, 0, before=control)).frames == 5
    assert read_header(extended_webp(webp(gradient()), 56, 40, flags=0x02)).animated


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x08\x00\x05\x00" + b"\0" * 40, "DICOM file without a picture"),
        (b"%PDF-1.7\n", "PDF"),
        (b"GIF89a" + b"\0" * 20, "GIF"),
        (b"II*\0" + b"\0" * 20, "TIFF"),
        (b"MM\0*" + b"\0" * 20, "TIFF"),
        (b"BM" + b"\0" * 60, "BMP"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 20, "HEIC"),
        (b"\0\0\0\x18ftypavif" + b"\0" * 20, "AVIF"),
        (b"\0\0\0\x18ftypisom" + b"\0" * 20, "video"),
        (b"PK\3\4" + b"\0" * 20, "ZIP"),
        (b"\x1f\x8b\x08" + b"\0" * 20, "gzip"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"path,label\n1,2\n", "text"),
        ("Lungenübersicht, später".encode(), "text"),
        (b"\xff\xfea\0b\0", "text"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "sound"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\x01\x02\x03\xfe\xfd\0\0\0\x11", "unknown"),
    ],
)
def test_other_files_are_named_and_come_with_a_remedy(data: bytes, name: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=name) as caught:
        read_header(data)
    assert "received" in caught.value.message
    assert caught.value.remedy


def test_an_empty_file_is_called_empty() -> None:
    with pytest.raises(EmptyFileError, match="0 bytes"):
        read_header(b"")


@pytest.mark.parametrize("bits", [2, 8, 12])
def test_jpeg_kinds_of_archives_are_unsupported_not_corrupt(bits: int) -> None:
    data = bytearray(jpeg(gradient()))
    frame = data.index(b"\xff\xc0")
    if bits == 8:
        data[frame + 1] = 0xC3  # lossless
    else:
        data[frame + 4] = bits
    with pytest.raises(UnsupportedFormatError, match="baseline or progressive"):
        read_header(bytes(data))


def test_a_jpeg_with_thousands_of_scans_is_refused_before_it_is_decoded() -> None:
    data = jpeg(gradient())
    scan = data.index(b"\xff\xda")
    with pytest.raises(CorruptFileError, match="scans"):
        read_header(data[:scan] + data[scan:-2] * 500 + b"\xff\xd9")


def test_a_thumbnail_inside_exif_does_not_set_the_size() -> None:
    thumbnail = jpeg(np.zeros((8, 8), np.uint8))
    header = read_header(jpeg(gradient(), exif=exif_block(3) + thumbnail))
    assert (header.width, header.height, header.orientation) == (56, 40, 3)


@pytest.mark.parametrize("fault", ["colour type", "size", "palette", "first chunk"])
def test_contradicting_png_headers_are_corrupt(fault: str) -> None:
    rows = [b"\0" * 30] * 30
    data = {
        "colour type": png(rows, 30, 8, 5),
        "size": png(rows, 0, 8, 0),
        "palette": png(rows, 30, 8, 3),
        "first chunk": png(rows, 30, 8, 0)[:12] + b"IDAT" + png(rows, 30, 8, 0)[16:],
    }[fault]
    with pytest.raises(CorruptFileError):
        read_header(data)


def test_webp_canvas_and_picture_must_agree() -> None:
    with pytest.raises(CorruptFileError, match="canvas"):
        read_header(extended_webp(webp(gradient()), 30, 30, flags=0))


@pytest.mark.shared_data
def test_real_files_are_read_whatever_their_name(originals: Path) -> None:
    seen = {
        name: (header.file_format, header.width, header.height, header.bits)
        for name in (
            "256.jfif",
            "506.webp",
            "000009-5.jpg",
            "23E99E2E-447C-46E5-8EB2-D35D12473C39.png",
            "siim_mono1_jpeg.dcm",
        )
        for header in [read_header((originals / name).read_bytes())]
    }
    assert seen == {
        "256.jfif": ("jpeg", 1335, 1331, 8),
        "506.webp": ("webp", 2447, 1871, 8),
        "000009-5.jpg": ("png", 447, 462, 8),
        "23E99E2E-447C-46E5-8EB2-D35D12473C39.png": ("png", 1726, 1552, 16),
        "siim_mono1_jpeg.dcm": ("dicom", 1024, 1024, 8),
    }
    with pytest.raises(UnsupportedFormatError, match="text"):
        read_header((originals / "manifest.csv").read_bytes())
