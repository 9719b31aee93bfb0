"""The codecs of the decoder's child process, asked here: pixels as they were coded, and what is not whole."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np
import pytest

from cxr_dash.imaging import chest_phantom
from cxr_dash.imaging.formats.dicom import worker

GREY = chest_phantom(96, 80, seed=2)
FINE = GREY.astype(np.uint16) * 16 + np.arange(80, dtype=np.uint16) % 16
COLOUR = np.dstack([GREY, GREY // 2, 255 - GREY])


def _asked(
    samples: int = 1, *, converted: bool = False, lossless: bool = False, bits: int = 8
) -> dict[str, object]:
    return {
        "samples": samples,
        "converted": converted,
        "lossless": lossless,
        "bits_allocated": bits,
        "height": 96,
        "width": 80,
    }


def test_jpeg_gives_the_levels_as_they_were_stored() -> None:
    coded = imagecodecs.jpeg8_encode(GREY, level=95)
    assert np.abs(worker._jpeg(coded, _asked()).astype(int) - GREY).max() < 25
    lossless = imagecodecs.jpeg8_encode(FINE, lossless=True, bitspersample=12)
    np.testing.assert_array_equal(worker._jpeg(lossless, _asked(lossless=True, bits=16)), FINE)


def test_colour_stays_as_the_data_set_says_it_is() -> None:
    stored = imagecodecs.jpeg8_encode(COLOUR, level=95, colorspace="RGB", outcolorspace="RGB")
    plain = worker._jpeg(stored, _asked(3))
    assert np.abs(plain.astype(int) - COLOUR).mean() < 4
    as_chroma = imagecodecs.jpeg8_encode(COLOUR, level=95, colorspace="YCBCR", outcolorspace="YCBCR")
    same = worker._jpeg(as_chroma, _asked(3, converted=True))
    assert np.abs(same.astype(int) - COLOUR).mean() < 6


@pytest.mark.parametrize(
    ("samples", "converted", "space"),
    [(1, False, "GRAYSCALE"), (1, True, "GRAYSCALE"), (3, False, "RGB"), (3, True, "YCBCR")],
)
def test_a_jpeg_comes_out_in_the_space_that_it_is_in(
    monkeypatch: pytest.MonkeyPatch, samples: int, converted: bool, space: str
) -> None:
    asked: list[object] = []

    def decode(data: bytes, **spaces: str) -> np.ndarray:
        asked.append((data, spaces))
        return GREY

    monkeypatch.setattr(imagecodecs, "jpeg8_decode", decode)
    monkeypatch.setattr(worker, "_is_whole", lambda *_, **__: True)
    assert worker._jpeg(b"coded", _asked(samples, converted=converted)) is GREY
    assert asked == [(b"coded", {"colorspace": space, "outcolorspace": space})]
    monkeypatch.setattr(imagecodecs, "jpeg2k_decode", lambda _, numthreads: numthreads)
    assert worker._jpeg2000(b"coded", {}) == 2, "threads that share the slowest codec's work"


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("lost", [1, 2, 5, 40, 400])
def test_a_jpeg_whose_end_is_missing_is_not_whole(lossless: bool, lost: int) -> None:
    coded = (
        imagecodecs.jpeg8_encode(FINE, lossless=True, bitspersample=12)
        if lossless
        else imagecodecs.jpeg8_encode(GREY, level=90)
    )
    asked = _asked(lossless=lossless, bits=16 if lossless else 8)
    worker._jpeg(coded, asked)
    with pytest.raises(ValueError, match="not whole"):
        worker._jpeg(coded[: -2 - lost] + b"\xff\xd9", asked)
    with pytest.raises(ValueError, match="not whole"):
        worker._jpeg(coded[:-2] + bytes(range(1, 200)) + b"\xff\xd9", asked)


def test_data_that_end_without_a_mark_are_not_whole_and_fill_bytes_before_it_are_allowed() -> None:
    coded = imagecodecs.jpeg8_encode(GREY, level=90)
    assert not worker._is_whole(coded[:-2], GREY, lambda _: GREY, lossless=False)
    filled = worker._jpeg(coded[:-2] + b"\xff\xff\xff" + b"\xff\xd9", _asked())
    np.testing.assert_array_equal(filled, worker._jpeg(coded, _asked()))


def test_whole_is_what_changes_with_its_last_bytes_and_not_with_bytes_behind_them() -> None:
    def decoder(reads: int):  # type: ignore[no-untyped-def]
        """Of a file of 200 bytes behind its scan's mark, the pixels are the first ``reads``."""
        return lambda data: np.frombuffer(data[:reads].ljust(reads, b"\0"), np.uint8)

    head = b"\xff\xd8\xff\xda"
    data = head + bytes(100 + number % 90 for number in range(200)) + b"\xff\xd9"
    whole, early, late = decoder(204), decoder(150), decoder(230)
    for lossless in (False, True):
        assert worker._is_whole(data, whole(data), whole, lossless=lossless)
        assert not worker._is_whole(data, early(data), early, lossless=lossless)
        assert not worker._is_whole(data, late(data), late, lossless=lossless)
    # too short to tell: a few bytes may vanish in rounding
    for length, known in ((63, True), (62, True), (64, False), (65, False), (66, False)):
        short = head + bytes(100 + number % 90 for number in range(length - 2)) + b"\xff\xd9"
        nothing = decoder(4)
        assert worker._is_whole(short, nothing(short), nothing, lossless=False) is known


