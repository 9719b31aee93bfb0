"""One film written in every transfer syntax is read as the same film."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from dicom_files import LOSSLESS, LOSSY, NATIVE, film_dataset, without_meta, write

from cxr_dash.domain import Analysis
from cxr_dash.imaging import chest_phantom, decode
from cxr_dash.imaging.formats.dicom.syntaxes import SYNTAXES
from cxr_dash.services import AnalysisService

MODEL = "findings"
# Of the whole range: what a lossy codec may change at the sharpest edge of the drawn film.
CLOSE = 0.03


@pytest.fixture(scope="module")
def service() -> AnalysisService:
    from library_films import library_service

    return library_service()


@cache
def film(bits: int) -> np.ndarray:
    """The drawn film, with the noise that a detector has where it has more than 8 bits."""
    drawn = chest_phantom(512, 448, seed=3)
    if bits == 8:
        return drawn
    noise = np.random.default_rng(0).normal(0, 2 ** (bits - 11), drawn.shape)
    return np.clip(drawn * 2.0 ** (bits - 8) + noise, 0, 2**bits - 1).astype(np.uint16)


def windowed(bits: int) -> dict[str, float]:
    """The window that shows every level."""
    return {"WindowCenter": 2 ** (bits - 1), "WindowWidth": 2**bits}


def as_shown(pixels: np.ndarray, bits: int) -> np.ndarray:
    most = 255 if bits == 8 else 65535
    return np.rint(pixels / (2**bits - 1) * most).astype(np.uint8 if bits == 8 else np.uint16)


def one_film(syntax: str, bits: int) -> bytes:
    return write(film_dataset(film(bits), bits, **windowed(bits)), film(bits), syntax)


def depths(syntax: str) -> tuple[int, ...]:
    return (8,) if syntax.endswith(".50") else (8, 12) if syntax.endswith(".51") else (8, 10, 12, 16)


def test_the_tests_write_every_syntax_that_the_table_says_is_read() -> None:
    assert {*LOSSLESS, *LOSSY} == set(SYNTAXES)
    assert {uid for uid, syntax in SYNTAXES.items() if syntax.lossy} == set(LOSSY)


@pytest.mark.parametrize(("syntax", "bits"), [(s, bits) for s in LOSSLESS for bits in depths(s)])
def test_a_lossless_film_keeps_every_level(syntax: str, bits: int) -> None:
    read = decode(one_film(syntax, bits))
    assert read.file_format == "dicom"
    assert np.array_equal(read.pixels, as_shown(film(bits), bits))


@pytest.mark.parametrize(("syntax", "bits"), [(s, bits) for s in LOSSY for bits in depths(s)])
def test_a_lossy_film_is_close_to_what_was_written(syntax: str, bits: int) -> None:
    read = decode(one_film(syntax, bits)).pixels
    shown = as_shown(film(bits), bits)
    assert read.dtype == shown.dtype
    difference = np.abs(read.astype(np.float64) - shown) / np.iinfo(shown.dtype).max
    assert difference.max() < CLOSE
    assert difference.mean() < CLOSE / 5


@pytest.mark.parametrize("syntax", [s for s in NATIVE if not s.endswith(".99")])
def test_a_file_without_preamble_and_meta_information_is_read(syntax: str) -> None:
    whole = one_film(syntax, 12)
    assert np.array_equal(decode(without_meta(whole)).pixels, decode(whole).pixels)


def test_a_file_that_begins_with_its_meta_information_is_read() -> None:
    whole = one_film("1.2.840.10008.1.2.1", 12)
    assert np.array_equal(decode(whole[132:]).pixels, decode(whole).pixels)


@pytest.mark.parametrize("syntax", [*LOSSLESS, *LOSSY])
def test_signed_levels_survive_every_syntax(syntax: str) -> None:
    bits = depths(syntax)[-1] if depths(syntax)[-1] < 16 else 12
    lowest = -(2 ** (bits - 1))
    stored = film(bits).astype(np.int32) + lowest
    # As encoders that know no sign get them: two's complement in the lowest bits.
    words = (stored & (2**bits - 1)).astype(film(bits).dtype)
    dataset = film_dataset(words, bits, PixelRepresentation=1, WindowCenter=0, WindowWidth=2**bits)
    read = decode(write(dataset, words, syntax)).pixels
    if syntax in LOSSLESS:
        assert np.array_equal(read, as_shown(film(bits), bits))
    else:
        # Where the sign changes, the words jump from one end to the other: no lossy encoder keeps that edge.
        far = np.abs(stored) > 2 ** (bits - 1) * 0.2
        inside = cv2.erode(far.astype(np.uint8), np.ones((33, 33))) > 0
        difference = np.abs(read.astype(np.float64) - as_shown(film(bits), bits))
        assert np.median(difference[inside]) < CLOSE * np.iinfo(read.dtype).max


@pytest.mark.parametrize("syntax", [*NATIVE, "1.2.840.10008.1.2.5"])
def test_overlays_in_unused_bits_and_a_high_bit_above_the_lowest_are_masked_away(syntax: str) -> None:
    levels = film(10)
    overlay = np.zeros_like(levels)
    overlay[100:200, 50:300] = 0x8001
    words = (levels << 4) | overlay
    dataset = film_dataset(words, 10, HighBit=13, **windowed(10))
    assert np.array_equal(decode(write(dataset, words, syntax)).pixels, as_shown(levels, 10))


@pytest.mark.parametrize("syntax", [*LOSSLESS, "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.91"])
def test_a_colour_capture_of_a_grey_film_is_read_as_that_film(syntax: str) -> None:
    grey = film(8)
    colour = np.dstack([grey] * 3)
    dataset = film_dataset(colour, 8, SOPClassUID="1.2.840.10008.5.1.4.1.1.7", Modality="OT")
    read = decode(write(dataset, colour, syntax)).pixels
    assert np.abs(read.astype(np.int16) - grey).max() <= (0 if syntax in LOSSLESS else 12)


@pytest.mark.parametrize("syntax", [*LOSSLESS, *LOSSY])
def test_a_film_answers_as_its_png_does(syntax: str, service: AnalysisService) -> None:
    bits = 8 if syntax.endswith(".50") else 12
    png = cv2.imencode(".png", as_shown(film(bits), bits))[1].tobytes()
    expected = probabilities(service.analyse_bytes(png, MODEL))
    answered = probabilities(service.analyse_bytes(one_film(syntax, bits), MODEL))
    # the phantom's letters have one level, which is told from the film's; lossy, they blur and are not
    assert np.abs(answered - expected).max() <= (0.02 if syntax in LOSSLESS else 0.03)


@pytest.mark.shared_data
@pytest.mark.parametrize("syntax", [*LOSSLESS, *LOSSY])
def test_a_real_film_answers_as_its_png_does(syntax: str, service: AnalysisService, originals: Path) -> None:
    bits = 8 if syntax.endswith(".50") else 12
    stored = cv2.imread(str(originals / "00000193_019.png"), cv2.IMREAD_GRAYSCALE)
    levels = stored if bits == 8 else stored.astype(np.uint16) * 16
    png = cv2.imencode(".png", as_shown(levels, bits))[1].tobytes()
    expected = probabilities(service.analyse_bytes(png, MODEL))
    answered = probabilities(
        service.analyse_bytes(write(film_dataset(levels, bits, **windowed(bits)), levels, syntax), MODEL)
    )
    assert np.abs(answered - expected).max() <= 0.02


def probabilities(analysis: Analysis) -> np.ndarray:
    return np.array([finding.probability for finding in analysis.findings])


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "projection", "body_part"),
    [
        ("chest-pa-mono1-10bit-explicit.dcm", "PA", "CHEST"),
        ("chest-pa-mono1-15bit-jpeg2000.dcm", "PA", "CHEST"),
        ("extremity-mono1-10bit-jpeg-extended.dcm", "AP", "EXTREMITY"),
        ("extremity-mono1-10bit-jpegls.dcm", "AP", "EXTREMITY"),
    ],
)
def test_free_test_films_are_read_with_air_black_and_say_what_they_show(
    shared_dir: Path, name: str, projection: str, body_part: str
) -> None:
    read = decode((shared_dir / "dicom" / name).read_bytes())
    assert (read.facts.projection, read.facts.body_part) == (projection, body_part)
    assert read.pixels.dtype == np.uint16
    assert read.pixels.std() > 5000


@pytest.mark.shared_data
def test_a_file_without_preamble_of_the_collected_cases_is_read(shared_dir: Path) -> None:
    read = decode((shared_dir / "cases" / "14-dicom-no-preamble.dcm").read_bytes())
    assert read.pixels.shape == (96, 96)
