"""DICOM files that are no plain film, damaged or too costly: refused by what they are, without a name."""

from __future__ import annotations

import logging
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import LOSSLESS, LOSSY, NAME, film_dataset, without_meta, write
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from cxr_dash.domain import DecodeLimits
from cxr_dash.errors import CorruptFileError, FilmError, FilmTooLargeError, UnsupportedFormatError
from cxr_dash.imaging import chest_phantom, decode
from cxr_dash.imaging.formats.dicom import DICOM, layout

STORAGE = "1.2.840.10008.5.1.4.1.1."
EXPLICIT = "1.2.840.10008.1.2.1"
PIXELS = chest_phantom(200, 180)
NOISY = np.random.default_rng(0).integers(0, 4096, (200, 180)).astype(np.uint16)


def film(syntax: str = EXPLICIT, **elements: Any) -> bytes:
    return write(film_dataset(PIXELS, 8, **elements), PIXELS, syntax)


@pytest.mark.parametrize(
    ("uid", "modality", "words"),
    [
        ("2", "CT", "a CT slice"),
        ("2.1", "CT", "a CT slice"),
        ("4", "MR", "an MR slice"),
        ("6.1", "US", "an ultrasound picture"),
        ("3.1", "US", "an ultrasound picture"),
        ("12.1", "XA", "an angiogram or a fluoroscopy"),
        ("12.2", "RF", "an angiogram or a fluoroscopy"),
        ("1.2", "MG", "a mammogram"),
        ("13.1.3", "MG", "a mammogram"),
        ("1.3", "IO", "a dental film"),
        ("20", "NM", "a nuclear medicine picture"),
        ("128", "PT", "a nuclear medicine picture"),
        ("77.1.4", "XC", "a photograph or an endoscopy"),
        ("77.1.5.1", "OP", "a picture of the eye"),
        ("11.1", "PR", "a presentation state"),
        ("88.11", "SR", "a structured report"),
        ("104.1", "DOC", "a document"),
        ("9.1.1", "ECG", "a waveform"),
        ("66.4", "SEG", "a segmentation"),
        ("481.1", "RTIMAGE", "a radiotherapy object"),
        ("999", "", "another kind of object"),
        ("7", "CT", "a CT slice"),
        ("7", "US", "an ultrasound picture"),
        ("7", "ZZ", "another kind of object"),
    ],
)
def test_what_is_no_plain_film_is_refused_by_what_it_is(uid: str, modality: str, words: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=words) as caught:
        decode(film(SOPClassUID=STORAGE + uid, Modality=modality))
    assert "chest film" in caught.value.remedy


@pytest.mark.parametrize(
    ("uid", "modality"),
    [("1", "CR"), ("1.1", "DX"), ("1.1.1", "DX"), ("7", "OT"), ("7", "CR"), ("7.2", "DX"), ("7", "")],
)
def test_plain_films_of_every_class_are_read(uid: str, modality: str) -> None:
    assert decode(film(SOPClassUID=STORAGE + uid, Modality=modality)).pixels.shape == (200, 180)


def test_several_frames_are_refused_by_their_number() -> None:
    with pytest.raises(UnsupportedFormatError, match="12 pictures in one file"):
        decode(film(NumberOfFrames=12))


def test_a_file_without_pixels_is_refused_as_that() -> None:
    data = film()
    with pytest.raises(UnsupportedFormatError, match="without a picture"):
        decode(data[: data.index(b"\xe0\x7f\x10\x00")])


