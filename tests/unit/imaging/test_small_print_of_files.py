"""Headers and levels on the edge of what is taken: one byte or one pixel further it is another film."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from picture_files import jpeg_segment as segment

from cxr_dash.errors import CorruptFileError
from cxr_dash.imaging.formats.dicom import codestream, start
from cxr_dash.imaging.formats.dicom.syntaxes import SYNTAXES
from cxr_dash.imaging.levels import own_levels

_JPEG = next(one for one in SYNTAXES.values() if one.codec == "jpeg" and 0xC0 in one.frames)
_J2K = next(one for one in SYNTAXES.values() if one.codec == "jpeg2000")
_FRAME = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, 480, 640, 3) + bytes(9)


@pytest.mark.parametrize(
    ("before", "converted"),
    [
        (b"", False),
        (segment(0xE0, b"JFIF\0" + bytes(9)), True),
        (segment(0xE0, b"JFXX\0" + bytes(9)), False),
        (segment(0xEE, b"Adobe" + bytes(6) + b"\1"), True),
        (segment(0xEE, b"Adobe" + bytes(6) + b"\0"), False),
        (segment(0xEE, b"Adobe" + bytes(6) + b"\2"), False),
        (segment(0xEE, b"Adobe" + bytes(5)), False),
        (segment(0xEE, b"Other" + bytes(6) + b"\1"), False),
        (segment(0xED, b"Adobe" + bytes(6) + b"\1"), False),
        (segment(0xE0, b"JFIF\0" + bytes(9)) + segment(0xEE, b"Adobe" + bytes(6) + b"\0"), False),
        (b"\xff\xff\x01\xff\xd0", False),
    ],
)
def test_a_frame_says_whether_its_colour_was_converted(before: bytes, converted: bool) -> None:
    found = codestream.read_frame_header(b"\xff\xd8" + before + _FRAME, _JPEG)
    assert found == codestream.FrameHeader(640, 480, 3, 8, converted)


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\xd9" + _FRAME,
        b"\xff\xd8",
        b"\xff\xd8\xff\xe0\0",
        b"\xff\xd8\xff\xe0\0\2",
        b"\xff\xd8" + segment(0xDA, bytes(8)) + _FRAME,
        b"\xff\xd8" + segment(0xC7, bytes(15)) + _FRAME,
        b"\xff\xd8\x00" + _FRAME,
        b"\xff\xd8" + segment(0xC0, bytes(5)),
    ],
)
def test_a_frame_that_is_none_or_begins_otherwise_is_damaged(frame: bytes) -> None:
    with pytest.raises(CorruptFileError):
        codestream.read_frame_header(frame, _JPEG)


_JPEG_LS = next(one for one in SYNTAXES.values() if one.codec == "jpegls")


@pytest.mark.parametrize("marker", sorted({0xDA, *range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}))
def test_a_frame_of_another_coding_is_damage(marker: int) -> None:
    own = segment(0xF7, _FRAME[4:])
    assert codestream.read_frame_header(b"\xff\xd8" + segment(0xC4, bytes(4)) + own, _JPEG_LS).width == 640
    with pytest.raises(CorruptFileError):
        codestream.read_frame_header(b"\xff\xd8" + segment(marker, bytes(15)) + own, _JPEG_LS)


@pytest.mark.parametrize("marker", [0x01, *range(0xD0, 0xD9)])
def test_markers_without_a_length_are_passed_over(marker: int) -> None:
    found = codestream.read_frame_header(b"\xff\xd8" + bytes([0xFF, marker]) + _FRAME, _JPEG)
    assert (found.width, found.height) == (640, 480)


@pytest.mark.parametrize("marker", [0xC4, 0xC8, 0xCC])
def test_tables_between_are_passed_over(marker: int) -> None:
    found = codestream.read_frame_header(b"\xff\xd8" + segment(marker, bytes(20)) + _FRAME, _JPEG)
    assert (found.width, found.height) == (640, 480)


def _jpeg2000(depths: list[int], offset: tuple[int, int] = (0, 0)) -> bytes:
    x, y = offset
    sizes = struct.pack(
        ">HHLLLLLLLLH", 38 + 3 * len(depths), 0, 640 + x, 480 + y, x, y, 640, 480, 0, 0, len(depths)
    )
    return b"\xff\x4f\xff\x51" + sizes + b"".join(bytes([depth, 1, 1]) for depth in depths)


def test_a_jpeg_2000_frame_says_size_samples_and_bits() -> None:
    assert codestream.read_frame_header(_jpeg2000([11]), _J2K) == codestream.FrameHeader(640, 480, 1, 12)
    assert codestream.read_frame_header(_jpeg2000([7, 7, 7]), _J2K) == codestream.FrameHeader(640, 480, 3, 8)
    assert codestream.read_frame_header(_jpeg2000([0x8F], (16, 8)), _J2K).bits == 16
    moved = codestream.read_frame_header(_jpeg2000([0x8F], (16, 8)), _J2K)
    assert (moved.width, moved.height) == (640, 480)
    # as much as a reader needs: the depth of the first sample
    cut = codestream.read_frame_header(_jpeg2000([7, 7, 7])[:43], _J2K)
    assert (cut.samples, cut.bits) == (3, 8)
    boxed = b"\0\0\0\x0cjP  " + bytes(20) + _jpeg2000([7])
    assert codestream.read_frame_header(boxed, _J2K).height == 480


@pytest.mark.parametrize(
    "frame",
    [
        _jpeg2000([7])[:42],
        b"\0" + _jpeg2000([7]),
        b"\xff\x4f\xff\x52" + _jpeg2000([7])[4:],
        b"\0\0\0\x0cjP  " + bytes(99),
        _jpeg2000([]),
        _jpeg2000([7, 11]),
        _jpeg2000([7, 11, 7])[:46],
        _jpeg2000([7, 7, 11]),
        _jpeg2000([7]) + bytes(256),
    ],
)
def test_a_jpeg_2000_frame_that_is_cut_uneven_or_has_a_hole_is_damaged(frame: bytes) -> None:
    with pytest.raises(CorruptFileError):
        codestream.read_frame_header(frame, _J2K)


def test_256_noughts_in_a_row_are_a_hole_and_255_are_none() -> None:
    assert codestream.read_frame_header(_jpeg2000([7]) + b"\1" + bytes(255), _J2K).width == 640
    with pytest.raises(CorruptFileError):
        codestream.read_frame_header(_jpeg2000([7]) + b"\1" + bytes(256), _J2K)


def _element(group: int, number: int, length: int, behind: int) -> bytes:
    return struct.pack("<HHL", group, number, length) + bytes(behind)


@pytest.mark.parametrize(
    ("data", "implicit"),
    [
        (_element(0x0008, 0x0005, 10, 10), True),
        (_element(0x0008, 0x0070, 10, 12), True),
        (_element(0x0008, 0x0071, 10, 12), False),
        (_element(0x0009, 0x0005, 10, 12), False),
        (_element(0x0008, 0x0005, 11, 12), False),
        (_element(0x0008, 0x0005, 12, 10), False),
        (_element(0x0008, 0x0005, 4096, 5000), True),
        (_element(0x0008, 0x0005, 4098, 5000), False),
        (_element(0x0008, 0x0005, 0, 9), True),
        (_element(0x0008, 0x0005, 0, 8), False),
    ],
)
def test_a_data_set_without_a_preamble_is_known_by_its_first_element(data: bytes, implicit: bool) -> None:
    assert start.recognises(data) is implicit


def test_what_is_too_short_for_an_element_is_no_data_set() -> None:
    whole = _element(0x0008, 0x0005, 0, 0)
    assert start._looks_implicit(whole, 0)
    assert start._looks_implicit(b"ab" + whole, 2)
    assert not start._looks_implicit(whole[:7], 0)
    assert not start._looks_implicit(b"ab" + whole[:7], 2)
    assert start._looks_implicit(b"ab" + _element(0x0008, 0x0005, 4, 4), 2)
    assert not start._looks_implicit(b"ab" + _element(0x0008, 0x0005, 6, 4), 2)


def _counts(**levels: float) -> np.ndarray:
    """10,000 pixels evenly over the film's levels 60 to 159 of 256, and some elsewhere."""
    counts = np.zeros(256, np.float32)
    counts[60:160] = 100.0
    for level, count in levels.items():
        counts[int(level[1:])] = count
    return counts


@pytest.mark.parametrize(
    ("counts", "kept"),
    [
        (_counts(), (60, 159)),
        # letters of one level a little above the film, which stand alone
        (_counts(_170=300.0), (60, 159)),
        # too near: the film itself may have such a gap
        (_counts(_162=300.0), (60, 162)),
        (_counts(_163=300.0), (60, 159)),
        # not alone, and near: part of the film; far away it is none
        (_counts(_170=300.0, _172=300.0), (60, 172)),
        (_counts(_192=300.0, _194=300.0), (60, 194)),
        (_counts(_196=300.0, _198=300.0), (60, 159)),
        # padding below
        (_counts(_0=3000.0), (60, 159)),
        # as much as the film and more is the film
        (_counts(_255=12500.0), (60, 255)),
        (_counts(_255=8000.0), (60, 159)),
    ],
)
def test_letters_and_padding_are_left_out_and_the_films_own_levels_stay(
    counts: np.ndarray, kept: tuple[int, int]
) -> None:
    assert own_levels(counts) == kept
