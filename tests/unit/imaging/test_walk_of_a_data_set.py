"""The walk over a DICOM data set, element by element: lengths at their edge, depth, and number."""

from __future__ import annotations

import struct

import pytest

from cxr_dash.errors import CorruptFileError
from cxr_dash.imaging.formats.dicom import layout
from cxr_dash.imaging.formats.dicom.layout import Element, Encoding, Walk

EXPLICIT, IMPLICIT = (
    Encoding(implicit_vr=False, big_endian=False),
    Encoding(implicit_vr=True, big_endian=False),
)
BIG = Encoding(implicit_vr=False, big_endian=True)
# PS3.5, table 7.1-1: those with a reserved field and a length of four bytes
LONG = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


def element(tag: int, vr: str, body: bytes, length: int | None = None, order: str = "<") -> bytes:
    size = len(body) if length is None else length
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    if vr == "" or tag >> 16 == 0xFFFE:
        return head[:4] + struct.pack(order + "L", size) + body
    if vr in LONG:
        return head + b"\0\0" + struct.pack(order + "L", size) + body
    return head + struct.pack(order + "H", size) + body


def item(body: bytes, *, ended: bool = False) -> bytes:
    if ended:
        return element(ITEM, "", body, UNDEFINED) + element(ITEM_END, "", b"")
    return element(ITEM, "", body)


def sequence(*items: bytes, vr: str = "SQ", ended: bool = False, tag: int = 0x00081140) -> bytes:
    body = b"".join(items)
    if ended:
        return element(tag, vr, body, UNDEFINED) + element(SEQUENCE_END, "", b"")
    return element(tag, vr, body)


NAME = element(0x00100010, "PN", b"AB")
BARE_NAME = element(0x00100010, "", b"AB")


@pytest.mark.parametrize("vr", LONG)
@pytest.mark.parametrize("order", ["<", ">"])
def test_long_kinds_have_four_bytes_of_length(vr: str, order: str) -> None:
    data = element(0x00090001, vr, b"abcd", order=order) + element(0x00100020, "LO", b"xy", order=order)
    found = Walk(data, Encoding(implicit_vr=False, big_endian=order == ">")).top_level(0)
    assert found == {
        0x00090001: Element(0x00090001, vr.encode(), 0, 12, 16, False),
        0x00100020: Element(0x00100020, b"LO", 16, 24, 26, False),
    }


def test_without_kinds_every_length_has_four_bytes_and_the_first_of_two_counts() -> None:
    data = b"skip" + element(0x00100020, "", b"xy") + element(0x00100020, "", b"abcd")
    assert Walk(data, IMPLICIT).top_level(4) == {0x00100020: Element(0x00100020, b"", 4, 12, 14, False)}


@pytest.mark.parametrize("tag", [0x7FE00008, 0x7FE00009, 0x7FE00010])
def test_pixels_come_last_and_their_end_is_not_looked_for(tag: int) -> None:
    cut = NAME + element(tag, "OW", b"ab", 1000) + b"anything"
    assert Walk(cut, EXPLICIT).top_level(0)[tag] == Element(tag, b"OW", 10, 22, 1022, False)
    open_end = NAME + element(tag, "OB", b"abcd", UNDEFINED)
    assert Walk(open_end, EXPLICIT).top_level(0)[tag] == Element(tag, b"OB", 10, 22, 26, True)
    assert tag in layout.PIXEL_TAGS


def test_other_elements_of_that_group_are_no_pixels() -> None:
    data = element(0x7FE00007, "OW", b"ab") + element(0x7FE00011, "OW", b"ab")
    assert [one.end for one in Walk(data, EXPLICIT).top_level(0).values()] == [14, 28]


@pytest.mark.parametrize(
    "data",
    [
        element(ITEM, "", b"ab"),
        element(0xFFFEE00D, "", b""),
        NAME[:4] + b"pn" + NAME[6:],
        NAME[:4] + b"P1" + NAME[6:],
        NAME[:-1],
        element(0x00100010, "PN", b"ab", 3),
        element(0x00090001, "OB", b"ab", 3),
        element(0x00090001, "OB", b"")[:-1],
        element(0x00090001, "OB", b"ab", UNDEFINED),
    ],
)
def test_what_is_no_element_or_reaches_beyond_the_data_is_damage(data: bytes) -> None:
    with pytest.raises(CorruptFileError):
        Walk(data, EXPLICIT).top_level(0)


def test_fewer_than_eight_bytes_at_the_end_are_no_element_and_eight_are() -> None:
    assert list(Walk(NAME + b"1234567", EXPLICIT).top_level(0)) == [0x00100010]
    assert len(Walk(NAME + element(0x00100020, "LO", b""), EXPLICIT).top_level(0)) == 2
    assert len(Walk(NAME + element(0x00100020, "OB", b""), EXPLICIT).top_level(0)) == 2


