"""Files that are not pictures we read: what they are, in plain words, and what to do with them."""

from __future__ import annotations

from cxr_dash.errors import UnsupportedFormatError

_EXPORT = "Export the film as PNG from your viewer."
_SAVE_AS = "Save the picture as PNG or JPEG and try again."
_UNPACK = "Unpack it and choose the PNG or JPEG films inside."

# First bytes, what the file is, what to do. Order matters only where one start contains another.
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x08\x00\x05\x00", "a DICOM file", _EXPORT),
    (b"\x08\x00\x08\x00", "a DICOM file", _EXPORT),
    (b"\x02\x00\x00\x00", "a DICOM file", _EXPORT),
    (b"%PDF", "a PDF document", "Save the film in it as PNG and try again."),
    (b"GIF87a", "a GIF picture", _SAVE_AS),
    (b"GIF89a", "a GIF picture", _SAVE_AS),
    (b"II*\0", "a TIFF picture", _SAVE_AS),
    (b"MM\0*", "a TIFF picture", _SAVE_AS),
    (b"II+\0", "a TIFF picture", _SAVE_AS),
    (b"MM\0+", "a TIFF picture", _SAVE_AS),
    (b"BM", "a BMP picture", _SAVE_AS),
    (b"\0\0\1\0", "an icon file", _SAVE_AS),
    (b"8BPS", "a Photoshop file", _SAVE_AS),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", _SAVE_AS),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture", _SAVE_AS),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", _SAVE_AS),
    (b"\xff\x0a", "a JPEG XL picture", _SAVE_AS),
    (b"PK\3\4", "a ZIP archive (or an office document)", _UNPACK),
    (b"PK\5\6", "an empty ZIP archive", _UNPACK),
    (b"\x1f\x8b", "a gzip archive (perhaps NIfTI)", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", "an XZ archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"RIFF", "a RIFF sound or video file", _SAVE_AS),
    (b"\x1aE\xdf\xa3", "a video", _SAVE_AS),
    (b"\x93NUMPY", "a NumPy array", _SAVE_AS),
    (b"\x89HDF\r\n", "an HDF5 file", _SAVE_AS),
    (b"\x7fELF", "a program", "Choose a PNG or JPEG film."),
    (b"MZ", "a program", "Choose a PNG or JPEG film."),
)
_MARKUP = (
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file"),
    *((start, "a web page (HTML)") for start in (b"<!doctype html", b"<html", b"<head", b"<body")),
)
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}


def _name_text(data: bytes) -> str | None:
    """Name a text file, or give ``None`` where the bytes are no text."""
    head = data[:1024].removeprefix(b"\xef\xbb\xbf")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "a text file"
    if b"\0" in head:
        return None
    lowered = head.lstrip().lower()
    for start, name in _MARKUP:
        if lowered.startswith(start):
            return "an SVG drawing" if b"<svg" in lowered else name
    # A cut in the middle of a character must not turn a text into an unknown file.
    text = head.decode("utf-8", "ignore")
    if len(text.encode()) < len(head) - 3:
        return None
    return "a text file" if all(letter.isprintable() or letter.isspace() for letter in text) else None


def identify(data: bytes) -> tuple[str, str]:
    """Name what the bytes are.

    Returns
    -------
    tuple of (str, str)
        What the file is, in words, and what to do about it.
    """
    if data[128:132] == b"DICM":
        return "a DICOM file", _EXPORT
    if data[4:8] == b"ftyp":
        if data[8:12] in _HEIF_BRANDS:
            return "a HEIC or AVIF picture", _SAVE_AS
        return "a video", _SAVE_AS
    for start, name, remedy in _STARTS:
        if data.startswith(start):
            return name, remedy
    text = _name_text(data)
    if text is not None:
        return text, "Choose a PNG or JPEG film; the ending of a file's name does not make it a picture."
    return "a file of an unknown kind", "Choose a PNG or JPEG film."


def unsupported(data: bytes) -> UnsupportedFormatError:
    """Give the error for a file that is not a PNG, JPEG or WebP."""
    name, remedy = identify(data)
    return UnsupportedFormatError(
        f"The file must be a still PNG, JPEG or WebP picture; received {name}.", remedy=remedy
    )
