"""The transfer syntaxes that are read: how the elements are written, and which codec wrote the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Codec = Literal["native", "rle", "jpeg", "jpegls", "jpeg2000"]


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """One way in which a DICOM file may be written (PS3.5, annex A).

    Attributes
    ----------
    uid, name : str
        As the standard has them.
    codec : {"native", "rle", "jpeg", "jpegls", "jpeg2000"}
        What wrote the pixels; ``native`` ones are plain levels and need no decoder.
    lossy : bool
        Whether the pixels may differ from those that were sent.
    implicit_vr, big_endian, deflated : bool
        How the elements are written.
    frames : tuple of int
        Start-of-frame markers (second byte) that a JPEG of this syntax may have.
    """

    uid: str
    name: str
    codec: Codec = "native"
    lossy: bool = False
    implicit_vr: bool = False
    big_endian: bool = False
    deflated: bool = False
    frames: tuple[int, ...] = ()


IMPLICIT = TransferSyntax("1.2.840.10008.1.2", "Implicit VR Little Endian", implicit_vr=True)
EXPLICIT = TransferSyntax("1.2.840.10008.1.2.1", "Explicit VR Little Endian")
BIG_ENDIAN = TransferSyntax("1.2.840.10008.1.2.2", "Explicit VR Big Endian", big_endian=True)

_ALL = (
    IMPLICIT,
    EXPLICIT,
    BIG_ENDIAN,
    TransferSyntax("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", deflated=True),
    TransferSyntax("1.2.840.10008.1.2.5", "RLE Lossless", "rle"),
    TransferSyntax(
        "1.2.840.10008.1.2.4.50", "JPEG Baseline, 8 bits", "jpeg", lossy=True, frames=(0xC0, 0xC1)
    ),
    TransferSyntax(
        "1.2.840.10008.1.2.4.51", "JPEG Extended, 12 bits", "jpeg", lossy=True, frames=(0xC0, 0xC1)
    ),
    TransferSyntax("1.2.840.10008.1.2.4.57", "JPEG Lossless, process 14", "jpeg", frames=(0xC3,)),
    TransferSyntax("1.2.840.10008.1.2.4.70", "JPEG Lossless, first-order prediction", "jpeg", frames=(0xC3,)),
    TransferSyntax("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", "jpegls", frames=(0xF7,)),
    TransferSyntax("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", "jpegls", lossy=True, frames=(0xF7,)),
    TransferSyntax("1.2.840.10008.1.2.4.90", "JPEG 2000, lossless only", "jpeg2000"),
    TransferSyntax("1.2.840.10008.1.2.4.91", "JPEG 2000", "jpeg2000", lossy=True),
    TransferSyntax("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000, lossless only", "jpeg2000"),
    TransferSyntax("1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 RPCL, lossless only", "jpeg2000"),
    TransferSyntax("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000", "jpeg2000", lossy=True),
)
SYNTAXES: dict[str, TransferSyntax] = {syntax.uid: syntax for syntax in _ALL}
"""By identifier, in the order of ``docs/dicom.md``."""
