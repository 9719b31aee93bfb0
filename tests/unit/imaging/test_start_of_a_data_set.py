"""How a DICOM file begins, where its values and pixels lie, and how fragments make one frame."""

from __future__ import annotations

import struct
import zlib

import pytest
from pydicom.uid import UID

from cxr_dash.errors import CorruptFileError, UnsupportedFormatError
from cxr_dash.imaging.formats.dicom import dataset, start
from cxr_dash.imaging.formats.dicom.layout import Element, Encoding
from cxr_dash.imaging.formats.dicom.syntaxes import BIG_ENDIAN, EXPLICIT, IMPLICIT, SYNTAXES

SMALL_END, BIG_END = Encoding(False, False), Encoding(False, True)
BARE = Encoding(True, False)


def element(group: int, number: int, vr: str, body: bytes, order: str = "<") -> bytes:
    head = struct.pack(order + "HH", group, number)
    if not vr:
        return head + struct.pack(order + "L", len(body)) + body
    if vr in ("OB", "OW", "UN", "SQ"):
        return head + vr.encode() + b"\0\0" + struct.pack(order + "L", len(body)) + body
    return head + vr.encode() + struct.pack(order + "H", len(body)) + body


def meta(uid: bytes, *more: bytes) -> bytes:
    return b"".join(more) + element(2, 0x10, "UI", uid)


FIRST = element(8, 5, "CS", b"ISO_IR 192")
FIRST_BARE = element(8, 5, "", b"ISO_IR 192")
FIRST_BIG = element(8, 5, "CS", b"ISO_IR 192", ">")
MARK = bytes(128) + b"DICM"


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (MARK, True),
        (MARK + FIRST, True),
        (MARK + bytes(40), True),
        (bytes(127) + b"DICM", False),
        (bytes(129) + b"DICM", False),
        (FIRST, True),
        (FIRST_BIG, True),
        (FIRST_BARE, True),
        (element(2, 1, "OB", bytes(8)), True),
        (element(4, 1, "OB", bytes(8)), False),
        (element(8, 5, "CS", bytes(9)), True),
        (element(8, 5, "CS", bytes(8)), False),
        (element(8, 5, "ZZ", bytes(9)), False),
        (element(8, 5, "cs", bytes(9)), False),
        (element(9, 5, "CS", bytes(9)), False),
        (b"", False),
    ],
)
def test_a_file_is_known_by_its_mark_or_its_first_element(data: bytes, known: bool) -> None:
    assert start.recognises(data) is known


@pytest.mark.parametrize(
    ("data", "offset", "syntax", "encoding"),
    [
        (FIRST, 0, EXPLICIT, SMALL_END),
        (FIRST_BIG, 0, BIG_ENDIAN, BIG_END),
        (FIRST_BARE, 0, IMPLICIT, BARE),
        (MARK + FIRST, 132, EXPLICIT, SMALL_END),
        (MARK + FIRST_BARE, 132, IMPLICIT, BARE),
        (MARK + meta(b"1.2.840.10008.1.2.1\0") + FIRST, 132 + 28, EXPLICIT, SMALL_END),
        (MARK + meta(b"1.2.840.10008.1.2 ") + FIRST_BARE, 132 + 26, IMPLICIT, BARE),
        (meta(b"1.2.840.10008.1.2.2\0") + FIRST_BIG, 28, BIG_ENDIAN, BIG_END),
        (
            meta(b"1.2.840.10008.1.2.1\0", element(2, 1, "OB", b"\0\1")) + FIRST,
            14 + 28,
            EXPLICIT,
            SMALL_END,
        ),
        (
            meta(b"1.2.840.10008.1.2.1\0", element(2, 0, "UL", bytes(4)), element(2, 0x102, "UN", b"abcd"))
            + FIRST,
            12 + 16 + 28,
            EXPLICIT,
            SMALL_END,
        ),
        # meta information that does not say it: what follows is looked at
        (MARK + element(2, 0, "UL", bytes(4)) + FIRST_BIG, 144, BIG_ENDIAN, BIG_END),
        # said to be explicit, and is not
        (MARK + meta(b"1.2.840.10008.1.2.1\0") + FIRST_BARE, 160, EXPLICIT, BARE),
        # neither: left as it says
        (MARK + meta(b"1.2.840.10008.1.2.1\0") + bytes(20), 160, EXPLICIT, SMALL_END),
        # the bytes of a deflated one are no elements yet
        (
            MARK + meta(b"1.2.840.10008.1.2.1.99") + FIRST_BARE,
            132 + 30,
            SYNTAXES["1.2.840.10008.1.2.1.99"],
            SMALL_END,
        ),
    ],
)
def test_where_a_data_set_begins_and_how_it_is_written(
    data: bytes, offset: int, syntax: object, encoding: Encoding
) -> None:
    found = start.read_start(data)
    assert (found.offset, found.syntax, found.encoding) == (offset, syntax, encoding)