SEQUENCES = {
    "empty": sequence(),
    "empty, ended": sequence(ended=True),
    "one": sequence(item(NAME)),
    "two": sequence(item(NAME), item(NAME)),
    "items ended": sequence(item(NAME, ended=True), item(b"", ended=True)),
    "ended": sequence(item(NAME), item(NAME), ended=True),
    "both ended": sequence(item(NAME, ended=True), item(NAME, ended=True), ended=True),
    "inside": sequence(item(NAME + sequence(item(NAME)) + NAME)),
    "inside, ended": sequence(item(sequence(item(NAME), ended=True) + NAME, ended=True), ended=True),
    "inside of known length, ended around": sequence(item(sequence(item(NAME)), ended=True), ended=True),
    "unknown kind": sequence(item(BARE_NAME), vr="UN", ended=True),
    "unknown kind inside": sequence(item(sequence(item(BARE_NAME), vr="UN", ended=True) + NAME)),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_ends_where_its_length_or_its_mark_says(name: str) -> None:
    data = SEQUENCES[name] + NAME
    walk = Walk(data, EXPLICIT)
    found = walk.top_level(0)
    one = found[0x00081140]
    assert (one.start, one.value, one.end) == (0, 12, len(SEQUENCES[name]))
    assert one.undefined is (data[8:12] == b"\xff" * 4)
    assert found[0x00100010].start == one.end
    walk.check_inside(one)


WRONG = {
    "no item": sequence(NAME),
    "no mark at the end": element(0x00081140, "SQ", item(NAME), UNDEFINED),
    "item too long": sequence(element(ITEM, "", NAME, len(NAME) + 1)),
    "element too long": sequence(item(element(0x00100010, "PN", b"ab", 200))),
    "item without its mark": sequence(element(ITEM, "", NAME, UNDEFINED)),
    "mark of a sequence where none is": sequence(element(SEQUENCE_END, "", b"")),
    "kind lost inside": sequence(item(BARE_NAME)),
    "cut inside": sequence(item(NAME[:6])),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_sequence_that_makes_no_sense_is_damage(name: str) -> None:
    def walked() -> None:
        walk = Walk(WRONG[name], EXPLICIT)
        walk.check_inside(walk.top_level(0)[0x00081140])

    with pytest.raises(CorruptFileError):
        walked()


def test_unknown_kinds_are_implicit_inside_whatever_the_file_is() -> None:
    for data in (sequence(item(BARE_NAME), vr="UN"), sequence(item(BARE_NAME), vr="UN", ended=True)):
        walk = Walk(data, EXPLICIT)
        walk.check_inside(walk.top_level(0)[0x00081140])
    for ended in (False, True):
        inner = sequence(item(BARE_NAME, ended=ended), vr="", ended=True)
        walk = Walk(sequence(item(inner, ended=ended), vr="", ended=True), IMPLICIT)
        walk.check_inside(walk.top_level(0)[0x00081140])


def _deep(depth: int, *, ended: bool) -> bytes:
    data = NAME
    for _ in range(depth):
        data = sequence(item(data, ended=ended), ended=ended)
    return data


@pytest.mark.parametrize("ended", [False, True])
def test_twelve_sequences_inside_one_another_are_read_and_not_thirteen(ended: bool) -> None:
    def walked(depth: int) -> None:
        walk = Walk(_deep(depth, ended=ended), EXPLICIT)
        walk.check_inside(walk.top_level(0)[0x00081140])

    walked(12)
    with pytest.raises(CorruptFileError, match="sequences 12 deep"):
        walked(13)


def test_as_many_elements_as_are_allowed_are_read_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MAX_ELEMENTS", 5)
    # an item and its mark count as well, and the mark of the sequence
    inside = sequence(item(NAME, ended=True), ended=True)
    assert list(Walk(inside, EXPLICIT).top_level(0)) == [0x00081140]
    with pytest.raises(CorruptFileError, match="at most 5 elements"):
        Walk(inside + NAME, EXPLICIT).top_level(0)
    walk = Walk(sequence(item(NAME), item(NAME)), EXPLICIT)
    walk.check_inside(walk.top_level(0)[0x00081140])
    walk = Walk(sequence(item(NAME), item(NAME)) + NAME, EXPLICIT)
    found = walk.top_level(0)
    with pytest.raises(CorruptFileError, match="at most 5 elements"):
        walk.check_inside(found[0x00081140])


def test_limits_are_far_beyond_a_film() -> None:
    assert (layout.MAX_ELEMENTS, layout.MAX_DEPTH, layout.PIXEL_DATA) == (10_000, 12, 0x7FE00010)
