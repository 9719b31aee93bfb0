from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from picture_files import PNG_SIGNATURE, exif_block, extended_webp, jpeg, png_chunk, riff_chunk, webp

from cxr_dash.domain import DecodeLimits, Radiograph
from cxr_dash.errors import FilmError
from cxr_dash.imaging import decode

# Small, so that a lucky header cannot ask for gigabytes in a test.
LIMITS = DecodeLimits(max_pixels=4_000_000, min_side=1, max_aspect_ratio=1000.0)
FAST = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _film_or_film_error(data: bytes) -> None:
    try:
        film = decode(data, LIMITS)
    except FilmError:
        return
    assert isinstance(film, Radiograph)
    assert film.pixels.ndim == 2
    assert film.pixels.dtype in (np.uint8, np.uint16)


@pytest.fixture(scope="module")
def small_files() -> list[bytes]:
    noisy = np.random.default_rng(0).integers(0, 255, (48, 56), np.uint8)
    colour = cv2.applyColorMap(noisy, cv2.COLORMAP_VIRIDIS)
    exif = exif_block(6)
    return [
        cv2.imencode(".png", noisy)[1].tobytes(),
        cv2.imencode(".png", np.dstack([colour, noisy]))[1].tobytes(),
        cv2.imencode(".png", noisy.astype(np.uint16) * 257)[1].tobytes(),
        jpeg(noisy, exif=exif),
        jpeg(colour, progressive=True),
        webp(noisy, lossless=False),
        extended_webp(webp(noisy), 56, 48, flags=0x08, extra=riff_chunk(b"EXIF", exif)),
    ]


@FAST
@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_film_errors(data: bytes) -> None:
    _film_or_film_error(data)


@FAST
@given(
    st.sampled_from([PNG_SIGNATURE, b"\xff\xd8\xff", b"RIFF\x40\0\0\0WEBP", b"\0" * 128 + b"DICM", b"<?xml"]),
    st.binary(max_size=300),
)
def test_random_bytes_behind_a_true_signature_raise_nothing_but_film_errors(
    start: bytes, rest: bytes
) -> None:
    _film_or_film_error(start + rest)


@FAST
@given(
    st.binary(min_size=13, max_size=13),
    st.lists(
        st.tuples(
            st.sampled_from([b"IDAT", b"PLTE", b"tRNS", b"eXIf", b"acTL", b"IEND"]), st.binary(max_size=60)
        ),
        max_size=6,
    ),
)
def test_well_formed_png_chunks_with_random_bodies_raise_nothing_but_film_errors(
    header: bytes, bodies: list[tuple[bytes, bytes]]
) -> None:
    chunks = b"".join(png_chunk(kind, body) for kind, body in bodies)
    _film_or_film_error(PNG_SIGNATURE + png_chunk(b"IHDR", header) + chunks + png_chunk(b"IEND", b""))


@FAST
@given(st.data())
def test_flipped_and_cut_files_raise_nothing_but_film_errors(
    small_files: list[bytes], data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from(small_files))
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)):
        damaged[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(whole)))
    _film_or_film_error(bytes(damaged[: cut or None]))


@pytest.mark.shared_data
@settings(FAST, max_examples=40)
@given(st.data())
def test_damaged_real_files_raise_nothing_but_film_errors(originals: Path, data: st.DataObject) -> None:
    names = [
        "000009-5.jpg",
        "person1004_bacteria_2935.jpeg",
        "41182_2020_203_Fig5_HTML.jpg",
        "00000005_002.jpg",
    ]
    whole = (originals / data.draw(st.sampled_from(names))).read_bytes()
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)):
        damaged[place] ^= data.draw(st.integers(1, 255))
    keep = data.draw(st.sampled_from([len(whole), len(whole) - 1, len(whole) // 2, 200]))
    _film_or_film_error(bytes(damaged[:keep]))