@pytest.mark.parametrize("cut", range(1, 28))
def test_meta_information_that_ends_early_is_damage(cut: int) -> None:
    whole = MARK + meta(b"1.2.840.10008.1.2.1\0")
    data = whole[:-cut]
    if data[132:134] != b"\2\0":
        return
    with pytest.raises(CorruptFileError):
        start.read_start(data)


def test_meta_information_of_exactly_one_short_element_is_read() -> None:
    assert start.read_start(MARK + element(2, 0, "UL", bytes(4)) + FIRST).offset == 144
    assert start.read_start(MARK + element(2, 0, "UL", bytes(4))).offset == 144
    with pytest.raises(CorruptFileError):
        start.read_start(MARK + element(2, 0, "US", bytes(2)) + b"\2")
    with pytest.raises(CorruptFileError):
        start.read_start(MARK + element(2, 1, "OB", b"")[:-1])


@pytest.mark.parametrize(
    ("uid", "words"),
    [
        (b"1.2.840.10008.1.2.4.100", "a video"),
        (b"1.2.840.10008.1.2.4.102", "a video"),
        (b"1.2.840.10008.1.2.4.110", "an unknown transfer syntax"),
        (b"1.2.840.10008.1.2.4.9", "an unknown transfer syntax"),
        (b"\xff\xfe", "an unknown transfer syntax"),
    ],
)
def test_a_syntax_that_is_not_read_is_named(uid: bytes, words: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=words):
        start.read_start(MARK + meta(uid) + FIRST)


@pytest.mark.parametrize("uid", SYNTAXES)
def test_a_syntax_is_written_as_the_standard_s_dictionary_says(uid: str) -> None:
    syntax, known = SYNTAXES[uid], UID(uid)
    assert syntax.implicit_vr is known.is_implicit_VR
    assert syntax.big_endian is not known.is_little_endian
    assert syntax.deflated is known.is_deflated
    assert (syntax.codec == "native") is not known.is_encapsulated
    # ITU-T T.81, table B.1: baseline and extended, lossless; ITU-T T.87: JPEG-LS
    frames = {
        "50": (0xC0, 0xC1),
        "51": (0xC0, 0xC1),
        "57": (0xC3,),
        "70": (0xC3,),
        "80": (0xF7,),
        "81": (0xF7,),
    }
    end = uid.removeprefix("1.2.840.10008.1.2.4.")
    assert syntax.frames == (frames.get(end, ()) if uid != end else ())


PIXELS = element(0x7FE0, 0x10, "OW", bytes(range(64)))
BODY = element(8, 0x60, "CS", b"CR") + element(0x28, 0x10, "US", b"\7\0")


def test_an_opened_file_has_its_values_and_its_pixels_place() -> None:
    data = MARK + meta(b"1.2.840.10008.1.2.1\0") + BODY + PIXELS
    file = dataset.open_file(data)
    assert file.values == {"Modality": "CR", "Rows": 7}
    assert file.pixels == Element(0x7FE00010, b"OW", 180, 192, 256, False)
    assert (file.other_pixels, file.directory, file.big_endian) == (False, False, False)
    assert dataset.pixel_bytes(file, data) == bytes(range(64))
    with pytest.raises(CorruptFileError):
        dataset.pixel_bytes(dataset.open_file(data[:-1]), data[:-1])
    with pytest.raises(CorruptFileError):
        dataset.pixel_bytes(dataset.open_file(data[:180]), data[:180])


@pytest.mark.parametrize("number", [8, 9])
def test_floating_point_pixels_are_of_another_kind(number: int) -> None:
    file = dataset.open_file(FIRST + element(0x7FE0, number, "OW", bytes(4)))
    assert (file.other_pixels, file.pixels) == (True, None)


