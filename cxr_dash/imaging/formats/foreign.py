"""Files that are not pictures we read: what they are, in plain words, and what to do with them."""

from __future__ import annotations

from cxr_dash.domain import N_

_EXPORT = N_("Export the film as PNG from your viewer.")
_SAVE_AS = N_("Save the picture as PNG or JPEG and try again.")
_CHOOSE = N_("Choose a film as PNG, JPEG, WebP or DICOM.")
_BY_NAME = N_(
    "Choose a film as PNG, JPEG, WebP or DICOM; the ending of a file's name does not make it a picture."
)
_UNPACK = N_("Unpack it and choose the films inside.")

# First bytes, what the file is, what to do. Order matters only where one start contains another.
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", N_("a PDF document"), N_("Save the film in it as PNG and try again.")),
    (b"GIF87a", N_("a GIF picture"), _SAVE_AS),
    (b"GIF89a", N_("a GIF picture"), _SAVE_AS),
    (b"II*\0", N_("a TIFF picture"), _SAVE_AS),
    (b"MM\0*", N_("a TIFF picture"), _SAVE_AS),
    (b"II+\0", N_("a TIFF picture"), _SAVE_AS),
    (b"MM\0+", N_("a TIFF picture"), _SAVE_AS),
    (b"BM", N_("a BMP picture"), _SAVE_AS),
    (b"\0\0\1\0", N_("an icon file"), _SAVE_AS),
    (b"8BPS", N_("a Photoshop file"), _SAVE_AS),
    (b"\0\0\0\x0cjP  ", N_("a JPEG 2000 picture"), _SAVE_AS),
    (b"\xff\x4f\xff\x51", N_("a JPEG 2000 picture"), _SAVE_AS),
    (b"\0\0\0\x0cJXL ", N_("a JPEG XL picture"), _SAVE_AS),
    (b"\xff\x0a", N_("a JPEG XL picture"), _SAVE_AS),
    (b"PK\3\4", N_("a ZIP archive (or an office document)"), _UNPACK),
    (b"PK\5\6", N_("an empty ZIP archive"), _UNPACK),
    (b"\x1f\x8b", N_("a gzip archive (perhaps NIfTI)"), _UNPACK),
    (b"BZh", N_("a bzip2 archive"), _UNPACK),
    (b"\xfd7zXZ\0", N_("an XZ archive"), _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", N_("a 7z archive"), _UNPACK),
    (b"Rar!", N_("a RAR archive"), _UNPACK),
    (b"RIFF", N_("a RIFF sound or video file"), _SAVE_AS),
    (b"\x1aE\xdf\xa3", N_("a video"), _SAVE_AS),
    (b"\x93NUMPY", N_("a NumPy array"), _SAVE_AS),
    (b"\x89HDF\r\n", N_("an HDF5 file"), _SAVE_AS),
    (b"\x7fELF", N_("a program"), _CHOOSE),
    (b"MZ", N_("a program"), _CHOOSE),
)
# SOI, then perhaps application segments, then the frame header of JPEG-LS (ITU-T T.87).
_JPEG_LS_FRAME, _START_OF_SCAN, _FIRST_FRAME, _LAST_FRAME = 0xF7, 0xDA, 0xC0, 0xC3
_LONGEST_FIRST_VALUE = 64  # bytes of a first element whose type is not written: a length, a UID, a date
_MARKUP = (
    (b"<svg", N_("an SVG drawing")),
    (b"<?xml", N_("an XML file")),
    *((start, N_("a web page (HTML)")) for start in (b"<!doctype html", b"<html", b"<head", b"<body")),
)
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}


def _name_text(data: bytes) -> str | None:
    """Name a text file, or give ``None`` where the bytes are no text."""
    head = data[:1024].removeprefix(b"\xef\xbb\xbf")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return N_("a text file")
    if b"\0" in head:
        return None
    lowered = head.lstrip().lower()
    for start, name in _MARKUP:
        if lowered.startswith(start):
            return N_("an SVG drawing") if b"<svg" in lowered else name
    # A cut in the middle of a character must not turn a text into an unknown file.
    text = head.decode("utf-8", "ignore")
    if len(text.encode()) < len(head) - 3:
        return None
    return N_("a text file") if all(letter.isprintable() or letter.isspace() for letter in text) else None


def is_jpeg_ls(data: bytes) -> bool:
    """Whether the bytes are a JPEG-LS picture, which begins like a JPEG."""
    position = 2
    while data[position : position + 1] == b"\xff" and position + 4 <= len(data):
        marker = data[position + 1]
        if marker == _JPEG_LS_FRAME:
            return True
        if marker == _START_OF_SCAN or _FIRST_FRAME <= marker <= _LAST_FRAME:
            return False
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return False


def _is_bare_dicom(data: bytes) -> bool:
    """Whether the bytes start with a data element of DICOM's first groups, without the usual preamble."""
    if data[:2] not in (b"\x02\x00", b"\x08\x00") or len(data) < 8:
        return False
    explicit = data[4:6].isalpha() and data[4:6].isupper()
    return explicit or (data[3] == 0 and int.from_bytes(data[4:8], "little") <= _LONGEST_FIRST_VALUE)


def identify(data: bytes) -> tuple[str, str]:
    """Name what the bytes are.

    Returns
    -------
    tuple of (str, str)
        What the file is, in English words, and what to do about it; both are marked for translators.
    """
    if data[128:132] == b"DICM" or _is_bare_dicom(data):
        return N_("a DICOM file"), _EXPORT
    if data.startswith(b"\xff\xd8\xff") and is_jpeg_ls(data):
        return N_("a JPEG-LS picture"), _EXPORT
    if data[4:8] == b"ftyp":
        return (N_("a HEIC or AVIF picture") if data[8:12] in _HEIF_BRANDS else N_("a video")), _SAVE_AS
    for start, name, remedy in _STARTS:
        if data.startswith(start):
            return name, remedy
    text = _name_text(data)
    if text is not None:
        return text, _BY_NAME
    return N_("a file of an unknown kind"), _CHOOSE
