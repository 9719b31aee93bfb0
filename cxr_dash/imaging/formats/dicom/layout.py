"""Where the elements of a DICOM data set lie: a walk over tags and lengths that reads no value.

Values are handed to pydicom later, and only the few that are wanted: a file may hold a million private
elements or sequences inside sequences, and none of them may cost more than a step of this walk (PS3.5,
section 7).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cxr_dash.domain import N_, Words
from cxr_dash.imaging.formats.base import corrupt

PIXEL_DATA = 0x7FE00010
PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, PIXEL_DATA})
"""Float, double and ordinary pixels."""

MAX_ELEMENTS = 10_000
"""Elements of one file, those inside sequences of unknown length too; a film has a few hundred."""

MAX_DEPTH = 12
"""Sequences inside one another; a film has two or three."""

UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SEQUENCE_VR = frozenset({b"SQ", b"UN", b""})


@dataclass(frozen=True, slots=True)
class Encoding:
    """How elements are written."""

    implicit_vr: bool
    big_endian: bool


@dataclass(frozen=True, slots=True)
class Element:
    """One element: ``data[start:end]`` is all of it, ``data[value:end]`` its value.

    Attributes
    ----------
    vr : bytes
        Two letters; empty where the file leaves them out.
    undefined : bool
        Whether the element ends with a delimiter of its own.
    """

    tag: int
    vr: bytes
    start: int
    value: int
    end: int
    undefined: bool


def ended_early() -> Exception:
    """The error for a file that is shorter than its lengths say."""
    return corrupt(N_("The DICOM file must be whole"), Words(N_("one that ends early")))


def _unreadable() -> Exception:
    return corrupt(N_("The elements of a DICOM file must follow one another"), Words(N_("other bytes")))


def _too_much() -> Exception:
    return corrupt(
        N_("A DICOM film must have at most {elements} elements in sequences {depth} deep"),
        Words(N_("more")),
        elements=MAX_ELEMENTS,
        depth=MAX_DEPTH,
    )


class Walk:
    """A walk over one file's elements, with a budget.

    Parameters
    ----------
    data : bytes
        The file, or its beginning.
    encoding : Encoding
    """

    def __init__(self, data: bytes, encoding: Encoding) -> None:
        self._data = data
        self._implicit = encoding.implicit_vr
        self._order = ">" if encoding.big_endian else "<"
        self._tag = struct.Struct(self._order + "HH")
        self._long = struct.Struct(self._order + "L")
        self._short = struct.Struct(self._order + "H")
        self._left = MAX_ELEMENTS

    def top_level(self, start: int) -> dict[int, Element]:
        """The outermost elements up to the pixels, which come last and whose end is not looked for.

        Returns
        -------
        dict
            By tag; of two elements with one tag the first. Pixels of undefined length end with the data.

        Raises
        ------
        CorruptFileError
            If an element reaches beyond the data, or there are too many or too deep ones.
        """
        found: dict[int, Element] = {}
        position = start
        while position + 8 <= len(self._data):
            tag, vr, value, length = self._head(position, self._implicit)
            if tag in PIXEL_TAGS:
                end = len(self._data) if length == UNDEFINED else value + length
                found[tag] = Element(tag, vr, position, value, end, length == UNDEFINED)
                break
            if tag >> 16 == 0xFFFE:
                raise _unreadable()
            end = self._end(vr, value, length, self._implicit, 0)
            if tag not in found:
                found[tag] = Element(tag, vr, position, value, end, length == UNDEFINED)
            position = end
        return found

    def check_inside(self, element: Element) -> None:
        """Walk through a sequence whose values are to be read, so that none surprises the reader of values.

        Raises
        ------
        CorruptFileError
        """
        implicit = self._implicit or element.vr == b"UN"
        self._items(element.value, element.end, implicit, 1, bounded=not element.undefined)

    def _head(self, position: int, implicit: bool) -> tuple[int, bytes, int, int]:
        """Tag, VR, first byte of the value, length."""
        self._left -= 1
        if self._left < 0:
            raise _too_much()
        data = self._data
        if position + 8 > len(data):
            raise ended_early()
        group, number = self._tag.unpack_from(data, position)
        tag = group << 16 | number
        if implicit or group == 0xFFFE:
            return tag, b"", position + 8, self._long.unpack_from(data, position + 4)[0]
        vr = data[position + 4 : position + 6]
        if not (vr.isalpha() and vr.isupper()):
            raise _unreadable()
        if vr not in _LONG:
            return tag, vr, position + 8, self._short.unpack_from(data, position + 6)[0]
        if position + 12 > len(data):
            raise ended_early()
        return tag, vr, position + 12, self._long.unpack_from(data, position + 8)[0]

    def _end(self, vr: bytes, value: int, length: int, implicit: bool, depth: int) -> int:
        if length != UNDEFINED:
            if value + length > len(self._data):
                raise ended_early()
            return value + length
        if vr not in _SEQUENCE_VR:
            raise _unreadable()
        # Elements inside one whose VR is unknown are always implicit (PS3.5, 6.2.2, note 2).
        return self._items(value, len(self._data), implicit or vr == b"UN", depth + 1, bounded=False)

    def _items(self, position: int, end: int, implicit: bool, depth: int, *, bounded: bool) -> int:
        if depth > MAX_DEPTH:
            raise _too_much()
        while position < end:
            tag, _, value, length = self._head(position, implicit)
            if tag == _SEQUENCE_END and not bounded:
                return value
            if tag != _ITEM:
                raise _unreadable()
            if length == UNDEFINED:
                position = self._elements(value, end, implicit, depth, bounded=False)
            else:
                position = value + length
                if position > end:
                    raise ended_early()
                if bounded:
                    self._elements(value, position, implicit, depth, bounded=True)
        if bounded:
            return position
        raise ended_early()

    def _elements(self, position: int, end: int, implicit: bool, depth: int, *, bounded: bool) -> int:
        while position < end:
            tag, vr, value, length = self._head(position, implicit)
            if tag == _ITEM_END and not bounded:
                return value
            position = self._end(vr, value, length, implicit, depth)
            if vr == b"SQ" and length != UNDEFINED:
                self._items(value, position, implicit, depth + 1, bounded=True)
        if bounded:
            return position
        raise ended_early()
