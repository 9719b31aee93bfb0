"""Stored pixels of a DICOM film: order of bytes, planes, shared chroma, and frames that promise too much."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from cxr_dash.domain import DecodeLimits
from cxr_dash.errors import CorruptFileError
from cxr_dash.imaging.formats.dicom import pixels
from cxr_dash.imaging.formats.dicom.dataset import DicomFile
from cxr_dash.imaging.formats.dicom.decoders import Job
from cxr_dash.imaging.formats.dicom.description import PixelDescription
from cxr_dash.imaging.formats.dicom.layout import Element, Encoding
from cxr_dash.imaging.formats.dicom.start import Start
from cxr_dash.imaging.formats.dicom.syntaxes import BIG_ENDIAN, EXPLICIT, SYNTAXES, TransferSyntax

ROOT = "1.2.840.10008.1.2."


def file_of(value: bytes, syntax: TransferSyntax = EXPLICIT, vr: bytes = b"OW") -> DicomFile:
    encoding = Encoding(syntax.implicit_vr, syntax.big_endian)
    element = Element(0x7FE00010, vr, 0, 0, len(value), False)
    return DicomFile(value, {}, syntax, syntax.big_endian, element, False, False, Start(0, syntax, encoding))


def described(
    photometric: str = "MONOCHROME2", bits: int = 8, rows: int = 2, columns: int = 3, **more: Any
) -> PixelDescription:
    samples = 1 if photometric.startswith(("MONO", "PAL")) else 3
    changed = {"by_plane": False, "signed": False, **more}
    return PixelDescription(
        rows, columns, samples, photometric, changed["by_plane"], bits, bits, bits - 1, changed["signed"]
    )


class Pool:
    """Keeps what it is asked, and gives one picture."""

    def __init__(self, given: np.ndarray) -> None:
        self.given, self.jobs = given, list[Job]()

    def decode(self, job: Job, _: DecodeLimits) -> np.ndarray:
        self.jobs.append(job)
        return self.given


def stored(
    value: bytes, description: PixelDescription, syntax: TransferSyntax = EXPLICIT, vr: bytes = b"OW"
) -> list[Any]:
    found, _ = pixels.read_pixels(
        file_of(value, syntax, vr), description, value, Pool(np.empty(0)), DecodeLimits()
    )  # type: ignore[arg-type]
    return found.tolist()


SIX = bytes(range(1, 7))


def test_words_have_the_order_of_the_file() -> None:
    twelve = bytes(range(12))
    assert stored(twelve, described(bits=16)) == [[0x0100, 0x0302, 0x0504], [0x0706, 0x0908, 0x0B0A]]
    assert stored(twelve, described(bits=16), BIG_ENDIAN) == [
        [0x0001, 0x0203, 0x0405],
        [0x0607, 0x0809, 0x0A0B],
    ]
    assert stored(twelve + b"more", described(bits=16))[1] == [0x0706, 0x0908, 0x0B0A]


@pytest.mark.parametrize(
    ("syntax", "vr", "expected"),
    [
        (EXPLICIT, b"OW", [[1, 2, 3], [4, 5, 6]]),
        (EXPLICIT, b"OB", [[1, 2, 3], [4, 5, 6]]),
        # two bytes a word, the higher one first
        (BIG_ENDIAN, b"OW", [[2, 1, 4], [3, 6, 5]]),
        (BIG_ENDIAN, b"", [[2, 1, 4], [3, 6, 5]]),
        (BIG_ENDIAN, b"OB", [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_bytes_travel_two_to_a_word(syntax: TransferSyntax, vr: bytes, expected: list[list[int]]) -> None:
    assert stored(SIX, described(), syntax, vr) == expected


def test_an_odd_byte_has_no_word_of_its_own() -> None:
    odd = described(rows=1, columns=3)
    assert stored(bytes([1, 2, 0, 3]), odd, BIG_ENDIAN) == [[2, 1, 3]]
    with pytest.raises(CorruptFileError):
        stored(bytes([1, 2, 3]), odd, BIG_ENDIAN)


@pytest.mark.parametrize("missing", [0, 1])
@pytest.mark.parametrize(
    ("description", "needed"),
    [
        (described(), 6),
        (described(bits=16), 12),
        (described("RGB"), 18),
        (described("YBR_FULL_422"), 16),
    ],
)
def test_fewer_bytes_than_the_picture_needs_are_damage(
    description: PixelDescription, needed: int, missing: int
) -> None:
    if missing:
        with pytest.raises(CorruptFileError):
            stored(bytes(needed - missing), description)
    else:
        assert len(stored(bytes(needed), description)) == 2


def test_colour_is_stored_by_pixel_or_by_plane() -> None:
    eighteen = bytes(range(18))
    by_pixel = np.arange(18).reshape(2, 3, 3)
    assert stored(eighteen, described("RGB")) == by_pixel.tolist()
    by_plane = np.arange(18).reshape(3, 2, 3)
    assert stored(eighteen, described("RGB", by_plane=True)) == np.moveaxis(by_plane, 0, 2).tolist()


def test_two_pixels_share_their_chroma() -> None:
    quads = bytes([1, 2, 100, 200, 3, 4, 101, 201, 5, 6, 102, 202, 7, 8, 103, 203])
    assert stored(quads, described("YBR_FULL_422")) == [
        [[1, 100, 200], [2, 100, 200], [3, 101, 201]],
        [[5, 102, 202], [6, 102, 202], [7, 103, 203]],
    ]
    even = stored(quads, described("YBR_FULL_422", columns=4))
    assert even[1][3] == [8, 103, 203]


def fragments(frame: bytes) -> bytes:
    item = b"\xfe\xff\x00\xe0"
    return item + bytes(4) + item + struct.pack("<L", len(frame)) + frame


def jpeg_frame(
    width: int,
    height: int,
    size: int,
    *,
    marker: int = 0xC0,
    samples: int = 1,
    bits: int = 8,
    before: bytes = b"",
) -> bytes:
    head = (
        b"\xff\xd8" + before + bytes([0xFF, marker]) + struct.pack(">HBHHB", 8, bits, height, width, samples)
    )
    return head.ljust(size, b"\1")


def j2k_frame(width: int, height: int, samples: int = 1, bits: int = 8) -> bytes:
    sizes = struct.pack(
        ">HHLLLLLLLLH", 38 + 3 * samples, 0, width, height, 0, 0, width, height, 0, 0, samples
    )
    return b"\xff\x4f\xff\x51" + sizes + bytes([bits - 1, 1, 1]) * samples


def asked(
    frame: bytes, end: str, description: PixelDescription, given: np.ndarray | None = None
) -> tuple[Any, Job]:
    """What comes back for a frame of a transfer syntax, and what the decoder was asked."""
    pool = Pool(np.zeros((2, 3), np.uint8) if given is None else given)
    value = fragments(frame)
    found = pixels.read_pixels(file_of(value, SYNTAXES[ROOT + end]), description, value, pool, DecodeLimits())  # type: ignore[arg-type]
    (job,) = pool.jobs
    return found, job


@pytest.mark.parametrize(
    ("end", "pixels_a_bit"),
    # a block of 64 has a code; without loss each pixel has one; a run of 128 bytes takes 16 bits
    [("4.50", 64), ("4.51", 64), ("4.57", 1), ("4.70", 1), ("5", 8)],
)
def test_a_frame_is_decoded_where_a_bit_stands_for_no_more_pixels_than_it_can(
    end: str, pixels_a_bit: int
) -> None:
    marker = 0xC3 if end in ("4.57", "4.70") else 0xC0
    size = 100
    limit = 8 * size * pixels_a_bit
    for columns, good in ((limit // 10, True), (limit // 10 + 1, False)):
        frame = bytes(size) if end == "5" else jpeg_frame(columns, 10, size, marker=marker)
        description = described(rows=10, columns=columns)
        if good:
            asked(frame, end, description)
        else:
            with pytest.raises(CorruptFileError):
                asked(frame, end, description)


def test_a_frame_of_runs_has_its_table_of_64_bytes() -> None:
    assert asked(bytes(64), "5", described())[1] == Job("rle", bytes(64), 2, 3, 1, 8)
    with pytest.raises(CorruptFileError):
        asked(bytes(63), "5", described())


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"width": 4}, False),
        ({"height": 3}, False),
        ({"samples": 3}, False),
        ({"bits": 7}, True),
        ({"bits": 9}, False),
    ],
)
def test_a_frame_must_be_of_the_size_that_the_file_says(changes: dict[str, int], good: bool) -> None:
    frame = jpeg_frame(**{"width": 3, "height": 2, "size": 80, **changes})  # type: ignore[arg-type]
    if good:
        assert asked(frame, "4.50", described())[1] == Job("jpeg", frame, 2, 3, 1, 8)
    else:
        with pytest.raises(CorruptFileError):
            asked(frame, "4.50", described())


JFIF = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9)


@pytest.mark.parametrize(
    ("end", "photometric", "before", "converted", "chroma"),
    [
        ("4.50", "RGB", b"", False, False),
        ("4.50", "RGB", JFIF, True, True),
        ("4.50", "YBR_FULL_422", b"", True, True),
        ("4.50", "YBR_FULL", JFIF, True, True),
        ("4.70", "RGB", b"", False, False),
        ("4.90", "RGB", b"", False, False),
        ("4.90", "YBR_RCT", b"", True, False),
        ("4.91", "YBR_ICT", b"", True, False),
        ("4.91", "YBR_FULL", b"", True, True),
    ],
)
def test_colour_is_luminance_and_chroma_where_the_frame_or_the_file_says_so(
    end: str, photometric: str, before: bytes, converted: bool, chroma: bool
) -> None:
    marker = 0xC3 if end == "4.70" else 0xC0
    j2k = end in ("4.90", "4.91")
    frame = j2k_frame(3, 2, 3) if j2k else jpeg_frame(3, 2, 90, samples=3, before=before, marker=marker)
    (_, said), job = asked(frame, end, described(photometric))
    assert (job.converted, said) == (converted, chroma)
    assert job.lossless is (end in ("4.70", "4.90"))
    assert job.codec == ("jpeg2000" if j2k else "jpeg")


def test_plain_and_run_length_colour_is_what_the_file_says() -> None:
    for photometric, chroma in (("RGB", False), ("YBR_FULL", True)):
        value = bytes(18)
        assert (
            pixels.read_pixels(
                file_of(value), described(photometric), value, Pool(np.empty(0)), DecodeLimits()
            )[1]
            is chroma
        )  # type: ignore[arg-type]
        assert asked(bytes(64), "5", described(photometric))[0][1] is chroma


@pytest.mark.parametrize(
    ("kind", "word"), [(np.int8, np.uint8), (np.int16, np.uint16), (np.uint16, np.uint16)]
)
def test_signed_pixels_of_a_decoder_keep_their_bits(kind: Any, word: Any) -> None:
    given = np.array([[1, 2, -3 if kind != np.uint16 else 3]] * 2).astype(kind)
    (found, _), _ = asked(bytes(64), "5", described(), given)
    assert found.dtype == word
    assert found.tobytes() == given.tobytes()
