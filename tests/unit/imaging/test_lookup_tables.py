"""Lookup tables of DICOM files, to the entry: what is read, what it gives, and what is no table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cxr_dash.imaging.formats.dicom.lookup import LookupTable, read_sequence, read_table

FOUR = bytes([1, 2, 3, 250])


def table(descriptor: Any, data: Any, *, signed: bool = False, big_endian: bool = False) -> LookupTable:
    found = read_table(descriptor, data, signed=signed, big_endian=big_endian)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("data", "entries"),
    [
        (FOUR, [1, 2, 3, 250]),
        (FOUR + b"\7", [1, 2, 3, 250]),
        (bytes([1, 0, 2, 0, 3, 0, 250, 0]), [1, 2, 3, 250]),
        (bytes([1, 0, 2, 0, 3, 0, 250, 0, 9, 9]), [1, 2, 3, 250]),
        ((1, 2, 3, 250), [1, 2, 3, 250]),
        ((1, 2, 3, 250, 9), [1, 2, 3, 250]),
        ((0x0201, 0xFA03), [1, 2, 3, 250]),
        ((-1, 2, 3, 250), [65535, 2, 3, 250]),
    ],
    ids=["packed", "packed, padded", "words", "words, more", "numbers", "more", "packed numbers", "signed"],
)
def test_entries_are_words_or_bytes_as_many_as_are_stated(data: Any, entries: list[int]) -> None:
    assert table((4, 0, 8), data).entries.tolist() == entries


def test_words_are_written_as_the_file_says() -> None:
    assert table((2, 0, 16), b"\1\2\3\4").entries.tolist() == [0x0201, 0x0403]
    assert table((2, 0, 16), b"\1\2\3\4", big_endian=True).entries.tolist() == [0x0102, 0x0304]


def test_one_entry_may_be_a_plain_number() -> None:
    assert table((1, 5, 8), 77).entries.tolist() == [77]


def test_no_stated_entries_are_65536() -> None:
    whole = table((0, 0, 16), np.arange(65536, dtype="<u2").tobytes())
    assert len(whole.entries) == 65536
    assert whole.entries[-1] == 65535


@pytest.mark.parametrize(
    ("stated", "signed", "first"),
    [
        (300, False, 300),
        (0x7FFF, True, 0x7FFF),
        (0x8000, True, -0x8000),
        (-5, True, -5),
        (0x8000, False, 0x8000),
    ],
)
def test_the_first_input_may_be_below_zero_where_levels_may(stated: int, signed: bool, first: int) -> None:
    assert table((4, stated, 8), FOUR, signed=signed).first == first


@pytest.mark.parametrize(
    ("bits", "largest", "depth"),
    [
        (8, 255, 8),
        (8, 256, 16),
        (7, 128, 8),
        (7, 255, 8),
        (7, 127, 7),
        (10, 1023, 10),
        (10, 1024, 16),
        (16, 65535, 16),
        (1, 2, 8),
    ],
)
def test_entries_that_do_not_fit_the_stated_depth_have_the_next_one(
    bits: int, largest: int, depth: int
) -> None:
    assert table((2, 0, bits), (0, largest)).bits == depth


@pytest.mark.parametrize(
    ("descriptor", "data"),
    [
        (None, FOUR),
        ((4, 0), FOUR),
        ((4, 0, 8, 1), FOUR),
        ((4, "0", 8), FOUR),
        ((4, 0, 0), FOUR),
        ((4, 0, 17), FOUR),
        ((5, 0, 8), FOUR),
        ((5, 0, 8), (1, 2)),
        ((4, 0, 8), (1, 2, 3, "4")),
        ((4, 0, 8), "1234"),
        ((4, 0, 8), None),
    ],
)
def test_what_makes_no_sense_is_no_table(descriptor: Any, data: Any) -> None:
    assert read_table(descriptor, data, signed=False, big_endian=False) is None


def test_inputs_beyond_the_ends_get_the_ends_entries_and_shares_are_of_the_depth() -> None:
    ten = table((4, 10, 8), (0, 51, 102, 255))
    levels = np.array([-7.0, 10.0, 10.6, 12.4, 13.0, 14.0, 900.0])
    assert ten.of(levels).tolist() == [0, 0, 51, 102, 255, 255, 255]
    np.testing.assert_allclose(ten.share_of(levels), [0, 0, 0.2, 0.4, 1, 1, 1])


def test_of_a_sequence_the_first_table_is_read() -> None:
    one, two = ({"LUTDescriptor": (1, 0, 8), "LUTData": (level,)} for level in (7, 9))
    found = read_sequence({"VOILUTSequence": (one, two)}, "VOILUTSequence", signed=False, big_endian=False)
    assert found is not None
    assert found.entries.tolist() == [7]


@pytest.mark.parametrize("items", [None, (), "words", ("words",), {"LUTDescriptor": (1, 0, 8)}, ({},)])
def test_a_sequence_of_something_else_has_no_table(items: Any) -> None:
    values = {"VOILUTSequence": items}
    assert read_sequence(values, "VOILUTSequence", signed=False, big_endian=False) is None