def test_a_table_of_contents_is_known_by_its_records() -> None:
    assert dataset.open_file(FIRST + element(4, 0x1220, "SQ", b"")).directory
    assert not dataset.open_file(FIRST + element(4, 0x1221, "SQ", b"")).directory


def test_sequences_are_looked_through_before_their_values_are_read() -> None:
    # VOI LUT Sequence; what stands inside is no item
    for tag in (0x3010, 0x3000):
        with pytest.raises(CorruptFileError):
            dataset.open_file(FIRST + element(0x28, tag, "SQ", FIRST))
    assert "Modality" in dataset.open_file(FIRST + element(9, 1, "SQ", FIRST) + BODY).values


def _deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return MARK + meta(b"1.2.840.10008.1.2.1.99") + packer.compress(body) + packer.flush()


@pytest.mark.parametrize("padding", [0, 100, 128 * 1024 - 300, 128 * 1024, 128 * 1024 + 7, 400_000])
def test_of_a_deflated_file_as_little_is_inflated_as_holds_its_values(padding: int) -> None:
    filler = element(0x29, 0x1010, "OB", bytes(padding))
    large = element(0x7FE0, 0x10, "OW", bytes(range(250)) * 4000)
    data = _deflated(BODY + filler + large)
    file = dataset.open_file(data)
    assert file.values == {"Modality": "CR", "Rows": 7}
    assert len(file.data) == 128 * 1024 if padding <= 128 * 1024 - 300 else len(file.data) > 128 * 1024
    assert dataset.pixel_bytes(file, data) == bytes(range(250)) * 4000
    if len(file.data) == 128 * 1024:
        with pytest.raises(CorruptFileError):
            dataset.pixel_bytes(file, data[:-400])


def test_a_small_deflated_file_is_inflated_whole_and_a_damaged_one_is_damage() -> None:
    data = _deflated(BODY + PIXELS)
    file = dataset.open_file(data)
    assert file.data == BODY + PIXELS
    assert dataset.pixel_bytes(file, b"") == bytes(range(64))
    with pytest.raises(CorruptFileError, match="must inflate"):
        dataset.open_file(data[:162] + b"\xff" * 40)


def test_no_more_than_eight_megabytes_are_inflated_before_the_pixels_begin() -> None:
    assert dataset.MAX_HEADER_BYTES == 8 * 1024**2
    head = element(0x29, 0x1010, "OB", bytes(8 * 1024**2 - 12 - 12))
    assert dataset.open_file(_deflated(head + element(0x7FE0, 0x10, "OW", bytes(64)))).pixels is not None
    late = element(0x29, 0x1010, "OB", bytes(8 * 1024**2 - 12 - 3)) + PIXELS
    assert dataset.open_file(_deflated(late)).pixels is None


ITEM, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"


def fragment(body: bytes) -> bytes:
    return ITEM + struct.pack("<L", len(body)) + body


@pytest.mark.parametrize(
    ("value", "frame"),
    [
        (fragment(b"") + fragment(b"abc"), b"abc"),
        (fragment(b"\0\0\0\0") + fragment(b"abc") + fragment(b"de") + END + bytes(4), b"abcde"),
        (fragment(b"") + fragment(b"abc") + END + bytes(4) + fragment(b"x"), b"abc"),
        (fragment(b"") + fragment(b"abc") + bytes(7), b"abc"),
        (fragment(b"") + fragment(b""), b""),
    ],
)
def test_fragments_behind_the_table_of_offsets_make_one_frame(value: bytes, frame: bytes) -> None:
    assert dataset.single_frame(value) == frame


@pytest.mark.parametrize(
    "value",
    [
        b"",
        fragment(b"only the table"),
        fragment(b"") + END + bytes(4),
        fragment(b"") + fragment(b"abc")[:-1],
        fragment(b"") + ITEM + b"\xff\xff\xff\xff" + b"abc",
        fragment(b"") + b"\xfe\xff\x01\xe0" + bytes(4),
        *(fragment(b"") + ITEM + length + b"abc" for length in (b"\3\1\0\0", b"\3\0\1\0", b"\3\0\0\1")),
        b"\xff\xd8\xff\xe0" + bytes(20),
    ],
)
def test_other_bytes_and_cut_fragments_are_damage(value: bytes) -> None:
    with pytest.raises(CorruptFileError):
        dataset.single_frame(value)
