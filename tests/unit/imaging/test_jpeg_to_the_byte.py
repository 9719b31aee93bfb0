"""JPEG to the byte: frames, components, restarts and notes, and what a decoder is asked to do at all."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from picture_files import exif_block, gradient
from picture_files import jpeg as coded
from picture_files import jpeg_segment as segment

from cxr_dash.domain import DecodeLimits, Reason, ReasonCode
from cxr_dash.errors import CorruptFileError, UnsupportedFormatError
from cxr_dash.imaging.formats import jpeg
from cxr_dash.imaging.formats.base import ImageHeader
from cxr_dash.imaging.formats.jpeg import JPEG, JpegHeader, read_jpeg_header

GREY, COLOUR = ((1, 0x11),), ((1, 0x22), (2, 0x11), (3, 0x11))
END = b"\xff\xd9"


def frame(
    parts: tuple[tuple[int, int], ...] = GREY,
    *,
    marker: int = 0xC0,
    bits: int = 8,
    size: tuple[int, int] = (640, 481),
    more: bytes = b"",
) -> bytes:
    width, height = size
    body = struct.pack(">BHHB", bits, height, width, len(parts))
    return segment(marker, body + b"".join(bytes([key, shape, 0]) for key, shape in parts) + more)


def scan(*keys: int) -> bytes:
    return segment(0xDA, bytes([len(keys), *(byte for key in keys for byte in (key, 0)), 0, 63, 0])) + b"\1\2"


def whole(*parts: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(parts) + END


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (whole(frame(), scan(1)), ("jpeg", 640, 481, 1, 8, False, 1)),
        (whole(frame(size=(1, 1)), scan(1)), ("jpeg", 1, 1, 1, 8, False, 1)),
        (whole(frame(size=(65535, 300)), scan(1)), ("jpeg", 65535, 300, 1, 8, False, 1)),
        (whole(frame(COLOUR), scan(1, 2, 3)), ("jpeg", 640, 481, 3, 16, False, 1)),
        (whole(frame(COLOUR), scan(1), scan(2), scan(3)), ("jpeg", 640, 481, 3, 8, False, 1)),
        (whole(frame(marker=0xC1), scan(1)), ("jpeg", 640, 481, 1, 8, False, 1)),
        (whole(frame(marker=0xC2), scan(1)), ("jpeg", 640, 481, 1, 8, False, 1)),
        # the first frame counts
        (whole(frame(), frame(size=(9, 9)), scan(1)), ("jpeg", 640, 481, 1, 8, False, 1)),
        # restarts: a distance of nought switches them off, any other on
        (whole(segment(0xDD, b"\0\0"), frame(), scan(1)), ("jpeg", 640, 481, 1, 8, False, 1)),
        (whole(segment(0xDD, b"\0\7"), frame(), scan(1)), ("jpeg", 640, 481, 1, 8, True, 1)),
        (whole(segment(0xDD, b"\1\0"), frame(), scan(1)), ("jpeg", 640, 481, 1, 8, True, 1)),
        (
            whole(segment(0xDD, b"\0\7"), segment(0xDD, b"\0\0"), frame(), scan(1)),
            ("jpeg", 640, 481, 1, 8, True, 1),
        ),
        (
            whole(
                segment(0xE1, b"http"),
                segment(0xE1, b"Exif\0\0" + exif_block(6)),
                segment(0xE1, b"Exif\0\0" + exif_block(3)),
                frame(),
                scan(1),
            ),
            ("jpeg", 640, 481, 1, 8, False, 6),
        ),
        (
            whole(segment(0xE2, b"Exif\0\0" + exif_block(6)), frame(), scan(1)),
            ("jpeg", 640, 481, 1, 8, False, 1),
        ),
    ],
)  # fmt: skip
def test_a_header_says_size_channels_units_restarts_and_orientation(data: bytes, expected: Any) -> None:
    found = read_jpeg_header(data)
    assert (
        found.file_format, found.width, found.height, found.channels, found.unit_height, found.restarts,
        found.orientation,
    ) == expected  # fmt: skip
    assert (found.bits, found.frames) == (8, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (whole(), "received neither"),
        (whole(scan(1)), "received neither"),
        (whole(frame()), "received no scan"),
        (whole(segment(0xC0, bytes(5)), scan(1)), "6 bytes or more; received 5"),
        (whole(frame(size=(0, 481)), scan(1)), "1 or more; received 0 x 481"),
        (whole(frame(size=(640, 0)), scan(1)), "1 or more; received 640 x 0"),
        (whole(segment(0xC0, b"\x08\0\7\0\7\1"), scan(1)), "received a header for 1"),
        (whole(frame(((1, 0x11), (2, 0x11))), scan(1)), "received a header for 2"),
        (whole(frame(((1, 0x11),) * 5), scan(1)), "received a header for 5"),
        (whole(frame(more=b"\0"), scan(1)), "received a header for 1"),
        (whole(frame(())), "received a header for 0"),
        *[(whole(frame(((1, shape),)), scan(1)), "header for 1") for shape in (0x01, 0x10, 0x51, 0x15)],
        (whole(frame(COLOUR), scan(1), scan(2)), "1 of 3 incomplete"),
    ],
)
def test_a_header_that_contradicts_itself_is_damage(data: bytes, words: str) -> None:
    with pytest.raises(CorruptFileError, match=words):
        read_jpeg_header(data)


def test_only_a_progressive_frame_has_scans_of_a_part_of_the_coefficients() -> None:
    part = segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + b"\1\2"
    assert read_jpeg_header(whole(frame(), part)).width == 640
    with pytest.raises(CorruptFileError, match="1 of 1 incomplete"):
        read_jpeg_header(whole(frame(marker=0xC2), part))


@pytest.mark.parametrize("shape", [0x11, 0x14, 0x41, 0x44])
def test_a_component_has_one_to_four_samples_either_way(shape: int) -> None:
    data = whole(frame(((1, shape), (2, 0x11), (3, 0x11))), scan(1, 2, 3))
    assert read_jpeg_header(data).unit_height == 8 * (shape & 15)


def test_four_colours_of_print_are_not_read() -> None:
    with pytest.raises(UnsupportedFormatError, match="CMYK"):
        read_jpeg_header(whole(frame(((1, 0x11),) * 4), scan(1, 1, 1, 1)))


# ITU-T T.81, table B.1
KINDS = {
    0xC3: "lossless JPEG", 0xC5: "hierarchical JPEG", 0xC6: "hierarchical JPEG", 0xC7: "lossless JPEG",
    0xC9: "arithmetic-coded JPEG", 0xCA: "arithmetic-coded JPEG", 0xCB: "arithmetic-coded JPEG",
    0xCD: "arithmetic-coded JPEG", 0xCE: "arithmetic-coded JPEG", 0xCF: "arithmetic-coded JPEG",
}  # fmt: skip


@pytest.mark.parametrize("marker", KINDS)
def test_other_frames_are_named(marker: int) -> None:
    with pytest.raises(
        UnsupportedFormatError, match=f"received 8-bit, {KINDS[marker]} .frame type FF{marker:02X}"
    ):
        read_jpeg_header(whole(frame(marker=marker), scan(1)))


@pytest.mark.parametrize("marker", [0xC4, 0xC8, 0xCC, 0xBF, 0xD0])
def test_tables_and_restarts_are_no_frames(marker: int) -> None:
    part = b"\xff\xd0" if marker == 0xD0 else segment(marker, bytes(20))
    assert read_jpeg_header(whole(part, frame(), scan(1))).width == 640


@pytest.mark.parametrize("bits", [7, 9, 12])
def test_other_depths_are_named(bits: int) -> None:
    with pytest.raises(UnsupportedFormatError, match=f"received {bits}-bit, of a rare kind"):
        read_jpeg_header(whole(frame(bits=bits), scan(1)))


@pytest.mark.parametrize("marker", [0x01, *range(0xD0, 0xD9)])
def test_markers_that_stand_alone_have_no_length(marker: int) -> None:
    data = whole(bytes([0xFF, marker]), frame(), scan(1))
    assert read_jpeg_header(data).width == 640


@pytest.mark.parametrize(
    ("code", "goes_on"), [(0x00, True), (0xD0, True), (0xD7, True), (0xD8, False), (0xCF, False)]
)
def test_within_coded_data_stuffed_bytes_and_restarts_are_no_markers(code: int, goes_on: bool) -> None:
    data = b"\xff\xd8" + scan(1) + bytes([0xFF, code]) + b"\0\0more" + END
    places = jpeg._markers(data)
    assert (data.index(bytes([0xFF, code]), 12) in places) is not goes_on
    assert len(data) - 2 in places
    filled = b"\xff\xd8" + scan(1) + b"\xff" + END
    assert list(jpeg._markers(filled))[-1] == len(filled) - 2


def test_segments_name_what_is_wrong_and_where() -> None:
    with pytest.raises(CorruptFileError, match="received 41 at 2"):
        list(jpeg.segments(b"\xff\xd8A\xd9"))
    with pytest.raises(CorruptFileError, match="segment FFFE must be whole; received 8 bytes, 9 needed"):
        list(jpeg.segments(b"\xff\xd8\xff\xfe\0\5ab"))
    with pytest.raises(CorruptFileError, match="received 4 bytes without one"):
        list(jpeg.segments(b"\xff\xd8\xff\x01"))
    assert [part[0] for part in jpeg.segments(whole(*[scan(1)] * 100))][-1] == 0xD9
    with pytest.raises(CorruptFileError, match="more than 100 scans"):
        list(jpeg.segments(whole(*[scan(1)] * 101)))


def test_a_bit_stands_for_64_pixels_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def decode(_: bytes, colour: str, *, strict: bool) -> np.ndarray:
        asked.append(colour)
        assert strict
        return np.zeros((8, 640, 1 if colour == "GRAY" else 3), np.uint8)

    monkeypatch.setattr(simplejpeg, "decode_jpeg", decode)
    # 10 bytes are 80 bits: 5,120 pixels
    assert jpeg._decode(bytes(10), ImageHeader("jpeg", 640, 8, 8)).shape == (8, 640)
    assert jpeg._decode(bytes(10), ImageHeader("jpeg", 640, 8, 8, channels=3)).shape == (8, 640, 3)
    assert asked == ["GRAY", "BGR"]
    for size in ((641, 8), (640, 9)):
        with pytest.raises(CorruptFileError):
            jpeg._decode(bytes(10), ImageHeader("jpeg", *size, 8))
    assert len(asked) == 2
    with pytest.raises(CorruptFileError):
        jpeg._decode(bytes(10), ImageHeader("jpeg", 320, 8, 8))


@pytest.mark.parametrize(("words", "decoded"), [("Unknown subsampling", True), ("premature end", False)])
def test_a_ratio_without_a_name_is_read_by_the_other_decoder(
    monkeypatch: pytest.MonkeyPatch, words: str, decoded: bool
) -> None:
    def decode(*_: object, **__: object) -> None:
        raise ValueError(words)

    monkeypatch.setattr(simplejpeg, "decode_jpeg", decode)
    data = coded(gradient())
    if decoded:
        assert jpeg._decode(data, read_jpeg_header(data)).shape == (40, 56)
    else:
        with pytest.raises(CorruptFileError):
            jpeg._decode(data, read_jpeg_header(data))


@pytest.mark.parametrize(
    ("jump", "restarts", "said"), [(0.25, False, False), (0.26, False, True), (0.26, True, False)]
)
def test_a_jump_is_said_where_levels_do_not_start_anew(
    monkeypatch: pytest.MonkeyPatch, jump: float, restarts: bool, said: bool
) -> None:
    asked: list[tuple[np.ndarray, int]] = []
    monkeypatch.setattr(jpeg, "level_jump", lambda level, height: asked.append((level, height)) or jump)
    header = JpegHeader("jpeg", 4, 2, 8, unit_height=16, restarts=restarts)
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    for stored in (picture, picture[:, :, 1].copy()):
        assert jpeg._suspicion(stored, header) == ((Reason(ReasonCode.MAYBE_DAMAGED),) if said else ())
    if not restarts:
        assert all(height == 16 and (level == picture[:, :, 1]).all() for level, height in asked)


def test_a_header_of_the_plain_kind_is_read_again_for_its_units() -> None:
    colour = cv2.applyColorMap(gradient(48, 64), cv2.COLORMAP_VIRIDIS)
    data = coded(colour)
    plain = ImageHeader("jpeg", 64, 48, 8, channels=3)
    one, other = (JPEG.decode(data, header, DecodeLimits()) for header in (plain, read_jpeg_header(data)))
    np.testing.assert_array_equal(one.pixels, other.pixels)
    assert one.notes == other.notes
    defaults = JpegHeader("jpeg", 1, 1, 8)
    assert (defaults.unit_height, defaults.restarts) == (8, False)
