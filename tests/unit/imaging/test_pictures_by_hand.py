"""Pictures that leave the app: colours, lines, windows and files, pixel by pixel."""

from __future__ import annotations

import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from picture_files import png, png_chunk
from PIL import Image

from cxr_dash.errors import CorruptFileError
from cxr_dash.imaging import (
    blend_overlay,
    colour_table,
    encode_jpeg,
    encode_png,
    heat_rgba,
    outlined,
    read_png_text,
    toned,
)
from cxr_dash.imaging.formats.png import chunks
from cxr_dash.imaging.seen import line_width

GREYS = np.arange(256, dtype=np.uint8)
# each level in the middle of its step
HEAT = (GREYS / 255.0).astype(np.float32)[np.newaxis]


@pytest.mark.parametrize("opacity", [0.0, 0.3, 0.6, 1.0])
def test_alpha_of_every_level_is_as_the_page_calculates_it(opacity: float) -> None:
    alpha = np.floor(255 * opacity * np.minimum(GREYS / 255 / 0.5, 1.0) + 0.5)
    rgba = heat_rgba(HEAT, "inferno", opacity)[0]
    np.testing.assert_array_equal(rgba[:, 3], alpha)
    np.testing.assert_array_equal(rgba[:, :3], colour_table("inferno"))


@pytest.mark.parametrize("opacity", [0.45, 1.0])
@pytest.mark.parametrize("level", [0, 90, 255])
def test_heat_over_a_grey_is_between_it_and_the_colour(opacity: float, level: int) -> None:
    alpha = heat_rgba(HEAT, "viridis", opacity)[0, :, 3:].astype(float)
    exact = level * (255 - alpha) / 255 + colour_table("viridis") * alpha / 255
    found = blend_overlay(np.full((1, 256), level, np.uint8), HEAT, "viridis", opacity)[0]
    assert np.abs(found - exact).max() <= 1.0
    assert np.abs(found - exact).mean() < 0.4


@pytest.mark.parametrize(
    ("shape", "width"),
    [((300, 300), 2), ((1249, 2000), 2), ((1251, 2000), 3), ((2000, 1251), 3), ((1300, 1400, 3), 3)],
)
def test_a_line_is_a_500th_of_the_shorter_side_and_two_pixels_at_least(
    shape: tuple[int, ...], width: int
) -> None:
    assert line_width(np.zeros(shape, np.uint8)) == width


@pytest.mark.parametrize(
    ("width", "level"), [(255.0, 127.5), (50.0, 100.0), (1.0, 30.0), (400.0, 20.0), (64.0, 255.0)]
)
def test_a_window_is_the_pages_and_turns_over_afterwards(width: float, level: float) -> None:
    expected = np.floor(255 * np.clip(GREYS / width + 0.5 - level / width, 0, 1) + 0.5)
    film = GREYS.reshape(16, 16)
    np.testing.assert_array_equal(toned(film, width, level, invert=False).ravel(), expected)
    np.testing.assert_array_equal(toned(film, width, level, invert=True).ravel(), 255 - expected)


@pytest.mark.parametrize(
    ("shape", "line", "dark"),
    [((80, 80), (19, 21), [17, 18, 22, 23]), ((1600, 1300), (18, 22), [16, 17, 23, 24])],
)
def test_lines_of_equal_heat_run_along_the_edge_of_what_reaches_them_over_a_dark_one(
    shape: tuple[int, int], line: tuple[int, int], dark: list[int]
) -> None:
    """Two or three pixels wide about column 20, with the rim that smooths it; the dark one twice as wide."""
    film = np.full(shape, 120, np.uint8)
    heat = np.zeros(shape, np.float32)
    heat[20:60, 20:60], heat[35:45, 35:45] = 0.5, 0.499
    ink = (250, 180, 40)
    drawn = outlined(film, heat, [(0.5, ink)])
    assert drawn.shape == (*shape, 3)
    coloured = np.flatnonzero((drawn[50, :40] == ink).all(axis=1))
    assert (coloured[0], coloured[-1]) == line
    darker = drawn[50, :40].astype(int).sum(axis=1) < 240
    assert np.flatnonzero(darker).tolist() == dark
    # the hole, which does not reach the level, has an outline too
    assert (drawn[40, 34] == ink).all()
    np.testing.assert_array_equal(drawn[[5, 30, 40], [5, 28, 40]], 120)
    # the later line lies on the earlier one
    two = outlined(film, heat, [(0.5, ink), (0.2, (10, 20, 250))])
    assert (two[50, 20] == (10, 20, 250)).all()
    np.testing.assert_array_equal(outlined(film, heat, [(0.6, ink)]), np.dstack([film] * 3))


