"""What is said deep in the house reaches a Spanish reader whole: errors, verdicts, sentences with figures."""

from __future__ import annotations

import pytest

from cxr_dash.domain import DecodeLimits
from cxr_dash.errors import FilmError
from cxr_dash.explain import trust_words
from cxr_dash.imaging import chest_phantom, decode, encode_png
from cxr_dash.imaging.formats.foreign import identify
from cxr_dash.language import translator

ES = translator("es")
PNG = encode_png(chest_phantom(200, 160), {})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "El archivo debe contener una imagen; se recibieron 0 bytes."),
        (
            b"GIF89a",
            "El archivo debe ser una imagen fija PNG, JPEG, WebP o DICOM; se recibió una imagen GIF.",
        ),
        (
            PNG[:200],
            "El bloque PNG b'IDAT' debe tener {length} bytes; se recibió: 159 antes del final.",
        ),
        (
            b"\xff\xd8\xff\xe0\x00\x04ab",
            "Un JPEG debe cerrarse con un marcador de fin de imagen; se recibió: 8 bytes sin él.",
        ),
    ],
    ids=["empty", "GIF", "cut PNG", "cut JPEG"],
)
def test_what_is_wrong_with_a_file_is_said_whole(data: bytes, message: str) -> None:
    with pytest.raises(FilmError) as caught:
        decode(data)
    length = int.from_bytes(PNG[33:37], "big")
    assert ES.say(caught.value.words) == message.format(length=length)
    assert ES.say(caught.value.remedy_words) != caught.value.remedy


def test_limits_are_said_with_a_decimal_comma() -> None:
    with pytest.raises(FilmError) as caught:
        decode(PNG, DecodeLimits(max_aspect_ratio=1.2))
    assert ES.say(caught.value.words) == (
        "El lado mayor debe medir como máximo 1,2 veces el menor; se recibieron 160 x 200."
    )
    assert str(caught.value).startswith(
        "The longer side must be at most 1.2 times the shorter; received 160 x 200."
    )


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7", b"\x1f\x8b", b"PK\3\4", bytes(128) + b"DICM", b"\x00\x01\x02\x03"]
)
def test_every_kind_of_file_has_a_name_and_a_remedy_in_spanish(data: bytes) -> None:
    kind, remedy = identify(data)
    assert ES(kind) != kind
    assert ES(remedy) != remedy


def test_how_far_heat_may_be_trusted_is_said_with_its_figures() -> None:
    words = trust_words.in_words("heart", 0.984, outside=False, map_moves=True, drift=0.3)
    assert str(words) == (
        "98\u00a0% of the heat lies in the heart and mediastinum; unstable: a small shift of the film "
        "changes the map and the probability (by 0.30)."
    )
    assert ES.say(words) == (
        "El 98\u00a0% del calor está en el corazón y el mediastino; inestable: desplazar un poco la placa "
        "cambia el mapa y la probabilidad (en 0,30)."
    )