def test_a_disc_s_table_of_contents_is_refused_as_that() -> None:
    path = get_testdata_file("DICOMDIR", download=False)
    assert path is not None
    with pytest.raises(UnsupportedFormatError, match="DICOMDIR"):
        decode(Path(str(path)).read_bytes())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CT_small.dcm", "a CT slice"),
        ("MR_small_RLE.dcm", "an MR slice"),
        ("JPGExtended.dcm", "nuclear"),
        ("test-SR.dcm", "a structured report"),
        ("rtdose.dcm", "a radiotherapy object"),
        ("waveform_ecg.dcm", "a waveform"),
        ("examples_palette.dcm", "an ultrasound picture"),
        ("SC_rgb_rle_2frame.dcm", "2 pictures"),
        ("SC_rgb_rle_32bit.dcm", "levels of 32 bits"),
        ("liver_1frame.dcm", "a segmentation"),
    ],
)
def test_other_writers_files_are_refused_by_what_they_are(name: str, words: str) -> None:
    path = get_testdata_file(name, download=False)
    assert path is not None
    with pytest.raises(UnsupportedFormatError, match=words):
        decode(Path(str(path)).read_bytes())


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"BitsAllocated": 32, "BitsStored": 32}, "levels of 32 bits"),
        ({"PhotometricInterpretation": "CMYK"}, "colour"),
    ],
)
def test_kinds_of_pixels_that_films_do_not_have_are_refused(elements: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=words):
        decode(film(**elements))