@pytest.mark.parametrize("quality", [1, 100])
def test_a_jpeg_of_the_worst_and_the_best_quality_is_written(quality: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8)
    with Image.open(BytesIO(encode_jpeg(pixels, quality))) as picture:
        # the tables of T.81, annex K: all ones at the best quality, and 255 at most
        (table,) = picture.quantization.values()
        assert set(table) == {1} if quality == 100 else max(table) == 255


def test_a_jpeg_has_a_quality_of_90_where_none_is_asked_for() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    assert encode_jpeg(pixels) == encode_jpeg(pixels, 90) != encode_jpeg(pixels, 91)


@pytest.mark.parametrize(
    ("pixels", "what"),
    [
        (np.zeros((4, 4, 2), np.uint8), "(4, 4, 2)"),
        (np.zeros((4, 4, 5), np.uint8), "(4, 4, 5)"),
        (np.zeros((4, 4, 1), np.uint8), "(4, 4, 1)"),
        (np.zeros(4, np.uint8), "(4,)"),
        (np.zeros((2, 2, 4, 3), np.uint8), "(2, 2, 4, 3)"),
        (np.zeros((4, 4, 3), np.uint16), "uint16"),
        (np.zeros((4, 4), np.float32), "float32"),
    ],
)
def test_other_pixels_are_no_picture(pixels: np.ndarray, what: str) -> None:
    with pytest.raises(ValueError, match="must be uint8 of shape") as refused:
        encode_png(pixels, {})
    assert what in str(refused.value)


def test_a_png_is_compressed_quickly_and_filtered_line_by_line_upward() -> None:
    """RFC 1950: the header's two highest bits say how hard was tried; PNG 9.2: filter 2 is "up"."""
    pixels = np.random.default_rng(0).integers(0, 255, (60, 50, 3), np.uint8)
    data = encode_png(pixels, {})
    packed = b"".join(data[start:end] for kind, start, end in chunks(data) if kind == b"IDAT")
    assert packed[1] >> 6 == 0, "as quickly as can be"
    lines = zlib.decompress(packed)
    filters = set(lines[:: 50 * 3 + 1])
    assert filters == {2}
    harder = cv2.imencode(".png", np.zeros((60, 50), np.uint8), [cv2.IMWRITE_PNG_COMPRESSION, 0])[1]
    assert len(encode_png(np.zeros((60, 50), np.uint8), {})) < len(harder)


@pytest.mark.parametrize("keyword", ["x", "x" * 79, "Größe"])
def test_keywords_of_1_to_79_latin_letters_are_written(keyword: str) -> None:
    data = encode_png(np.zeros((30, 40), np.uint8), {keyword: "text", "Other": "other"})
    assert read_png_text(data) == {keyword: "text", "Other": "other"}
    kinds = [kind for kind, _, _ in chunks(data)]
    assert kinds[:3] == [b"IHDR", b"tEXt", b"tEXt"]
    with Image.open(BytesIO(data)) as picture:
        picture.load()
        assert picture.text == {keyword: "text", "Other": "other"}


def test_an_unpacked_text_has_no_language_and_is_read_by_others() -> None:
    data = encode_png(np.zeros((30, 40), np.uint8), {"Label": "診断"})
    (note,) = (data[start:end] for kind, start, end in chunks(data) if kind == b"iTXt")
    assert note == b"Label\0" + b"\0\0" + b"\0" + b"\0" + "診断".encode()
    with Image.open(BytesIO(data)) as picture:
        picture.load()
        assert picture.text["Label"] == "診断"


@pytest.mark.parametrize(("more", "read"), [(0, True), (1, False)])
@pytest.mark.parametrize("kind", ["zTXt", "iTXt"])
def test_a_packed_text_of_a_mebibyte_is_read_and_no_longer_one(more: int, read: bool, kind: str) -> None:
    packed = zlib.compress(b"a" * (2**20 + more))
    rest = b"Note\0\0" + packed if kind == "zTXt" else b"Note\0\1\0\0\0" + packed
    data = png([bytes(30)] * 30, 30, 8, 0, before=png_chunk(kind.encode(), rest))
    if read:
        assert len(read_png_text(data)["Note"]) == 2**20
        return
    with pytest.raises(CorruptFileError, match="more than 1048576 bytes"):
        read_png_text(data)


def test_what_is_no_png_is_said_by_its_first_bytes() -> None:
    with pytest.raises(CorruptFileError) as refused:
        read_png_text(b"GIF89a..more")
    assert "GIF89a.." in str(refused.value)
    assert "more" not in str(refused.value)
