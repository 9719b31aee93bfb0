"""Grey as a viewer shows it, judged against pydicom's own functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_files import film_dataset, lookup_table, write
from pydicom.pixels import apply_modality_lut, apply_presentation_lut, apply_voi_lut

from cxr_dash.imaging import chest_phantom, decode

SYNTAXES = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"]


def levels(bits: int = 12, *, signed: bool = False) -> np.ndarray:
    rng = np.random.default_rng(1)
    drawn = chest_phantom(96, 80, seed=1) * 2.0 ** (bits - 8) + rng.integers(0, 2 ** (bits - 8), (96, 80))
    if signed:
        return (drawn - 2 ** (bits - 1)).astype(np.int16)
    return drawn.astype(np.uint16)


def pydicoms(data: bytes) -> np.ndarray:
    """The share 0-1 of the output range that pydicom gives each pixel, before any padding."""
    from io import BytesIO

    dataset = pydicom.dcmread(BytesIO(data))
    real = apply_modality_lut(dataset.pixel_array, dataset)
    shown = apply_voi_lut(real, dataset)
    if "VOILUTSequence" in dataset:
        most = 2.0 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1
        low = 0.0
    elif "ModalityLUTSequence" in dataset:
        low, most = 0.0, 2.0 ** dataset.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    else:
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        signed = dataset.PixelRepresentation
        ends = np.array([-(2.0 ** (dataset.BitsStored - 1)), 2.0 ** (dataset.BitsStored - 1) - 1])
        ends = (ends if signed else np.array([0.0, 2.0**dataset.BitsStored - 1])) * slope + intercept
        low, most = ends.min(), ends.max()
    share = (np.asarray(shown, np.float64) - low) / (most - low)
    if "PresentationLUTSequence" in dataset:
        table = dataset.PresentationLUTSequence[0].LUTDescriptor
        whole = np.rint(share * (2**dataset.BitsStored - 1)).astype(np.uint16)
        return apply_presentation_lut(whole, dataset) / (2.0 ** table[2] - 1)
    if dataset.get("PresentationLUTShape") == "INVERSE" or dataset.PhotometricInterpretation == "MONOCHROME1":
        return 1.0 - share
    return share


def gamma_table(first: int, bits: int, count: int) -> Any:
    return lookup_table(first, bits, np.rint((np.arange(count) / (count - 1)) ** 0.6 * (2**bits - 1)))


FORMS: dict[str, dict[str, Any]] = {
    "linear": {"WindowCenter": 1800, "WindowWidth": 2500},
    "linear, named": {"WindowCenter": 1800, "WindowWidth": 2500, "VOILUTFunction": "LINEAR"},
    "linear exact": {"WindowCenter": 1800, "WindowWidth": 2500, "VOILUTFunction": "LINEAR_EXACT"},
    "linear, of few levels": {"WindowCenter": 1800, "WindowWidth": 20},
    "linear exact, of few levels": {
        "WindowCenter": 1800,
        "WindowWidth": 20,
        "VOILUTFunction": "LINEAR_EXACT",
    },
    "sigmoid": {"WindowCenter": 2000, "WindowWidth": 1500, "VOILUTFunction": "SIGMOID"},
    "first of several": {"WindowCenter": [1500, 9], "WindowWidth": [3000, 2]},
    "narrow": {"WindowCenter": 2000, "WindowWidth": 1},
    "rescaled": {"RescaleSlope": 0.5, "RescaleIntercept": -100, "WindowCenter": 900, "WindowWidth": 1500},
    "monochrome 1": {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 1800, "WindowWidth": 2500},
    "monochrome 1, said twice": {
        "PhotometricInterpretation": "MONOCHROME1",
        "PresentationLUTShape": "INVERSE",
        "WindowCenter": 1800,
        "WindowWidth": 2500,
    },
    "shape inverse": {"PresentationLUTShape": "INVERSE", "WindowCenter": 1800, "WindowWidth": 2500},
    "shape identity": {"PresentationLUTShape": "IDENTITY", "WindowCenter": 1800, "WindowWidth": 2500},
    "presentation table": {
        "PresentationLUTSequence": gamma_table(0, 12, 4096),
        "WindowCenter": 1800,
        "WindowWidth": 2000,
    },
    "window table": {"VOILUTSequence": gamma_table(0, 14, 4096)},
    "window table before window": {
        "VOILUTSequence": gamma_table(300, 10, 3000),
        "WindowCenter": 9,
        "WindowWidth": 9,
    },
    "modality table": {
        "ModalityLUTSequence": gamma_table(0, 16, 4096),
        "WindowCenter": 30000,
        "WindowWidth": 60000,
    },
    "modality and window tables": {
        "ModalityLUTSequence": gamma_table(0, 16, 4096),
        "VOILUTSequence": gamma_table(0, 12, 65536),
    },
}
SIGNED_FORMS: dict[str, dict[str, Any]] = {
    "linear": {"WindowCenter": -200, "WindowWidth": 2500},
    "sigmoid": {"WindowCenter": 0, "WindowWidth": 1500, "VOILUTFunction": "SIGMOID"},
    "rescaled": {"RescaleSlope": 2, "RescaleIntercept": 1000, "WindowCenter": 900, "WindowWidth": 5000},
    "window table": {"VOILUTSequence": gamma_table(-2048, 12, 4096)},
    "modality table": {
        "ModalityLUTSequence": gamma_table(-2048, 16, 4096),
        "WindowCenter": 30000,
        "WindowWidth": 60000,
    },
}


@pytest.mark.parametrize("syntax", SYNTAXES[1:])
@pytest.mark.parametrize("form", FORMS)
def test_grey_is_as_pydicom_gives_it(form: str, syntax: str) -> None:
    pixels = levels()
    data = write(film_dataset(pixels, 12, **FORMS[form]), pixels, SYNTAXES[1])
    if syntax == SYNTAXES[2]:
        data = big_endian(pixels, FORMS[form])
    expected = pydicoms(write(film_dataset(pixels, 12, **FORMS[form]), pixels, SYNTAXES[1]))
    shown = decode(data).pixels / 65535.0
    # pydicom's own tables are rounded to their depth: half a step of 10 bits at most. Before a
    # presentation table it drops what is behind the decimal point: a whole step where the table is steep.
    assert np.abs(shown - expected).max() < (1 / 2000 if form != "presentation table" else 1 / 150)


def big_endian(pixels: np.ndarray, form: dict[str, Any]) -> bytes:
    """The film in big-endian words, those of its tables too."""
    dataset = film_dataset(pixels, 12, **form)
    for keyword in ("ModalityLUTSequence", "VOILUTSequence", "PresentationLUTSequence"):
        for item in dataset.get(keyword, []):
            entries = np.frombuffer(item["LUTData"].value, "<u2")
            copied = lookup_table(item.LUTDescriptor[1], item.LUTDescriptor[2], entries)
            copied[0]["LUTData"].value = entries.astype(">u2").tobytes()
            setattr(dataset, keyword, copied)
    return write(dataset, pixels, SYNTAXES[2])


@pytest.mark.parametrize("syntax", SYNTAXES[:2])
@pytest.mark.parametrize("form", SIGNED_FORMS)
def test_grey_of_signed_levels_is_as_pydicom_gives_it(form: str, syntax: str) -> None:
    pixels = levels(signed=True)
    dataset = film_dataset(pixels, 12, **SIGNED_FORMS[form])
    expected = pydicoms(write(dataset, pixels, SYNTAXES[1]))
    assert np.abs(decode(write(dataset, pixels, syntax)).pixels / 65535.0 - expected).max() < 1 / 2000


def test_a_window_of_less_than_one_level_is_an_exact_one() -> None:
    pixels = levels()
    half = {"RescaleSlope": 0.125, "WindowCenter": 225, "WindowWidth": 0.75}
    stated, exact = (
        decode(write(film_dataset(pixels, 12, **half, VOILUTFunction=name), pixels)).pixels
        for name in ("LINEAR", "LINEAR_EXACT")
    )
    assert np.array_equal(stated, exact)
    assert len(np.unique(exact)) > 3, "grey between black and white"


def test_a_slope_below_zero_turns_the_levels_before_the_window() -> None:
    # pydicom turns them back again behind it: its output range has its ends exchanged.
    pixels = levels()
    window = {"WindowCenter": 2000, "WindowWidth": 3000}
    turned = film_dataset(pixels, 12, RescaleSlope=-1, RescaleIntercept=4095, **window)
    negative = (4095 - pixels).astype(np.uint16)
    shown = decode(write(turned, pixels)).pixels
    assert np.array_equal(shown, decode(write(film_dataset(negative, 12, **window), negative)).pixels)


def test_without_a_window_the_real_range_is_spread() -> None:
    pixels = (levels() // 2 + 300).astype(np.uint16)
    shown = decode(write(film_dataset(pixels, 12), pixels)).pixels
    low, high = int(pixels.min()), int(pixels.max())
    assert np.array_equal(shown, np.rint((pixels - low) / (high - low) * 65535))


@pytest.mark.parametrize("window", [{"WindowCenter": 2000, "WindowWidth": 0}, {"WindowCenter": 5}])
def test_a_window_that_makes_no_sense_is_passed_over(window: dict[str, Any]) -> None:
    pixels = levels()
    shown = decode(write(film_dataset(pixels, 12, **window), pixels)).pixels
    assert np.array_equal(shown, decode(write(film_dataset(pixels, 12), pixels)).pixels)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("padding", "extra"),
    [
        (0, {"PixelPaddingValue": 0}),
        (4095, {"PixelPaddingValue": 4095}),
        (65535, {"PixelPaddingValue": 65535}),
        (4000, {"PixelPaddingValue": 3990, "PixelPaddingRangeLimit": 4095}),
        (4000, {"PixelPaddingValue": 4095, "PixelPaddingRangeLimit": 3990}),
    ],
)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_padding_is_black_and_no_part_of_the_range(
    photometric: str, padding: int, extra: dict[str, Any], syntax: str
) -> None:
    film = np.clip(levels(), 600, 3900)
    plain = film_dataset(film, 12, PhotometricInterpretation=photometric)
    alone = decode(write(plain, film, syntax)).pixels
    framed = film.copy()
    framed[:, :10] = padding
    inner = film_dataset(framed, 12, PhotometricInterpretation=photometric, **extra)
    shown = decode(write(inner, framed, syntax)).pixels
    assert shown[:, :10].max() == 0
    assert np.array_equal(shown[:, 10:], alone[:, 10:])


def test_negative_padding_is_recognised_however_the_file_calls_its_kind() -> None:
    film = np.clip(levels(signed=True), -1400, 1900).astype(np.int16)
    framed = film.copy()
    framed[:, :10] = -2000
    dataset = film_dataset(framed, 12)
    for vr, value in (("SS", -2000), ("US", 65536 - 2000)):
        dataset.add_new(0x00280120, vr, value)
        shown = decode(write(dataset, framed)).pixels
        assert shown[:, :10].max() == 0
        assert np.array_equal(shown[:, 10:], decode(write(film_dataset(film, 12), film)).pixels[:, 10:])


def test_a_film_of_8_bits_stays_one_of_8_bits() -> None:
    pixels = chest_phantom(96, 80)
    read = decode(write(film_dataset(pixels, 8, WindowCenter=128, WindowWidth=256), pixels))
    assert read.pixels.dtype == np.uint8
    assert np.array_equal(read.pixels, pixels)


def test_a_palette_is_looked_up() -> None:
    pixels = chest_phantom(96, 80)
    dataset = film_dataset(
        pixels, 8, SOPClassUID="1.2.840.10008.5.1.4.1.1.7", PhotometricInterpretation="PALETTE COLOR"
    )
    inverted = (np.arange(256)[::-1] * 257).astype("<u2").tobytes()
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", inverted)
    assert np.array_equal(decode(write(dataset, pixels)).pixels, 255 - pixels)


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_by_plane_and_by_pixel_are_one_film(planar: int) -> None:
    from cxr_dash.domain import DecodeLimits
    from cxr_dash.imaging.formats.dicom import DICOM

    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (40, 50, 3), np.uint8)
    stored = np.ascontiguousarray(np.moveaxis(colour, -1, 0)) if planar else colour
    dataset = film_dataset(colour, 8, PlanarConfiguration=planar, SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    data = write(dataset, stored)
    picture = DICOM.decode(data, DICOM.read_header(data), DecodeLimits())
    assert np.array_equal(picture.pixels, colour[:, :, ::-1])


COLOUR_FILES = [
    "SC_rgb_dcmtk_+eb+cr.dcm",
    "SC_rgb_dcmtk_+eb+cy+n1.dcm",
    "SC_rgb_dcmtk_+eb+cy+n2.dcm",
    "SC_rgb_dcmtk_+eb+cy+np.dcm",
    "SC_rgb_dcmtk_+eb+cy+s2.dcm",
    "SC_rgb_dcmtk_+eb+cy+s4.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_jpeg_lossy_gdcm.dcm",
    "SC_rgb_gdcm_KY.dcm",
    "SC_rgb_rle.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
]


@pytest.mark.parametrize("name", COLOUR_FILES)
def test_other_writers_colour_is_that_of_their_test_card(name: str) -> None:
    from pathlib import Path

    from pydicom.data import get_testdata_file

    from cxr_dash.domain import DecodeLimits
    from cxr_dash.imaging.formats.dicom import DICOM

    data = Path(str(get_testdata_file(name, download=False))).read_bytes()
    picture = DICOM.decode(data, DICOM.read_header(data), DecodeLimits()).pixels
    # One colour per row, in the middle of its band (the card of pydicom's own tests); blue, green, red.
    expected = {
        5: (0, 0, 255), 15: (128, 128, 255), 25: (0, 255, 0), 35: (128, 255, 128), 45: (255, 0, 0),
        55: (255, 128, 128), 65: (0, 0, 0), 75: (64, 64, 64), 85: (192, 192, 192), 95: (255, 255, 255),
    }  # fmt: skip
    for row, colour in expected.items():
        assert np.abs(picture[row, 50].astype(int) - colour).max() <= 6, row


@pytest.mark.parametrize(
    "elements",
    [
        {"RescaleSlope": "1e308", "RescaleIntercept": "0"},
        {"RescaleSlope": "1", "RescaleIntercept": "-1e308"},
        {"WindowCenter": "1e308", "WindowWidth": "1e308"},
        {"WindowCenter": "100", "WindowWidth": "1e-320"},
    ],
)
def test_figures_that_no_film_has_count_as_none(elements: dict[str, str]) -> None:
    pixels = levels()
    plain = decode(write(film_dataset(pixels, 12), pixels))
    assert np.array_equal(decode(write(film_dataset(pixels, 12, **elements), pixels)).pixels, plain.pixels)
