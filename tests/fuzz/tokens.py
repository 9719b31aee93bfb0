"""What mutators write: figures at the edges, markers, names, values that a careless reader would believe."""

from __future__ import annotations

import struct

from cxr_dash.imaging.formats.dicom.values import WANTED

NUMBERS = (
    *(0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 40, 127, 128, 255, 256, 257, 4095, 16383, 32767, 32768),
    *(65534, 65535, 65536, 0x7FFFFF, 0xFFFFFF, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF),
)

PNG_NAMES = (
    *b"IHDR PLTE IDAT IEND tRNS eXIf acTL fcTL fdAT tEXt".split(),
    *b"zTXt iCCP gAMA cHRM sRGB bKGD sBIT hIST iTXt".split(),
    *(b"\0\0\0\0", b"CgBI"),
)
WEBP_NAMES = tuple(b"VP8 ,VP8L,VP8X,ALPH,ANIM,ANMF,EXIF,XMP ,ICCP,RIFF,WEBP".split(b","))
JPEG_NAMES = tuple(bytes([code]) for code in (*range(0xC0, 0xF0), 0xF7, 0xFE, 0x01, 0x00, 0xFF))

_UIDS = tuple(
    f"1.2.840.10008.{end}".encode()
    for end in (
        *("1.2", "1.2.1", "1.2.2", "1.2.1.99", "1.2.5", "1.2.4.50", "1.2.4.51", "1.2.4.57", "1.2.4.70"),
        *("1.2.4.80", "1.2.4.81", "1.2.4.90", "1.2.4.91", "1.2.4.201", "1.2.4.203", "1.2.4.100", "1.3.10"),
        *("5.1.4.1.1.1", "5.1.4.1.1.7", "5.1.4.1.1.1.1.1", "5.1.4.1.1.2", "5.1.4.1.1.104.1", "5.1.4.1.1."),
    )
)
DICOM_VALUES = (
    *(
        b"",
        b" ",
        b"\0",
        b"0",
        b"-0",
        b"1",
        b"-1",
        b"1\\2",
        b"\\",
        b"\\\\\\",
        b"nan",
        b"inf",
        b"-inf",
        b"1e308",
    ),
    *(
        b"-1e308",
        b"1e-320",
        b"1e999",
        b"9" * 20,
        b"9" * 320,
        b"9" * 5000,
        b"9" * 319 + b"Y",
        b"9" * 5000 + b"Y",
    ),
    *(b"000Y", b"130Y", b"999D", b"\xc2\xb2Y", b"00010101", b"99991231", b"20240230", b"\xff\xfe\xfd"),
    *(b"{0}", b"{x!r:>99}", b"MONOCHROME1", b"MONOCHROME2", b"RGB", b"YBR_FULL", b"YBR_FULL_422", b"YBR_ICT"),
    *(b"YBR_RCT", b"PALETTE COLOR", b"SIGMOID", b"LINEAR_EXACT", b"INVERSE", b"IDENTITY", b"L\\F", b"P\\F"),
    *(b"R\\H", b"A\\H", b"CR", b"DX", b"SR", b"US", b"FOR PROCESSING", b"LATERAL", b"ISO 2022 IR 87"),
    *(b"\\ISO 2022 IR 149", b"GB18030", b"ISO_IR 192", b"CHEST", b"HAND", b"Yamada^Tarou=\x1b$B;3ED\x1b(B"),
    *(b"<b>&</i>", b"&#0;<para", b"\1\x08\x1b[0m", "\u202e\U0001f600\ud7ff".encode(), b"%s%(x)d", b"=cmd()"),
    *(b"^" * 60, b"=" * 60, b"A" * 70000),
    *_UIDS,
)
VRS = (
    *b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW".split(),
    *b"PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split(),
    *(b"ZZ", b"  "),
)
_TAGS = (
    *(
        *WANTED,
        0x7FE00010,
        0x7FE00008,
        0x7FE00009,
        0x00020010,
        0x00020000,
        0x00041220,
        0x00090010,
        0x60003000,
    ),
    *(0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0xFFFCFFFC),
)
DICOM_TAGS = tuple(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in _TAGS)

# For any place in any file.
BYTES = (
    *(b"\xff\xd8\xff", b"\xff\xd9", b"\xff\xda", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xdb"),
    *(b"\xff\xdd\0\4\0\1", b"\xff\xe1", b"Exif\0\0II*\0", b"Exif\0\0MM\0*", b"\x12\1\3\0"),
    *(b"\x89PNG\r\n\x1a\n", b"IEND", b"IDAT", b"RIFF", b"WEBP", b"\x9d\1\x2a", b"DICM", b"PK\3\4", b"PK\1\2"),
    *(b"PK\5\6", b"PK\6\6", b"PK\6\7", b"\xfe\xff\0\xe0", b"\xfe\xff\r\xe0", b"\xfe\xff\xdd\xe0"),
    *(
        b"\xe0\x7f\x10\0",
        b"\xff\x4f\xff\x51",
        b"\xff\x52",
        b"\xff\x5c",
        b"\xff\x64",
        b"\xff\x93",
        b"\xff\xf7",
    ),
    *(bytes(8), bytes(64), bytes(300), b"\xff" * 8, b"\xff" * 300, b"\xff\xff\xff\xff"),
    *(b"SQ\0\0\xff\xff\xff\xff", b"\\", b"../"),
)