def _tried(
    coded: bytes, *, lossless: bool, changed: int = 99, fails: bool = False
) -> tuple[bool, list[bytes]]:
    """Whether data behind a scan's mark count as whole, and what was decoded; try `changed` is otherwise."""
    asked: list[bytes] = []

    def decode(data: bytes) -> np.ndarray:
        assert data.endswith(END)
        asked.append(data.removeprefix(SCAN).removesuffix(END))
        if fails and len(asked) - 1 == changed:
            raise RuntimeError
        return GREY + 1 if len(asked) - 1 == changed else GREY

    return worker._is_whole(SCAN + coded + END + b"behind", GREY, decode, lossless=lossless), asked


SCAN, END = b"\xff\xd8\xff\xda", b"\xff\xd9"


def test_what_is_decoded_to_see_whether_data_are_whole_is_written_byte_by_byte() -> None:
    first, second, third = worker._PROBES
    coded = bytes(range(100, 200))
    behind = coded + first
    # bytes behind the data change something: they were not whole
    assert _tried(coded, lossless=False, changed=0) == (False, [behind])
    assert _tried(coded, lossless=False, changed=0, fails=True) == (False, [behind])
    # four bytes replaced, in three ways; one that shows is enough
    ways = [coded[:-4] + probe for probe in (first, second, third)]
    assert _tried(coded, lossless=False) == (False, [behind, *ways])
    for number in (1, 2, 3):
        for fails in (False, True):
            found = _tried(coded, lossless=False, changed=number, fails=fails)
            assert found == (True, [behind, *ways[:number]])
    # without loss the last byte alone, with its first bit another and no FF
    for last, other in ((0x41, 0xC0), (0xC1, 0x40), (0x80, 0x00), (0x7F, 0xFE)):
        data = coded + bytes([last])
        tried = [data + first, coded + bytes([other]) + first]
        assert _tried(data, lossless=True) == (False, tried)
        assert _tried(data, lossless=True, changed=1) == (True, tried)
    # a stuffed byte FF 00 is one byte of the data
    data = coded + b"\xff\0"
    assert _tried(data, lossless=True) == (False, [data + first, coded + b"\x7e" + first])
    # FF before a probe would make a marker of it, and so it goes
    assert _tried(coded + b"\xff\xff", lossless=False, changed=1) == (True, [behind, ways[0]])
    inside = coded[:-5] + b"\xff" + coded[-4:]
    assert _tried(inside, lossless=False, changed=1) == (True, [inside + first, coded[:-5] + first])


@pytest.mark.parametrize("lossless", [False, True])
def test_data_of_fewer_than_64_bytes_from_their_mark_are_not_looked_at_closer(lossless: bool) -> None:
    for length, tries in ((61, 1), (62, 2)):
        whole, tried = _tried(bytes(range(100, 100 + length)), lossless=lossless, changed=1)
        assert (whole, len(tried)) == (True, tries)


def test_probes_are_three_rows_of_32_bytes_that_share_none_and_make_no_marker() -> None:
    rows = worker._PROBES
    assert [len(set(row)) for row in rows] == [len(row) for row in rows] == [32, 32, 32]
    assert len(set(b"".join(rows)) - {0xFF}) == 96
    # missing data count as noughts, so the first bit of the first row must be another
    assert rows[0][0] & 0x80


def test_a_decoder_that_fails_on_a_probe_says_that_it_changed() -> None:
    def fails(_: bytes) -> None:
        raise RuntimeError

    assert not worker._is_whole(b"\xff\xd8\xff\xda" + bytes(200) + b"\xff\xd9", GREY, fails, lossless=False)


def test_the_other_codecs_give_back_what_was_coded() -> None:
    np.testing.assert_array_equal(worker._jpegls(imagecodecs.jpegls_encode(FINE), {}), FINE)
    coded = imagecodecs.jpeg2k_encode(FINE, level=0, reversible=True, codecformat="j2k")
    np.testing.assert_array_equal(worker._jpeg2000(coded, {}), FINE)


def _rle(picture: np.ndarray) -> bytes:
    """Planes by sample, most significant byte first, each packed (PS3.5, annex G)."""
    samples = picture[np.newaxis] if picture.ndim == 2 else np.moveaxis(picture, -1, 0)
    planes = []
    for one in samples:
        as_bytes = one.astype(one.dtype.newbyteorder(">")).reshape(-1, 1).view(np.uint8)
        planes += [
            imagecodecs.packbits_encode(as_bytes[:, index].copy()) for index in range(as_bytes.shape[1])
        ]
    planes = [plane + bytes(len(plane) % 2) for plane in planes]
    places = [64]
    for plane in planes[:-1]:
        places.append(places[-1] + len(plane))
    return struct.pack("<16L", len(planes), *places, *[0] * (15 - len(planes))) + b"".join(planes)


@pytest.mark.parametrize("picture", [GREY, FINE, COLOUR], ids=["8 bits", "16 bits", "colour"])
def test_runs_of_bytes_are_put_together_by_sample_and_weight(picture: np.ndarray) -> None:
    asked = _asked(1 if picture.ndim == 2 else 3, bits=8 * picture.dtype.itemsize)
    np.testing.assert_array_equal(worker._rle(_rle(picture), asked), picture)


def test_runs_of_another_number_or_length_are_refused() -> None:
    coded = _rle(GREY)
    with pytest.raises(ValueError, match="segments"):
        worker._rle(coded, _asked(bits=16))
    with pytest.raises(ValueError, match="another length"):
        worker._rle(coded, {**_asked(), "height": 97})
    with pytest.raises(ValueError, match="another length"):
        worker._rle(coded, {**_asked(), "height": 95})
    # one byte more: a run of an odd number of bytes may be filled up
    one_more = GREY.ravel().tolist()
    packed = imagecodecs.packbits_encode(np.array([*one_more, 7], np.uint8))
    whole = struct.pack("<16L", 1, 64, *[0] * 14) + packed
    np.testing.assert_array_equal(worker._rle(whole, _asked()), GREY)
