"""The table of formats: one shape, one place for endings and names."""

from __future__ import annotations

import pytest
from picture_files import gradient, jpeg, webp

from cxr_dash.errors import UnsupportedFormatError
from cxr_dash.imaging import FORMATS, chest_phantom, encode_png, film_suffixes, format_names
from cxr_dash.imaging.formats import format_of
from cxr_dash.imaging.formats.base import ImageHeader
from cxr_dash.language import translator

FILES = {
    "png": encode_png(chest_phantom(80, 64), {}),
    "jpeg": jpeg(gradient()),
    "webp": webp(gradient()),
}


@pytest.mark.parametrize("name", FILES)
def test_first_bytes_decide_the_format(name: str) -> None:
    assert format_of(FILES[name]).name == name
    assert [film.name for film in FORMATS if film.recognises(FILES[name])] == [name]


def test_no_two_formats_share_a_name_or_an_ending() -> None:
    assert len({film.name for film in FORMATS}) == len(FORMATS)
    assert len(film_suffixes()) == sum(len(film.suffixes) for film in FORMATS)
    assert {".png", ".jpg", ".jpeg", ".jfif", ".webp"} <= film_suffixes()


def test_every_ending_is_lower_case_with_its_dot() -> None:
    assert all(suffix == f".{suffix[1:].lower()}" for suffix in film_suffixes())


def test_names_are_listed_for_sentences_in_both_languages() -> None:
    names = [film.title for film in FORMATS]
    assert str(format_names()) == f"{', '.join(names[:-1])} or {names[-1]}"
    assert translator("es").say(format_names()) == f"{', '.join(names[:-1])} o {names[-1]}"


def test_a_format_whose_library_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    film = format_of(FILES["webp"])
    monkeypatch.setattr(type(film), "unavailable", lambda _self: "the library is not installed")
    with pytest.raises(UnsupportedFormatError, match="WebP files cannot be read here"):
        format_of(FILES["webp"])


@pytest.mark.parametrize(("bits", "size"), [(1, 1), (8, 1), (9, 2), (12, 2), (16, 2)])
def test_a_decoded_picture_takes_two_bytes_a_sample_from_nine_bits_on(bits: int, size: int) -> None:
    for channels in (1, 3, 4):
        header = ImageHeader("png", 5, 7, bits, channels=channels)
        assert header.decoded_bytes == 35 * channels * size
    assert ImageHeader("png", 5, 7, bits, frames=2).animated
    assert not ImageHeader("png", 5, 7, bits).animated
