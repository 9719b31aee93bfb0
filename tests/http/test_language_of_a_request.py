"""In which language a request is answered, and that no cache mixes them up."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from cxr_dash.settings import Settings
from cxr_dash.web import create_app

SPANISH = {"Accept-Language": "es-ES,es;q=0.9,en;q=0.8"}


def test_the_page_names_the_language_that_the_browser_likes_best(client: FlaskClient) -> None:
    for wanted, given in (
        ("es-ES,es;q=0.9,en;q=0.8", "es"),
        ("es-419", "es"),
        ("de-DE,de;q=0.9,es;q=0.5,en;q=0.3", "es"),
        ("en-GB,es;q=0.9", "en"),
        ("de,es;q=0", "en"),
        ("*", "en"),
        ("x" * 200, "en"),
        ("", "en"),
    ):
        answer = client.get("/", headers={"Accept-Language": wanted})
        assert f'<html lang="{given}">' in answer.text, wanted
        assert answer.headers["Content-Language"] == given, wanted


def test_the_layout_comes_in_spanish(client: FlaskClient) -> None:
    said = json.dumps(client.get("/_dash-layout", headers=SPANISH).json, ensure_ascii=False)
    assert "Ayuda a la decisión para lectores formados. No sustituye su lectura." in said
    assert "Hallazgos en una radiografía frontal de tórax" in said
    assert "Decision support" not in said
    # what the scripts say goes with the page's settings
    assert '"language": "es"' in said
    assert "Por revisar: {names}." in said


def test_the_page_itself_carries_no_word_of_another_language(client: FlaskClient) -> None:
    page = client.get("/", headers=SPANISH).text
    assert "Cargando…" in page
    assert "Loading..." not in page
    # the layout comes by itself, once
    assert "Decision support" not in page
    assert len(page) < 20_000


def test_a_choice_on_the_page_outweighs_the_browser(client: FlaskClient) -> None:
    client.set_cookie("cxr-language", "en")
    assert client.get("/", headers=SPANISH).headers["Content-Language"] == "en"
    client.set_cookie("cxr-language", "not a language")
    assert client.get("/", headers=SPANISH).headers["Content-Language"] == "es"


def test_a_language_in_the_pages_address_holds_for_all_that_the_page_asks_for(client: FlaskClient) -> None:
    assert '<html lang="es">' in client.get("/?lang=es").text
    assert '"language": "es"' in json.dumps(client.get("/_dash-layout").json)
    # an unknown one is not remembered
    assert '<html lang="es">' in client.get("/?lang=xx").text


def test_behind_a_path_a_language_in_the_pages_address_is_remembered_below_that_path(
    settings: Settings,
) -> None:
    app = create_app(settings.model_copy(update={"url_prefix": "/x-ray/cxr/"}))
    # as a proxy that takes the path off asks
    answer = app.server.test_client().get("/?lang=es")
    assert '<html lang="es">' in answer.text
    (cookie,) = [text for text in answer.headers.getlist("Set-Cookie") if text.startswith("cxr-language=es;")]
    assert "Path=/x-ray/cxr/;" in cookie


def test_a_language_in_another_address_is_not_remembered(client: FlaskClient) -> None:
    assert client.get("/films/unknown/picture.jpg?lang=es").headers["Content-Language"] == "es"
    assert '<html lang="en">' in client.get("/").text


def test_no_shared_cache_may_hand_an_answer_to_a_reader_of_another_language(client: FlaskClient) -> None:
    for path in ("/", "/_dash-layout", "/films/unknown/picture.jpg"):
        answer = client.get(path, headers=SPANISH)
        assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer.headers["Vary"].split(",")}
        assert answer.headers["Cache-Control"] in {"private, no-cache", "private, no-store", "no-store"}


def test_what_holds_no_words_may_be_cached_for_all(client: FlaskClient) -> None:
    for path in ("/assets/js/0-core/00-core.js", "/healthz"):
        with client.get(path, headers=SPANISH) as answer:
            assert answer.status_code == 200
            assert "Content-Language" not in answer.headers
            assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize(
    ("data", "status", "message", "remedy"),
    [
        (
            b"Dear colleague,\n",
            415,
            "El archivo debe ser una imagen fija PNG, JPEG, WebP o DICOM; se recibió un archivo de texto.",
            "Elija una placa en PNG, JPEG, WebP o DICOM; "
            "la terminación del nombre no convierte un archivo en imagen.",
        ),
        (
            b"\x89PNG\r\n\x1a\n" + bytes(40),
            422,
            "Un PNG debe empezar con un bloque IHDR de 13 bytes; se recibió: ",
            "El archivo está dañado o incompleto: envíelo de nuevo o expórtelo otra vez.",
        ),
    ],
    ids=["a letter", "a damaged PNG"],
)
def test_a_file_that_is_no_film_is_refused_in_spanish(
    client: FlaskClient, data: bytes, status: int, message: str, remedy: str
) -> None:
    answer = client.post("/films", data=data, headers=SPANISH)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["error"]["message"].startswith(message)
    assert answer.json["error"]["remedy"] == remedy


def test_a_film_that_is_no_longer_kept_says_so_in_spanish(client: FlaskClient) -> None:
    answer = client.get("/films/unknown/picture.jpg", headers=SPANISH)
    assert answer.json is not None
    assert answer.json["error"]["message"] == (
        "Esta placa ya no se conserva: las placas se borran 30 minutos después de añadirlas, o al quitarlas."
    )
