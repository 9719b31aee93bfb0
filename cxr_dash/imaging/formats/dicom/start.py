"""The first bytes of a DICOM file: whether it is one, and how its data set is written."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cxr_dash.domain import N_, Words
from cxr_dash.errors import UnsupportedFormatError
from cxr_dash.imaging.formats.base import corrupt
from cxr_dash.imaging.formats.dicom.layout import Element, Encoding, Walk
from cxr_dash.imaging.formats.dicom.syntaxes import BIG_ENDIAN, EXPLICIT, IMPLICIT, SYNTAXES, TransferSyntax

_MARK = b"DICM"
_PREAMBLE = 128
_TRANSFER_SYNTAX = 0x00020010
_VR = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV"
    .split()
)  # fmt: skip
# Groups that a file without preamble may begin with: its meta information, commands left over,
# identification.
_FIRST_GROUPS = frozenset({0x0002, 0x0008})


@dataclass(frozen=True, slots=True)
class Start:
    """Where the data set begins, and how it is written."""

    offset: int
    syntax: TransferSyntax
    encoding: Encoding


def recognises(data: bytes) -> bool:
    """Whether the bytes are a DICOM file, with or without its preamble of 128 bytes and ``DICM``."""
    if data[_PREAMBLE : _PREAMBLE + 4] == _MARK:
        return True
    return len(data) > 16 and (_explicit_order(data, 0) is not None or _looks_implicit(data, 0))


def read_start(data: bytes) -> Start:
    """Find the data set and its transfer syntax.

    A file that does not say it is looked at: what its first element looks like decides.

    Raises
    ------
    UnsupportedFormatError
        For a transfer syntax that is not read; the message names it.
    CorruptFileError
        If the first elements make no sense.
    """
    offset = _PREAMBLE + 4 if data[_PREAMBLE : _PREAMBLE + 4] == _MARK else 0
    meta, offset = _read_meta(data, offset)
    stated = meta.get(_TRANSFER_SYNTAX)
    if stated is None:
        return _guess(data, offset)
    uid = data[stated.value : stated.end].rstrip(b"\0 ").decode("ascii", "replace")
    syntax = SYNTAXES.get(uid)
    if syntax is None:
        raise UnsupportedFormatError(
            N_("The pixels of a DICOM film must be written in a way that is read here; received {kind}."),
            remedy=N_("Send the film uncompressed, or in JPEG 2000 or JPEG Lossless."),
            kind=Words(N_("a video"))
            if uid.startswith("1.2.840.10008.1.2.4.10")
            else Words(N_("an unknown transfer syntax")),
        )
    encoding = Encoding(syntax.implicit_vr, syntax.big_endian)
    if not syntax.deflated and not syntax.implicit_vr and _explicit_order(data, offset) is None:
        # Some writers say "explicit" and leave the letters out all the same.
        encoding = Encoding(_looks_implicit(data, offset), syntax.big_endian)
    return Start(offset, syntax, encoding)


def _read_meta(data: bytes, offset: int) -> tuple[dict[int, Element], int]:
    """The elements of group 2, always explicit and little-endian, and where they end."""
    end = offset
    if data[offset : offset + 2] != b"\2\0":
        return {}, offset
    while data[end : end + 2] == b"\2\0":
        if end + 12 > len(data):
            raise corrupt(N_("The DICOM file must be whole"), Words(N_("one that ends early")))
        long = data[end + 4 : end + 6] in (b"OB", b"UN")
        length = struct.unpack_from("<L", data, end + 8)[0] + 12 if long else _short_length(data, end)
        end += length
        if end > len(data):
            raise corrupt(N_("The DICOM file must be whole"), Words(N_("one that ends early")))
    return Walk(data[:end], Encoding(implicit_vr=False, big_endian=False)).top_level(offset), end


def _short_length(data: bytes, position: int) -> int:
    return int(struct.unpack_from("<H", data, position + 6)[0]) + 8


def _guess(data: bytes, offset: int) -> Start:
    order = _explicit_order(data, offset)
    if order is None:
        return Start(offset, IMPLICIT, Encoding(implicit_vr=True, big_endian=False))
    syntax = BIG_ENDIAN if order == ">" else EXPLICIT
    return Start(offset, syntax, Encoding(implicit_vr=False, big_endian=syntax.big_endian))


def _explicit_order(data: bytes, offset: int) -> str | None:
    """The byte order of a first element that names its kind of value; None where none is seen."""
    if data[offset + 4 : offset + 6] not in _VR:
        return None
    for order in "<>":
        if struct.unpack_from(order + "H", data, offset)[0] in _FIRST_GROUPS:
            return order
    return None


def _looks_implicit(data: bytes, offset: int) -> bool:
    if len(data) < offset + 8:
        return False
    group, number, length = struct.unpack_from("<HHL", data, offset)
    return bool(
        group == 0x0008
        and number <= 0x0070
        and length % 2 == 0
        and length <= min(len(data) - offset - 8, 4096)
    )
