"""The one EXIF entry that changes where pixels lie: the orientation."""

from __future__ import annotations

from collections.abc import Callable

ORIENTATION_TAG = 0x0112
# TIFF 6.0: types of an entry, and the bytes of one value. Exif asks for SHORT; some cameras write LONG.
_SIZES = {3: 2, 4: 4}
_PREFIX = b"Exif\0\0"


def read_orientation(block: bytes) -> int:
    r"""Find the orientation in an EXIF block.

    Parameters
    ----------
    block : bytes
        A TIFF structure, with or without the ``Exif\0\0`` that JPEG puts before it.

    Returns
    -------
    int
        1-8; 1 (upright) where there is none or where the block makes no sense: a damaged note about the
        picture is no reason to refuse the picture.
    """
    tiff = block.removeprefix(_PREFIX)
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(tiff[:4])
    if order == "little":
        return _scan(tiff, lambda piece: int.from_bytes(piece, "little"))
    if order == "big":
        return _scan(tiff, lambda piece: int.from_bytes(piece, "big"))
    return 1


def _scan(tiff: bytes, number: Callable[[bytes], int]) -> int:
    start = number(tiff[4:8])
    count = number(tiff[start : start + 2])
    for index in range(count):
        entry = tiff[start + 2 + 12 * index : start + 14 + 12 * index]
        if len(entry) < 12:
            break
        size = _SIZES.get(number(entry[2:4]))
        if number(entry[:2]) == ORIENTATION_TAG and size is not None:
            value = number(entry[8 : 8 + size])
            return value if 1 <= value <= 8 else 1
    return 1