def test_an_unknown_transfer_syntax_is_refused_as_that() -> None:
    with pytest.raises(UnsupportedFormatError, match="unknown transfer syntax"):
        decode(film().replace(EXPLICIT.encode() + b"\0", b"1.2.840.10008.1.9.9\0"[:20]))
    with pytest.raises(UnsupportedFormatError, match="video"):
        decode(film("1.2.840.10008.1.2.4.90").replace(b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.10"))


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("syntax", [*LOSSLESS, *LOSSY])
def test_a_film_that_is_cut_short_is_damaged(syntax: str, share: float) -> None:
    bits = 8 if syntax.endswith(".50") else 12
    pixels = NOISY if bits == 12 else (NOISY >> 4).astype(np.uint8)
    data = write(film_dataset(pixels, bits), pixels, syntax)
    with pytest.raises(CorruptFileError):
        decode(data[: int(len(data) * share)])


@pytest.mark.parametrize("share", [0.5, 0.8, 0.93])
@pytest.mark.parametrize("syntax", [s for s in (*LOSSLESS, *LOSSY) if s not in LOSSLESS[:4]])
def test_an_encoded_picture_that_is_cut_inside_a_whole_file_is_damaged(syntax: str, share: float) -> None:
    from dicom_files import encode

    bits = 8 if syntax.endswith(".50") else 12
    pixels = NOISY if bits == 12 else (NOISY >> 4).astype(np.uint8)
    frame = encode(pixels, bits, syntax)
    cut = frame[: int(len(frame) * share)]
    # An end marker put back, as devices and viewers do.
    cut += b"\xff\xd9" if syntax != LOSSLESS[4] else b""
    with pytest.raises(CorruptFileError):
        decode(write(film_dataset(pixels, bits), pixels, syntax, frame=cut))


@pytest.mark.parametrize("syntax", [s for s in (*LOSSLESS, *LOSSY) if s not in LOSSLESS[:4]])
@pytest.mark.parametrize("end", [0.7, 1.0])
def test_zeros_in_an_encoded_picture_are_damage(syntax: str, end: float) -> None:
    from dicom_files import encode

    bits = 8 if syntax.endswith(".50") else 12
    pixels = NOISY if bits == 12 else (NOISY >> 4).astype(np.uint8)
    frame = encode(pixels, bits, syntax)
    first, last = int(len(frame) * 0.5), int(len(frame) * end) - 2
    holed = frame[:first] + bytes(last - first) + frame[last:]
    with pytest.raises(CorruptFileError):
        decode(write(film_dataset(pixels, bits), pixels, syntax, frame=holed))


@pytest.mark.parametrize("syntax", [s for s in (*LOSSLESS, *LOSSY) if s not in LOSSLESS[:4]])
def test_an_encoded_picture_of_another_size_than_the_file_says_is_damaged(syntax: str) -> None:
    from dicom_files import encode

    bits = 8 if syntax.endswith(".50") else 12
    pixels = NOISY if bits == 12 else (NOISY >> 4).astype(np.uint8)
    frame = encode(np.vstack([pixels, pixels]), bits, syntax)
    dataset = film_dataset(pixels, bits, Rows=300)
    with pytest.raises(CorruptFileError):
        decode(write(dataset, pixels, syntax, frame=frame))


def element(tag: int, vr: bytes, value: bytes, *, undefined: bool = False) -> bytes:
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    if vr in (b"SQ", b"OB", b"UN"):
        return head + b"\0\0" + struct.pack("<L", 0xFFFFFFFF if undefined else len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def with_front(front: bytes) -> bytes:
    """A film without preamble whose data set begins with other elements."""
    return element(0x00080001, b"UL", b"\0\0\0\0") + front + without_meta(film())


def test_sequences_nested_without_end_are_refused() -> None:
    nested = b""
    for _ in range(20_000):
        nested += struct.pack("<HH2sHL", 0x0009, 0x1001, b"SQ", 0, 0xFFFFFFFF)
        nested += struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    with pytest.raises(CorruptFileError, match="sequences 12 deep"):
        decode(with_front(nested))


def test_a_wanted_sequence_nested_deeply_with_lengths_is_refused() -> None:
    inner = b""
    for _ in range(40):
        item = struct.pack("<HHL", 0xFFFE, 0xE000, len(inner)) + inner
        inner = element(0x00283010, b"SQ", item)
    with pytest.raises(CorruptFileError, match="sequences 12 deep"):
        decode(with_front(inner))


def test_more_elements_than_a_film_can_have_are_refused() -> None:
    many = b"".join(element(0x00090000 | n % 65000, b"US", b"\1\0") for n in range(layout.MAX_ELEMENTS + 10))
    with pytest.raises(CorruptFileError, match="at most 10000 elements"):
        decode(with_front(many))


def test_as_many_elements_as_are_allowed_are_read_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MAX_ELEMENTS", 3)
    plain = layout.Encoding(implicit_vr=False, big_endian=False)
    rows = [element(0x00280010 + number, b"US", b"\1\0") for number in range(4)]
    assert len(layout.Walk(b"".join(rows[:3]), plain).top_level(0)) == 3
    with pytest.raises(CorruptFileError, match="elements"):
        layout.Walk(b"".join(rows), plain).top_level(0)


def test_private_elements_are_passed_over_whatever_they_hold() -> None:
    junk = element(0x00091001, b"UN", b"\xff" * 300_000) + element(0x00091002, b"OB", b"\xfe\xff\x00\xe0" * 9)
    assert np.array_equal(decode(with_front(junk)).pixels, decode(film()).pixels)


def test_a_deflated_bomb_is_refused_without_inflating_it() -> None:
    meta_end = film("1.2.840.10008.1.2.1.99")
    start = 132 + 12 + struct.unpack_from("<L", meta_end, 140)[0]
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = element(0x00091001, b"UN", b"")[:8] + struct.pack("<L", 2_000_000_000)
    squeezed = bomb.compress(body + bytes(200_000_000)) + bomb.flush()
    with pytest.raises(CorruptFileError):
        decode(meta_end[:start] + squeezed)


def test_more_pixels_than_the_limit_are_refused_before_any_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(DICOM.pool, "decode", never)
    data = write(film_dataset(PIXELS, 8, Rows=40_000, Columns=40_000), PIXELS, "1.2.840.10008.1.2.4.90")
    with pytest.raises(FilmTooLargeError):
        decode(data)


def test_pixels_that_the_file_does_not_hold_are_not_made_room_for() -> None:
    with pytest.raises(CorruptFileError):
        decode(film(Rows=7000, Columns=7000))


# Twenty ways in which a file may be broken, each with the name still in it.
BREAKS: dict[str, Any] = {
    **{f"cut after {share} %": (lambda d, s=share: d[: len(d) * s // 100]) for share in (1, 5, 50, 99)},
    **{
        f"byte {at} set": (lambda d, a=at: d[:a] + b"\xff" + d[a + 1 :])
        for at in (136, 150, 200, 300, 400, 600)
    },
    "rows gone": lambda d: d.replace(b"\x28\x00\x10\x00US", b"\x28\x00\x0f\x00US"),
    "rows of another kind": lambda d: d.replace(b"\x28\x00\x10\x00US", b"\x28\x00\x10\x00PN"),
    "name too long": lambda d: d.replace(b"PN\x08\x00DOE^JANE", b"PN\xf8\xffDOE^JANE"),
    "name as number": lambda d: d.replace(b"PN\x08\x00DOE^JANE", b"DS\x08\x00DOE^JANE"),
    "name as identifier": lambda d: d.replace(b"PN\x08\x00DOE^JANE", b"UI\x08\x00DOE^JANE"),
    "name as date": lambda d: d.replace(b"PN\x08\x00DOE^JANE", b"DA\x08\x00DOE^JANE"),
    "unknown kind": lambda d: d.replace(b"PN\x08\x00DOE^JANE", b"ZZ\x08\x00DOE^JANE"),
    "letters lost": lambda d: d.replace(b"PN\x08\x00DOE^JANE", b"\0\0\x08\x00DOE^JANE"),
    "unknown character set": lambda d: d.replace(b"ISO_IR 192", b"DOE^JANE  "),
    "name in the sex": lambda d: d.replace(b"CS\x02\x00F ", b"CS\x08\x00DOE^JANE"),
    "name in the age": lambda d: d.replace(
        b"\x10\x00\x40\x00CS\x02\x00F ", b"\x10\x00\x10\x10AS\x08\x00DOE^JANE"
    ),
    "name as transfer syntax": lambda d: d.replace(b"1.2.840.10008.1.2.1\0", b"DOE^JANE DOE^JANE\0\0\0"),
    "name as class": lambda d: d.replace(b"1.2.840.10008.5.1.4.1.1.1\0", b"DOE^JANE.DOE^JANE.DOE^JANE"),
    "name as modality": lambda d: d.replace(b"CS\x02\x00CR", b"CS\x08\x00DOE^JANE"),
    "name as colour": lambda d: d.replace(b"MONOCHROME2 ", b"DOE^JANE    "),
    "name as window": lambda d: d.replace(b"DS\x06\x002048.5", b"DS\x08\x00DOE^JANE"),
}


@pytest.mark.parametrize("way", BREAKS)
def test_a_broken_file_never_has_its_patient_s_name_in_a_log_or_an_error(
    way: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    data = film(WindowCenter="2048.5", WindowWidth="100")
    assert NAME.encode() in data
    broken = BREAKS[way](data)
    assert broken != data
    said = []
    with caplog.at_level(logging.DEBUG):
        try:
            said.append(repr(decode(broken)))
        except FilmError as error:
            chain: BaseException | None = error
            while chain is not None:
                said.append(f"{chain!s} {chain!r}")
                chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
    captured = capfd.readouterr()
    said += [caplog.text, captured.out, captured.err, *(str(warning.message) for warning in recwarn)]
    assert not [one for one in said if "DOE" in one or "JANE" in one]


SMALL = DecodeLimits(max_pixels=100_000, min_side=1, max_aspect_ratio=1000.0)
SEEDS = [
    write(film_dataset(PIXELS[:40, :50], 8, WindowCenter=100, WindowWidth=50), PIXELS[:40, :50], syntax)
    for syntax in (*LOSSLESS, *LOSSY)
]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
    st.booleans(),
)
def test_a_file_with_wrong_bytes_raises_nothing_but_film_errors(
    seed: bytes, changes: list[tuple[float, int]], bare: bool
) -> None:
    data = bytearray(without_meta(seed) if bare else seed)
    for where, value in changes:
        data[int(where * len(data))] = value
    try:
        read = decode(bytes(data), SMALL)
    except FilmError:
        return
    assert read.pixels.ndim == 2
    assert read.pixels.dtype in (np.uint8, np.uint16)
