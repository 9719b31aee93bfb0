"""What a file is that we cannot read, by its first bytes."""

from __future__ import annotations

import struct

import pytest

from cxr_dash.imaging.formats.foreign import identify, is_jpeg_ls

DICOM, UNKNOWN = "a DICOM file", "a file of an unknown kind"
SHORT = b"\xff\xe0" + struct.pack(">H", 6) + bytes(4)


def bare(group: int, written: bytes | int, number: int = 5) -> bytes:
    """The first element of a DICOM file without preamble: its type, or where none is written its length."""
    kind = written if isinstance(written, bytes) else struct.pack("<L", written)
    return struct.pack("<HH", group, number) + kind + bytes(80)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (bytes(128) + b"DICM", DICOM),
        (bytes(127) + b"DICM", UNKNOWN),
        (bare(2, b"UL\4\0"), DICOM),
        (bare(8, b"CS\4\0"), DICOM),
        (bare(9, b"CS\4\0"), UNKNOWN),
        (bare(8, b"Cs\4\0"), UNKNOWN),
        (bare(8, b"C1\4\0"), UNKNOWN),
        # no element of that group is this long at the beginning: another kind of file
        (bare(8, 64), DICOM),
        (bare(8, 65), UNKNOWN),
        (bare(8, 256), UNKNOWN),
        (bare(8, 2**24 + 1), UNKNOWN),
        (bare(8, 10, number=0x105), UNKNOWN),
        (bare(8, 10)[:8], DICOM),
        (bare(8, 10)[:7], UNKNOWN),
    ],
)
def test_dicom_is_known_with_its_preamble_or_by_its_first_element(data: bytes, name: str) -> None:
    assert identify(data)[0] == name


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x18ftypheic", "a HEIC or AVIF picture"),
        (b"\0\0\0\x18ftypavif", "a HEIC or AVIF picture"),
        (b"\0\0\0\x18ftypisom", "a video"),
        (b"%PDF-1.7", "a PDF document"),
        (b"PK\5\6", "an empty ZIP archive"),
        (b"  <SVG>", "an SVG drawing"),
        (b"<?xml version='1.0'?><svg/>", "an SVG drawing"),
        (b"<?xml version='1.0'?><rss/>", "an XML file"),
        (b"<!DOCTYPE html>", "a web page (HTML)"),
        (b"\xef\xbb\xbfNotes of a film", "a text file"),
        (b"\xff\xfeN\0", "a text file"),
        ("so süß".encode(), "a text file"),
        (("a" * 1023 + "ß").encode(), "a text file"),
        (b"half a text \xff\xff\xff\xff and no more", UNKNOWN),
        (b"with a\0 nought", UNKNOWN),
        (b"rings \a the bell", UNKNOWN),
    ],
)
def test_other_files_are_named_in_plain_words(data: bytes, name: str) -> None:
    assert identify(data)[0] == name


@pytest.mark.parametrize(
    ("segments", "found"),
    [
        (b"\xff\xf7\0\x0b", True),
        (SHORT + b"\xff\xf7\0\x0b", True),
        (2 * SHORT + b"\xff\xf7\0\x0b", True),
        (b"\xff\xc0\0\x0b" + bytes(9) + b"\xff\xf7\0\x0b", False),
        (b"\xff\xc3\0\x0b" + bytes(9) + b"\xff\xf7\0\x0b", False),
        (b"\xff\xc4\0\x04" + bytes(2) + b"\xff\xf7\0\x0b", True),
        (b"\xff\xda\0\x08" + bytes(6) + b"\xff\xf7\0\x0b", False),
        (SHORT + bytes(1) + b"\xff\xf7\0\x0b", False),
        (SHORT + b"\xff\xf7\0", False),
        (b"", False),
    ],
)
def test_a_jpeg_ls_picture_is_known_by_its_frame_behind_any_segments(segments: bytes, found: bool) -> None:
    data = b"\xff\xd8" + segments
    assert is_jpeg_ls(data) is found
    if found and segments[:1] == b"\xff":
        assert identify(data)[0] == "a JPEG-LS picture"
