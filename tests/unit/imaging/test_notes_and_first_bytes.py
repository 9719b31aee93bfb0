"""Orientation notes, first bytes of other files, WebP flags, and what the formats share, value by value."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from picture_files import riff_chunk

from cxr_dash.domain import FilmFacts
from cxr_dash.errors import CorruptFileError, UnsupportedFormatError
from cxr_dash.imaging.formats import base, foreign, webp
from cxr_dash.imaging.formats.base import ImageHeader, StoredLevels, StoredPicture
from cxr_dash.imaging.formats.dicom import refuse
from cxr_dash.imaging.formats.dicom.dataset import DicomFile
from cxr_dash.imaging.formats.dicom.film_format import DicomFormat
from cxr_dash.imaging.formats.exif import read_orientation


def entry(tag: int, kind: int, value: int, order: str) -> bytes:
    """TIFF 6.0: tag, type, count, then four bytes in which a shorter value stands first."""
    packed = struct.pack(order + ("H" if kind == 3 else "L" if kind == 4 else "B"), value).ljust(4, b"\0")
    return struct.pack(order + "HHL", tag, kind, 1) + packed


def tiff(
    *entries: tuple[int, int, int], order: str = "<", count: int | None = None, offset: int = 8
) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    number = len(entries) if count is None else count
    body = b"".join(entry(*one, order) for one in entries)
    return (
        (mark + struct.pack(order + "L", offset)).ljust(offset, b"\0")
        + struct.pack(order + "H", number)
        + body
    )


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (((0x0112, 3, 6),), 6),
        (((0x0112, 4, 6),), 6),
        (((0x0112, 1, 6),), 1),
        (((0x0112, 2, 6),), 1),
        (((0x0112, 5, 6),), 1),
        (((0x0111, 3, 6),), 1),
        (((0x0113, 3, 6),), 1),
        (((0x0100, 4, 900), (0x0101, 4, 700), (0x0112, 3, 8)), 8),
        (((0x0112, 3, 5), (0x0112, 3, 8)), 5),
        # of a type that it cannot have: the next one
        (((0x0112, 2, 5), (0x0112, 3, 8)), 8),
        *[(((0x0112, 3, value),), value) for value in range(1, 9)],
        (((0x0112, 3, 0),), 1),
        (((0x0112, 3, 9),), 1),
        (((0x0112, 4, 0x10006),), 1),
        ((), 1),
    ],
)
def test_an_orientation_is_a_short_or_a_long_of_one_to_eight(
    order: str, entries: tuple[tuple[int, int, int], ...], found: int
) -> None:
    block = tiff(*entries, order=order)
    assert read_orientation(block) == found
    assert read_orientation(b"Exif\0\0" + block) == found
    assert read_orientation(tiff(*entries, order=order, offset=23)) == found


def test_a_directory_ends_with_its_count_or_with_the_block() -> None:
    two = ((0x0100, 3, 7), (0x0112, 3, 6))
    assert read_orientation(tiff(*two, count=1)) == 1
    assert read_orientation(tiff(*two, count=1, order=">")) == 1
    assert read_orientation(tiff(*two, count=900)) == 6
    assert read_orientation(tiff(*two)[:-1]) == 1
    assert (
        read_orientation(
            tiff(*two)[:-12],
        )
        == 1
    )
    for block in (b"II*\0", b"II\0*" + tiff(*two)[4:], b"MM*\0", b"", b"II*\0\xff\xff\xff\xff"):
        assert read_orientation(block) == 1


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"a" * 1023 + b"\0", "a file of an unknown kind"),
        (b"a" * 1024 + b"\0", "a text file"),
        # up to three bytes of a letter that was cut in the middle are forgiven
        (b"a" * 1023 + "\u00fc".encode(), "a text file"),
        (b"a" * 1021 + "\U0001f600".encode(), "a text file"),
        (b"abc" + b"\xff" * 3, "a text file"),
        (b"abc" + b"\xff" * 4, "a file of an unknown kind"),
        (b"\xfe\xff\0a", "a text file"),
        (b"tab\tand\r\nline", "a text file"),
        (b"\n<html>", "a web page (HTML)"),
        (b"<HEAD>", "a web page (HTML)"),
        (b"<body>", "a web page (HTML)"),
        (b"\xff\xd8\xff\xf7\0\4\0\0", "a JPEG-LS picture"),
        (b"\xff\xd8\xfe\xf7\0\4\0\0", "a file of an unknown kind"),
        (b"1234ftyphevc", "a HEIC or AVIF picture"),
        (b"1234ftyphevd", "a video"),
        (b"123ftypheic", "a text file"),
        *[(mark + b"\0\1\2", name) for mark, name, _ in foreign._STARTS],
    ],
)
def test_a_file_is_named_by_its_first_bytes(data: bytes, name: str) -> None:
    assert foreign.identify(data)[0] == name


def test_only_four_bytes_are_a_length() -> None:
    bare = struct.pack("<HHL", 8, 5, 10) + b"\xff" * 20
    assert foreign.identify(bare)[0] == "a DICOM file"


def test_segments_before_a_frame_are_walked_by_their_lengths() -> None:
    note = b"\xff\xe0" + struct.pack(">H", 300) + b"\xff\xf7" * 149
    assert foreign.is_jpeg_ls(b"\xff\xd8" + note + b"\xff\xf7\0\0")
    assert not foreign.is_jpeg_ls(b"\xff\xd8" + note + b"\xff\xc1\0\0" + b"\xff\xf7\0\0")
    assert not foreign.is_jpeg_ls(b"\xff\xd8" + note + b"\xff\xf7\0")
    assert foreign.is_jpeg_ls(b"\xff\xd8\xff\xbf\0\2\xff\xf7\0\0")


def riff(*parts: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(riff_chunk(*part) for part in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(flags: int) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + b"\2\0\0\3\0\0"


LOSSY = (b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 3, 4))


@pytest.mark.parametrize("bit", range(8))
def test_each_flag_of_a_webp_has_its_own_bit(bit: int) -> None:
    header = webp.read_webp_header(riff(canvas(1 << bit), LOSSY))
    # RFC 9649, 2.7: reserved twice, profile, alpha, Exif, XMP, animation, reserved
    assert (header.frames, header.channels) == ({1: 2}.get(bit, 1), {4: 4, 1: 1}.get(bit, 3))
    assert (header.width, header.height) == (3, 4)


@pytest.mark.parametrize("flags", range(8))
def test_a_lossless_picture_has_one_bit_for_transparency(flags: int) -> None:
    packed = struct.pack("<I", 2 | 3 << 14 | flags << 28)
    header = webp.read_webp_header(riff((b"VP8L", b"\x2f" + packed)))
    assert (header.width, header.height, header.channels) == (3, 4, 4 if flags & 1 else 3)


def test_of_a_webp_ten_thousand_chunks_are_looked_at() -> None:
    empty = (b"ABCD", b"")
    assert webp.read_webp_header(riff(*[empty] * 9_999, LOSSY)).width == 3
    with pytest.raises(CorruptFileError, match="must hold a picture; received none"):
        webp.read_webp_header(riff(*[empty] * 10_000, LOSSY))


def test_a_webp_promises_what_it_holds_and_the_canvas_is_the_picture_s() -> None:
    whole = riff(LOSSY)
    with pytest.raises(
        CorruptFileError, match=f"promises {len(whole)} bytes must hold them; received {len(whole) - 1}"
    ):
        webp.read_webp_header(whole[:-1])
    other = (b"VP8 ", LOSSY[1][:6] + struct.pack("<HH", 3, 5))
    with pytest.raises(CorruptFileError, match=r"canvas of 3 x 4 must match its picture; received \(3, 5\)"):
        webp.read_webp_header(riff(canvas(0), other))
    assert webp.read_webp_header(riff((b"ABCD", b"odd"), LOSSY)).width == 3
    for byte in range(16, 20):
        long = whole[:byte] + b"\1" + whole[byte + 1 :] if byte > 16 else whole[:16] + b"\x0b" + whole[17:]
        with pytest.raises(CorruptFileError, match="chunk b'VP8 ' must be whole"):
            webp.read_webp_header(long)


@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_either_filler_makes_a_hole_in_either_coding(filler: bytes) -> None:
    noisy = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for kind in (b"VP8 ", b"VP8L"):
        webp._check_holes(riff((kind, b"ab" + filler * 24 + b"cd")), noisy)
        with pytest.raises(CorruptFileError, match="received 25 bytes alike"):
            webp._check_holes(riff((kind, b"ab" + filler * 25 + b"cd")), noisy)
    webp._check_holes(riff((b"EXIF", filler * 99)), noisy)
    webp._check_holes(riff((b"VP8L", b"\1" * 99)), noisy)


def test_a_header_and_a_picture_are_plain_unless_they_say_otherwise() -> None:
    header = ImageHeader("png", 5, 7, 8)
    assert (header.orientation, header.frames, header.transparent_level, header.channels) == (1, 1, None, 1)
    assert (header.pixel_count, header.animated) == (35, False)
    levels = StoredLevels(np.zeros((1, 1), np.uint16), 1.0, 0.0, "", np.zeros(1, np.uint16))
    assert (levels.padding, levels.windows, levels.inclusive, levels.turned) == (None, (), False, False)
    picture = StoredPicture(np.zeros((1, 1)), 8)
    assert (picture.facts, picture.identity, picture.notes, picture.own_levels) == (
        FilmFacts(),
        None,
        (),
        None,
    )


@pytest.mark.parametrize(
    ("given", "good"),
    [
        (np.zeros((7, 5), np.uint8), True),
        (np.zeros((7, 5, 4), np.uint16), True),
        (np.zeros((5, 7), np.uint8), False),
        (np.zeros((7, 6), np.uint8), False),
        (np.zeros((7, 5), np.float32), False),
        (None, False),
        (cv2.error("broken"), False),
    ],
)  # fmt: skip
def test_a_decoder_gives_the_size_of_the_header_in_8_or_16_bits(
    monkeypatch: pytest.MonkeyPatch, given: Any, good: bool
) -> None:
    def decode(data: np.ndarray, flag: int) -> Any:
        assert (data.tobytes(), flag) == (b"coded", cv2.IMREAD_UNCHANGED)
        if isinstance(given, Exception):
            raise given
        return given

    monkeypatch.setattr(base, "cv2", SimpleNamespace(imdecode=decode, error=cv2.error, IMREAD_UNCHANGED=-1))
    header = ImageHeader("png", 5, 7, 8)
    if good:
        assert base.decode_with_opencv(b"coded", header, "PNG") is given
    else:
        with pytest.raises(CorruptFileError):
            base.decode_with_opencv(b"coded", header, "PNG")


def opened(pixels: bool = True, other: bool = False, directory: bool = False, **values: Any) -> DicomFile:
    return SimpleNamespace(  # type: ignore[return-value]
        values=values, pixels=object() if pixels else None, other_pixels=other, directory=directory
    )


STORAGE = "1.2.840.10008.5.1.4.1.1."


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (opened(directory=True), "table of contents"),
        (opened(other=True), "floating-point"),
        (opened(pixels=False), "without a picture"),
        *[(opened(NumberOfFrames=count), f"received {count} pictures") for count in (0, 2, 9)],
        # by the longest start that is known
        *[
            (opened(SOPClassUID=STORAGE + end), words)
            for end, words in (
                ("1.2.9", "mammogram"), ("1.9", "another kind"), ("6", "ultrasound"), ("6.3", "another kind"),
                ("6.9", "ultrasound"), ("77.1.5.9", "of the eye"), ("77.1.9", "photograph"), ("66", "other"),
                ("66.4.1", "segmentation"), ("2", "CT slice"), ("22", "another"), ("1.1.1.1", "another"),
            )
        ],
        *[(opened(Modality=name), "received " + words) for name, words in refuse._BY_MODALITY.items()],
        (opened(Modality="ct"), "CT slice"),
        (opened(Modality="ZZ"), "another kind"),
        (opened(Modality="ZZ", SOPClassUID="1.2.3"), "another kind"),
        *[(opened(Modality="ZZ", SOPClassUID=uid), "another kind") for uid in refuse.SECONDARY_CAPTURES],
    ],
)  # fmt: skip
def test_what_is_no_film_is_named(file: DicomFile, words: str) -> None:
    with pytest.raises(UnsupportedFormatError) as caught:
        refuse.refuse_all_but_films(file)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "file",
    [
        opened(),
        opened(NumberOfFrames=1),
        opened(NumberOfFrames="many"),
        opened(SOPClassUID="1.2.3", Modality="CR"),
        opened(SOPClassUID=STORAGE + "1", Modality="ZZ"),
        *[opened(SOPClassUID=uid, Modality="DX") for uid in refuse.FILM_CLASSES],
        *[opened(Modality=name.lower()) for name in refuse.FILM_MODALITIES],
    ],
)
def test_a_plain_film_is_passed(file: DicomFile) -> None:
    refuse.refuse_all_but_films(file)


def test_a_format_that_lacks_a_library_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = DicomFormat(SimpleNamespace())  # type: ignore[arg-type]
    assert found.unavailable() is None
    monkeypatch.setattr(DicomFormat, "decoders", ("pydicom", "no_such_library"))
    assert found.unavailable() == "not installed: no_such_library"
