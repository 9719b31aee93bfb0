"""Single values of a DICOM file in plain Python: kinds, order of bytes, names, and how long one may be."""

from __future__ import annotations

import logging
import struct
from typing import Any

import pytest

from cxr_dash.imaging.formats.dicom import values
from cxr_dash.imaging.formats.dicom.film_format import DICOM, DicomFormat
from cxr_dash.imaging.formats.dicom.layout import Encoding, Walk
from cxr_dash.imaging.formats.dicom.values import MAX_VALUE_BYTES, read_values

SMALL, BIG, BARE = Encoding(False, False), Encoding(False, True), Encoding(True, False)


def element(tag: int, vr: str, body: bytes, order: str = "<") -> bytes:
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    if not vr:
        return head + struct.pack(order + "L", len(body)) + body
    if vr in ("OB", "OW", "SQ", "UN"):
        return head + vr.encode() + b"\0\0" + struct.pack(order + "L", len(body)) + body
    return head + vr.encode() + struct.pack(order + "H", len(body)) + body


def read(*parts: bytes, encoding: Encoding = SMALL) -> dict[str, Any]:
    data = b"".join(parts)
    return dict(read_values(data, Walk(data, encoding).top_level(0).values(), encoding))


@pytest.mark.parametrize(
    ("tag", "vr", "body", "found"),
    [
        (0x00280010, "US", b"\7\1", {"Rows": 263}),
        (0x00280120, "SS", b"\xfe\xff", {"PixelPaddingValue": -2}),
        (0x00281051, "DS", b"12.5", {"WindowWidth": 12.5}),
        (0x00281051, "DS", b"12\\7 ", {"WindowWidth": (12.0, 7.0)}),
        (0x00281051, "FD", struct.pack("<d", 12.25), {"WindowWidth": 12.25}),
        (0x00280008, "IS", b"1 ", {"NumberOfFrames": 1}),
        (0x00080060, "CS", b"CR", {"Modality": "CR"}),
        (0x00080060, "CS", b" CR\0", {"Modality": "CR"}),
        (0x00080060, "CS", b"", {}),
        (0x00200020, "CS", b"L\\F ", {"PatientOrientation": ("L", "F")}),
        (0x00281201, "OW", b"\1\2\3\4", {"RedPaletteColorLookupTableData": b"\1\2\3\4"}),
        (0x00281051, "DS", b"wide", {"WindowWidth": "wide"}),
        # one that cannot be read is passed over
        (0x00280010, "US", b"\7", {}),
    ],
)
def test_a_value_is_a_number_a_word_or_several(tag: int, vr: str, body: bytes, found: dict[str, Any]) -> None:
    assert read(element(tag, vr, body)) == found


def test_of_a_bad_and_a_good_value_the_good_one_is_read() -> None:
    assert read(element(0x00280010, "US", b"\7"), element(0x00280011, "US", b"\7\0")) == {"Columns": 7}


@pytest.mark.parametrize(("size", "there"), [(0, True), (2, False)])
def test_a_value_has_a_mebibyte_at_most_its_head_included(size: int, there: bool) -> None:
    assert MAX_VALUE_BYTES == 1024**2
    body = bytes(MAX_VALUE_BYTES - 12 + size)
    found = read(element(0x00281201, "OW", body), element(0x00080060, "CS", b"CR"))
    assert ("RedPaletteColorLookupTableData" in found) is there
    assert found["Modality"] == "CR"


def test_without_a_kind_a_level_is_a_word_in_the_files_order_and_a_table_its_bytes() -> None:
    found = read(element(0x00280120, "", b"\1\2"), encoding=BARE)
    assert found == {"PixelPaddingValue": 0x0201}
    descriptor, data = element(0x00283002, "", b"\2\0\0\0\x10\0"), element(0x00283006, "", b"\1\2\3\4")
    item = element(0xFFFEE000, "", descriptor + data)
    found = read(element(0x00283010, "", item), encoding=BARE)
    assert found == {"VOILUTSequence": ({"LUTDescriptor": (2, 0, 16), "LUTData": b"\1\2\3\4"},)}
    assert values._words(b"\1\2\3\4\5", BARE) == (0x0201, 0x0403)
    assert values._words(b"\1\2\3\4\5", BIG) == (0x0102, 0x0304)


def test_a_file_of_the_other_order_is_read_in_it() -> None:
    assert read(element(0x00280010, "US", b"\1\7", ">"), encoding=BIG) == {"Rows": 263}


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("Doe^Jane", "Doe, Jane"),
        ("Doe^Jane^^Dr", "Doe, Jane, Dr"),
        ("Doe^Jane=\u738b^\u5c0f\u4e1c", "Doe, Jane (\u738b, \u5c0f\u4e1c)"),
        ("=\u738b^\u5c0f\u4e1c", "\u738b, \u5c0f\u4e1c"),
        ("Doe=", "Doe"),
        ("Doe=A=B", "Doe (A)"),
        ("", ""),
        (" ", ""),
    ],
)
def test_a_name_is_in_latin_letters_and_in_the_patient_s_own(stated: str, shown: str) -> None:
    assert values._readable_name(stated) == shown


def test_of_several_names_the_first_is_read() -> None:
    assert read(element(0x00100010, "PN", b"Doe^Jane\\Roe")) == {"PatientName": "Doe, Jane"}


def test_the_reader_of_values_says_nothing_of_its_own() -> None:
    logging.getLogger("pydicom").disabled = False
    read(element(0x00281051, "DS", b"wide"))
    assert logging.getLogger("pydicom").disabled is True


def test_the_format_is_named_and_its_pool_is_its_own() -> None:
    assert (DICOM.name, DICOM.title, DICOM.suffixes[0]) == ("dicom", "DICOM", ".dcm")
    assert isinstance(DICOM, DicomFormat)
