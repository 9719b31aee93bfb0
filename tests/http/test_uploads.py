"""A film comes as bytes or as a form's one file; of anything else, what is expected is said."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from cxr_dash import imaging
from cxr_dash.settings import Settings
from cxr_dash.web import create_app

_BOUNDARY = "----a-boundary"


def _form(*parts: tuple[str, bytes], end: str = f"--{_BOUNDARY}--\r\n") -> dict[str, Any]:
    """A form as it goes over the wire; each part is its ``Content-Disposition`` and its bytes."""
    body = b"".join(
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
        for head, data in parts
    )
    return {"data": body + end.encode(), "content_type": f"multipart/form-data; boundary={_BOUNDARY}"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """One application for all of them: none depends on what another sent."""
    settings = Settings(cache_dir=tmp_path_factory.mktemp("cache"), warm_up=False)
    with create_app(settings).server.test_client() as client:
        yield client


@pytest.fixture(scope="module")
def large_png() -> bytes:
    """A film of more bytes than the library for forms keeps in memory by itself."""
    noise = np.random.default_rng(5).integers(0, 40, (1000, 900), dtype=np.uint8)
    data = imaging.encode_png(np.asarray(imaging.chest_phantom(1000, 900) // 2 + noise, np.uint8), {})
    assert len(data) > 600_000
    return data


@pytest.mark.parametrize("field", ["file", "film", "upload[]", ""])
def test_a_form_with_one_file_is_a_film_whatever_its_field_is_called(
    client: FlaskClient, phantom_png: bytes, field: str
) -> None:
    answer = client.post("/films", **_form((f'name="{field}"; filename="a.png"', phantom_png)))
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["sha256"] == client.post("/films", data=phantom_png).get_json()["sha256"]


def test_the_model_may_be_a_field_beside_the_file(client: FlaskClient, phantom_png: bytes) -> None:
    sent = ('name="file"; filename="a.png"', phantom_png)
    assert client.post("/films", **_form(sent, ('name="model"', b"covid"))).status_code == 201
    answer = client.post("/films", **_form(sent, ('name="model"', b"no-such-model")))
    assert answer.get_json()["error"]["code"] == "bundle_not_found"


@pytest.mark.parametrize(
    "content_type", [None, "application/octet-stream", "image/png", "application/x-www-form-urlencoded"]
)
def test_a_body_that_is_a_film_is_taken_whatever_its_type_says(
    client: FlaskClient, phantom_png: bytes, content_type: str | None
) -> None:
    # programs that are told nothing call any body a form of the other kind
    assert client.post("/films", data=phantom_png, content_type=content_type).status_code == 201


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({}, 422, "empty_file"),
        ({"data": b"film=abc", "content_type": "application/x-www-form-urlencoded"}, 415, "upload_type"),
        ({"data": b'{"film": "abc"}', "content_type": "application/json"}, 415, "upload_type"),
        ({"data": b"plain words", "content_type": "text/plain"}, 415, "upload_type"),
        ({"data": b"plain words", "content_type": "application/octet-stream"}, 415, "unsupported_format"),
        (_form(), 422, "upload"),
        (_form(('name="file"', b"film.png")), 422, "upload"),
        (_form(('name="f"; filename="a"', b"x"), ('name="g"; filename="b"', b"x")), 422, "upload"),
        (_form(('name="f"; filename="a"', b"x"), ('name="f"; filename="b"', b"x")), 422, "upload"),
        (_form(('name="f"; filename="a"', b"x"), ('name="patient"', b"x")), 422, "upload"),
        (_form(*[('name="f"', b"x")] * 200), 422, "upload"),
        (_form(('name="f"', b"x" * 900_000)), 422, "upload"),
        (_form(('name="f"; filename="a"', b"")), 422, "empty_file"),
        (_form(('name="f"; filename=""', b"")), 422, "empty_file"),
        (_form(('name="f"; filename="a"', b"words")), 415, "unsupported_format"),
        (_form(('name="f"; filename="a"', b"words"), end=""), 400, "upload_broken"),
        ({"data": b"x" * 100, "content_type": "multipart/form-data"}, 400, "upload_broken"),
        ({"data": b"", "content_type": f"multipart/form-data; boundary={_BOUNDARY}"}, 422, "upload"),
        ({"data": b"x" * 9, "content_type": "multipart/form-data; boundary=\xe9"}, 400, "upload_broken"),
    ],
)
def test_anything_else_is_told_what_is_expected(
    client: FlaskClient, sent: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post("/films", **sent)
    assert answer.status_code == status, answer.text
    error = answer.get_json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["remedy"]
    if code.startswith("upload") or not sent:
        assert "curl -F file=@film.png" in error["remedy"]


def test_what_is_refused_is_counted_by_its_code(tmp_path: Path) -> None:
    client = create_app(Settings(cache_dir=tmp_path, warm_up=False)).server.test_client()
    for sent in (_form(), {"data": b"{}", "content_type": "application/json"}):
        client.post("/films", **sent)
    counted = client.get("/metrics").text
    for code in ("upload", "upload_type"):
        assert f'cxr_refused_files_total{{code="{code}"}} 1.0' in counted


@pytest.mark.parametrize("as_form", [True, False])
def test_a_request_that_ends_before_its_film_is_told_so(
    client: FlaskClient, phantom_png: bytes, as_form: bool
) -> None:
    sent = _form(('name="f"; filename="a"', phantom_png)) if as_form else {"data": phantom_png}
    data = sent.pop("data")
    answer = client.post(
        "/films", data=data[:2000], environ_overrides={"CONTENT_LENGTH": str(len(data))}, **sent
    )
    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] == "upload_broken"


def test_a_form_over_the_limit_gets_the_words_of_any_film_that_is_too_large(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path, warm_up=False, max_upload_bytes=2048)
    client = create_app(settings).server.test_client()
    for size in (3000, 200_000):
        answer = client.post("/films", **_form(('name="f"; filename="a"', b"x" * size)))
        assert answer.status_code == 413
        assert answer.get_json()["error"]["code"] == "film_too_large"


def test_a_forms_file_never_waits_on_a_disk(large_png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a film must not be spooled to a disk")

    for module, name in (
        ("werkzeug.formparser", "SpooledTemporaryFile"),
        ("tempfile", "TemporaryFile"),
        ("tempfile", "mkstemp"),
    ):
        monkeypatch.setattr(f"{module}.{name}", refuse)
    client = create_app(Settings(cache_type="memory", warm_up=False)).server.test_client()
    answer = client.post("/films", **_form(('name="f"; filename="a"', large_png)))
    assert answer.status_code == 201, answer.text


def test_a_forms_file_name_is_neither_logged_nor_said(
    client: FlaskClient, phantom_png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    named = 'name="f"; filename="Jane-Doe-1970.png"'
    with caplog.at_level(logging.DEBUG):
        answers = [
            client.post("/films", **_form((named, data), *more))
            for data, more in (
                (phantom_png, ()),
                (b"words", ()),
                (b"x", [(named, b"x")]),
                (b"x", [('name="n"', b"x")]),
            )
        ]
    assert [answer.status_code for answer in answers] == [201, 415, 422, 422]
    for answer in answers:
        assert "Jane" not in answer.text + str(answer.headers)
    assert "Jane" not in caplog.text
