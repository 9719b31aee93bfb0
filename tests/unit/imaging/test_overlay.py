"""Heat over film, and the files that leave the app."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from picture_files import PNG_SIGNATURE, png, png_chunk

from cxr_dash.domain import PreparationSpec, Radiograph
from cxr_dash.errors import CorruptFileError, RequestError
from cxr_dash.imaging import (
    COLOUR_MAPS,
    blend_overlay,
    chest_phantom,
    colour_table,
    decode,
    display_pixels,
    encode_jpeg,
    encode_png,
    heat_rgba,
    plan_preparation,
    read_png_text,
)


def _lightness(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor((rgb.reshape(1, -1, 3) / 255.0).astype(np.float32), cv2.COLOR_RGB2LAB)[0, :, 0]


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colour_maps_rise_evenly_in_lightness(name: str) -> None:
    table = colour_table(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    lightness = _lightness(table)
    assert (np.diff(lightness) > -1.0).all()
    assert lightness[-1] - lightness[0] > 60


def test_colour_tables_are_red_green_blue() -> None:
    assert colour_table("inferno")[0].tolist() == [0, 0, 4] or colour_table("inferno")[0].max() < 10
    red, _, blue = colour_table("inferno")[160].tolist()
    assert red > blue
    red, green, _ = colour_table("viridis")[255].tolist()
    assert red > 200
    assert green > 200


def test_an_unknown_map_or_opacity_is_refused_with_the_rule() -> None:
    with pytest.raises(RequestError, match="inferno, viridis, cividis, magma; received 'jet'"):
        colour_table("jet")
    for opacity in (-0.1, 1.1, float("nan")):
        with pytest.raises(RequestError, match="between 0 and 1"):
            heat_rgba(np.zeros((4, 4), np.float32), "inferno", opacity)


def test_alpha_rises_with_heat_and_is_full_from_half_on() -> None:
    heat = np.array([[0.0, 0.125, 0.25, 0.5, 0.75, 1.0, -3.0, 9.0, np.nan]], np.float32)
    rgba = heat_rgba(heat, "magma", 0.8)
    assert rgba.shape == (1, 9, 4)
    expected = 255 * 0.8 * np.clip(np.nan_to_num(heat[0]) / 0.5, 0, 1)
    np.testing.assert_allclose(rgba[0, :, 3], expected, atol=2)
    levels = np.rint(255 * np.clip(np.nan_to_num(heat[0]), 0, 1)).astype(int)
    np.testing.assert_array_equal(rgba[0, :, :3], colour_table("magma")[levels])


@pytest.mark.parametrize("opacity", [0.0, 0.35, 1.0])
def test_the_blend_is_the_layer_laid_over_the_film(opacity: float) -> None:
    rng = np.random.default_rng(0)
    display = rng.integers(0, 256, (60, 70), np.uint8)
    heat = rng.random((60, 70)).astype(np.float32)
    layer = heat_rgba(heat, "viridis", opacity).astype(float)
    alpha = layer[:, :, 3:] / 255.0
    expected = display[:, :, np.newaxis] * (1 - alpha) + layer[:, :, :3] * alpha
    blended = blend_overlay(display, heat, "viridis", opacity)
    assert blended.dtype == np.uint8
    np.testing.assert_allclose(blended, expected, atol=1.01)


def test_cold_regions_and_no_opacity_leave_the_film_untouched() -> None:
    display = np.arange(256, dtype=np.uint8).reshape(16, 16)
    grey = np.dstack([display] * 3)
    np.testing.assert_array_equal(
        blend_overlay(display, np.zeros((16, 16), np.float32), "inferno", 1.0), grey
    )
    np.testing.assert_array_equal(blend_overlay(display, np.ones((16, 16), np.float32), "inferno", 0.0), grey)


def test_a_heatmap_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(4, 4\); received \(5, 4\)"):
        blend_overlay(np.zeros((4, 4), np.uint8), np.zeros((5, 4), np.float32), "inferno", 0.5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_display_pixels_show_the_window_and_put_a_negative_right(dtype: type) -> None:
    positive = chest_phantom(300, 260)
    stored = positive.astype(dtype) * (1 if dtype is np.uint8 else 200)
    shown = []
    for pixels in (stored, stored.max() - stored):
        radiograph = Radiograph(pixels, 8, "png", "")
        shown.append(display_pixels(radiograph, plan_preparation(radiograph, PreparationSpec())))
    assert shown[0].shape == (300, 260)
    assert shown[0].dtype == np.uint8
    assert (shown[0].min(), shown[0].max()) == (0, 255)
    assert np.abs(shown[0].astype(int) - shown[1]).mean() < 2


TEXT = {
    "Software": "cxr-dash 0.1.0",
    "Label": "Neumotórax",
    "Disclaimer": "Decision support – not a diagnosis. 診断ではない",
    "Empty": "",
}


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 3), (30, 40, 4)])
def test_png_round_trip_keeps_pixels_in_rgb_order_and_text(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    data = encode_png(pixels, TEXT)
    assert read_png_text(data) == TEXT
    back = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if len(shape) == 3:
        back = cv2.cvtColor(back, cv2.COLOR_BGRA2RGBA if shape[2] == 4 else cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(back, pixels)
    assert decode(data).width == 40


def test_text_stands_right_after_the_header_and_is_latin_or_unicode_as_needed() -> None:
    data = encode_png(np.zeros((30, 40), np.uint8), TEXT)
    kinds = [data[37 - 0 : 41]]
    assert kinds == [b"tEXt"]
    assert data.index(b"iTXt") < data.index(b"IDAT")
    assert "Neumotórax".encode("latin-1") in data
    assert "診断ではない".encode() in data


@pytest.mark.parametrize("keyword", ["", "x" * 80, " padded", "tab\there", "診断"])
def test_keywords_that_png_forbids_are_refused(keyword: str) -> None:
    with pytest.raises(ValueError, match="keywords"):
        encode_png(np.zeros((4, 4), np.uint8), {keyword: "text"})


def test_text_with_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        encode_png(np.zeros((4, 4), np.uint8), {"Label": "a\0b"})


def test_compressed_texts_of_other_writers_are_read() -> None:
    import zlib

    packed = zlib.compress("größer".encode())
    chunks = png_chunk(b"iTXt", b"Comment\0\1\0de\0\0" + packed) + png_chunk(
        b"zTXt", b"Old\0\0" + zlib.compress("größer".encode("latin-1"))
    )
    assert read_png_text(png([bytes(30)] * 30, 30, 8, 0, before=chunks)) == {
        "Comment": "größer",
        "Old": "größer",
    }


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"iTXt", b"Comment\0\0\0no end"),
        png_chunk(b"zTXt", b"Comment\0\0garbage"),
        png_chunk(b"iTXt", b"Comment\0\0\0\0\0\xff\xfe"),
    ],
)
def test_unreadable_texts_are_corrupt(chunk: bytes) -> None:
    with pytest.raises(CorruptFileError, match="Comment"):
        read_png_text(png([bytes(30)] * 30, 30, 8, 0, before=chunk))


def test_text_of_something_else_is_corrupt() -> None:
    for data in (b"", b"GIF89a", PNG_SIGNATURE + b"\0\0"):
        with pytest.raises(CorruptFileError):
            read_png_text(data)


@pytest.mark.parametrize("shape", [(64, 48), (64, 48, 3)])
def test_jpeg_is_close_and_in_rgb_order(shape: tuple[int, ...]) -> None:
    pixels = np.zeros(shape, np.uint8)
    pixels[..., 0 if len(shape) == 3 else slice(None)] = 200
    data = encode_jpeg(pixels, 95)
    back = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if len(shape) == 3:
        back = back[:, :, ::-1]
    assert int(np.abs(back.astype(int) - pixels).max()) <= 4


@pytest.mark.parametrize(
    ("pixels", "quality"),
    [
        (np.zeros((4, 4), np.uint8), 0),
        (np.zeros((4, 4), np.uint8), 101),
        (np.zeros((4, 4, 4), np.uint8), 90),
        (np.zeros((4, 4, 2), np.uint8), 90),
        (np.zeros((4, 4), np.float32), 90),
    ],
)
def test_pictures_that_a_jpeg_cannot_hold_are_refused(pixels: np.ndarray, quality: int) -> None:
    with pytest.raises(ValueError, match="received"):
        encode_jpeg(pixels, quality)
