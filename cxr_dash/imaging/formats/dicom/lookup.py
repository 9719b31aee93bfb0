"""Lookup tables as DICOM files hold them (PS3.3, C.11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.imaging.formats.dicom.values import Values

_MAX_ENTRIES = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """One table.

    Attributes
    ----------
    entries : ndarray of float64, shape (N,)
        What the table gives.
    first : int
        The input that gets the first entry; inputs beyond either end get the end's.
    bits : int
        Depth of the entries, 8-16.
    """

    entries: Float64Array
    first: int
    bits: int

    def of(self, levels: Float64Array) -> Float64Array:
        """The entries for levels."""
        index = np.clip(np.rint(levels) - self.first, 0, len(self.entries) - 1)
        found: Float64Array = np.take(self.entries, index.astype(np.intp))
        return found

    def share_of(self, levels: Float64Array) -> Float64Array:
        """The entries for levels as shares of the largest that their depth allows, 0-1."""
        share: Float64Array = np.clip(self.of(levels) / (2**self.bits - 1), 0.0, 1.0)
        return share


def read_sequence(values: Values, keyword: str, *, signed: bool, big_endian: bool) -> LookupTable | None:
    """The first table of a sequence; None where there is none that can be used.

    Parameters
    ----------
    values : Values
    keyword : str
        ``"VOILUTSequence"`` and its like.
    signed : bool
        Whether the table's inputs may be below zero.
    big_endian : bool
        How the file's words are written.
    """
    items = values.get(keyword)
    if not isinstance(items, tuple) or not items:
        return None
    return read_item(items[0], signed=signed, big_endian=big_endian)


def read_item(item: Any, *, signed: bool, big_endian: bool) -> LookupTable | None:
    """The table of one item of a sequence; None where it is none that can be used."""
    if not isinstance(item, Mapping):
        return None
    return read_table(item.get("LUTDescriptor"), item.get("LUTData"), signed=signed, big_endian=big_endian)


def read_table(descriptor: Any, data: Any, *, signed: bool, big_endian: bool) -> LookupTable | None:
    """A table from its descriptor (entries, first input, bits) and data; None where they make no sense."""
    if not isinstance(descriptor, tuple) or len(descriptor) != 3:
        return None
    if not all(isinstance(one, int) for one in descriptor):
        return None
    count = (descriptor[0] & 0xFFFF) or _MAX_ENTRIES
    first = descriptor[1] & 0xFFFF
    if signed and first >= 0x8000:
        first -= 0x10000
    bits = descriptor[2]
    entries = _entries(data, count, big_endian)
    if entries is None or not 1 <= bits <= 16:
        return None
    # Some writers state fewer bits than their entries have.
    if entries.max() >= 2**bits:
        bits = 16 if entries.max() > 0xFF else 8
    return LookupTable(entries, first, bits)


def _entries(data: Any, count: int, big_endian: bool) -> Float64Array | None:
    if isinstance(data, bytes):
        if len(data) >= 2 * count:
            words = np.frombuffer(data, ">u2" if big_endian else "<u2", count)
            return words.astype(np.float64)
        # Entries of 8 bits may be packed two to a word.
        return np.frombuffer(data, np.uint8, count).astype(np.float64) if len(data) >= count else None
    if isinstance(data, int):
        data = (data,)
    if not isinstance(data, tuple) or not all(isinstance(one, int) for one in data):
        return None
    if len(data) >= count:
        return np.array([one & 0xFFFF for one in data[:count]], np.float64)
    packed = np.array([one & 0xFFFF for one in data], np.uint16).astype("<u2").view(np.uint8)
    return packed[:count].astype(np.float64) if len(packed) >= count else None
