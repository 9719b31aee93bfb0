"""Films go in as bytes, and pictures, maps and downloads come out under an unguessable key."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient
from gunicorn_server import eventually

from cxr_dash import imaging
from cxr_dash.services.expiry import start_sweeping
from cxr_dash.settings import Settings
from cxr_dash.web import create_app

MODEL = "findings"


def _add(client: FlaskClient, data: bytes) -> str:
    answer = client.post(f"/films?model={MODEL}", data=data)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["film"])


def _pixels(content: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED))


def test_a_film_is_kept_under_a_new_key_and_shown_at_its_own_size(
    client: FlaskClient, phantom_png: bytes
) -> None:
    answer = client.post("/films", data=phantom_png)
    assert answer.status_code == 201
    body = answer.get_json()
    assert (body["width"], body["height"]) == (500, 600)
    picture = client.get(f"/films/{body['film']}/picture.jpg")
    assert picture.mimetype == "image/jpeg"
    assert picture.headers["Cache-Control"] == "no-store"
    assert _pixels(picture.data).shape == (600, 500)
    thumbnail = client.get(f"/films/{body['film']}/thumbnail.jpg")
    assert max(_pixels(thumbnail.data).shape) == 160


def test_the_built_in_phantom_can_be_tried(client: FlaskClient) -> None:
    film = client.post("/films/phantom").get_json()["film"]
    assert client.get(f"/films/{film}/{MODEL}/effusion/heat-layer.png").status_code == 200


def test_the_one_with_an_effusion_is_another_film(client: FlaskClient) -> None:
    plain, drawn = client.post("/films/phantom"), client.post(f"/films/phantom/effusion?model={MODEL}")
    assert drawn.status_code == 201
    assert drawn.get_json()["sha256"] != plain.get_json()["sha256"]
    assert drawn.get_json()["sha256"] == client.post("/films/phantom/effusion").get_json()["sha256"]
    picture = client.get(f"/films/{drawn.get_json()['film']}/picture.jpg")
    assert _pixels(picture.data).shape == (1024, 1024)


def test_no_other_phantom_is_known(client: FlaskClient) -> None:
    assert client.post("/films/phantom/nothing").status_code == 404


@pytest.mark.parametrize(("kind", "channels"), [("heat", 4), ("overlay", 3), ("side-by-side", 3)])
def test_a_download_has_the_films_size_and_says_where_it_comes_from(
    client: FlaskClient, phantom_png: bytes, kind: str, channels: int
) -> None:
    film = _add(client, phantom_png)
    answer = client.get(
        f"/films/{film}/{MODEL}/effusion/{kind}.png?colour_map=viridis&opacity=0.5&threshold=0.25&anyway=1"
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="cxr-')
    shape = _pixels(answer.data).shape
    if kind == "side-by-side":
        assert shape[0] > 600
        assert shape[1:] == (2 * 500 + 8, channels)
    elif kind == "overlay":  # over its caption
        assert shape[0] > 600
        assert shape[1:] == (500, channels)
    else:
        assert shape == (600, 500, channels)
    text = imaging.read_png_text(answer.data)
    assert text["Label"] == "effusion"
    assert text["Threshold"] == "0.2500"
    assert text["Model"].startswith(MODEL)
    assert len(text["Model SHA-256"]) == len(text["Input SHA-256"]) == 64
    assert "Not a diagnosis" in text["Disclaimer"]
    assert 0.0 <= float(text["Probability"]) <= 1.0
    assert {"Preparation", "Creation Time", "Heatmap peak", "Colour map"} <= set(text)


def test_a_raw_map_is_numbers_alone_and_its_provenance_travels_in_a_header(
    client: FlaskClient, phantom_png: bytes
) -> None:
    film = _add(client, phantom_png)
    answer = client.get(f"/films/{film}/{MODEL}/effusion/map.npy?anyway=1")
    values = np.load(io.BytesIO(answer.data), allow_pickle=False)
    assert (values.dtype, values.shape) == (np.float32, (600, 500))
    assert values.min() >= 0.0
    said = json.loads(answer.headers["X-Cxr-Provenance"])
    assert (said["Label"], len(said["Model SHA-256"])) == ("effusion", 64)
    assert "map" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("file", ["heat.png", "overlay.png", "side-by-side.png", "map.npy"])
def test_pictures_of_a_refused_film_are_given_only_to_whom_asks_for_them_anyway(
    client: FlaskClient, file: str
) -> None:
    board = np.kron(np.indices((16, 16)).sum(axis=0) % 2, np.ones((32, 32))).astype(np.uint8) * 255
    film = _add(client, imaging.encode_png(board, {}))
    refusal = client.get(f"/films/{film}/{MODEL}/effusion/{file}")
    assert refusal.status_code == 422
    assert "input gate" in refusal.get_json()["error"]["message"]
    answer = client.get(f"/films/{film}/{MODEL}/effusion/{file}?anyway=1")
    assert answer.status_code == 200
    assert "-refused." in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "empty_file"),
        (b"just some text, renamed to film.png", 415, "unsupported_format"),
        (b"%PDF-1.7 ...", 415, "unsupported_format"),
    ],
)
def test_a_file_that_is_no_film_gets_words_and_a_remedy(
    client: FlaskClient, data: bytes, status: int, code: str
) -> None:
    answer = client.post("/films", data=data)
    assert answer.status_code == status
    error = answer.get_json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["remedy"]


def test_a_truncated_film_is_said_to_be_damaged(client: FlaskClient, phantom_png: bytes) -> None:
    answer = client.post("/films", data=phantom_png[: len(phantom_png) // 2])
    assert answer.status_code == 422
    assert answer.get_json()["error"]["code"] == "damaged"


def test_a_file_over_the_limit_gets_words_instead_of_a_bare_413(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path, warm_up=False, max_upload_bytes=2048)
    answer = create_app(settings).server.test_client().post("/films", data=b"x" * 200_000)
    assert answer.status_code == 413
    assert answer.get_json()["error"]["code"] == "film_too_large"


def test_an_unknown_key_model_or_label_is_not_found_in_words(client: FlaskClient, phantom_png: bytes) -> None:
    film = _add(client, phantom_png)
    for path, code in (
        (f"/films/{'a' * 32}/picture.jpg", "case_not_found"),
        (f"/films/{film}/no-such-model/effusion/heat-layer.png", "bundle_not_found"),
        (f"/films/{film}/{MODEL}/no-such-label/heat-layer.png", "label_not_found"),
    ):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.get_json()["error"]["code"] == code


@pytest.mark.parametrize("query", ["colour_map=jet", "opacity=2", "threshold=half", "opacity=nan"])
def test_a_setting_outside_its_range_is_refused(client: FlaskClient, phantom_png: bytes, query: str) -> None:
    film = _add(client, phantom_png)
    answer = client.get(f"/films/{film}/{MODEL}/effusion/overlay.png?{query}")
    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.get_json()["error"]["message"]


def test_a_cleared_film_is_gone(client: FlaskClient, phantom_png: bytes) -> None:
    film = _add(client, phantom_png)
    assert client.delete(f"/films/{film}").status_code == 204
    assert client.get(f"/films/{film}/picture.jpg").status_code == 404
    assert client.get(f"/films/{film}/{MODEL}/effusion/heat-layer.png").status_code == 404


def test_another_site_cannot_add_films_through_a_readers_browser(
    client: FlaskClient, phantom_png: bytes
) -> None:
    answer = client.post("/films", data=phantom_png, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 422


def test_every_original_is_either_kept_or_refused_in_words(client: FlaskClient, originals: Path) -> None:
    kept, refused = [], []
    for path in sorted(originals.iterdir()):
        answer = client.post("/films", data=path.read_bytes())
        (kept if answer.status_code == 201 else refused).append(path.suffix)
        assert answer.status_code == 201 or answer.get_json()["error"]["message"]
    assert refused == [".csv"]
    assert len(kept) == 14


def test_a_film_that_cannot_be_kept_is_refused_in_words_and_kept_once_it_can(
    client: FlaskClient, settings: Settings, phantom_png: bytes
) -> None:
    shutil.rmtree(settings.cache_dir)
    answer = client.post(f"/films?model={MODEL}", data=phantom_png)
    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "storage"
    assert client.get("/readyz").get_json()["cache"] == "cannot be written"
    start_sweeping(settings)
    eventually(settings.cache_dir.is_dir, "the folder to come back")
    assert settings.cache_dir.stat().st_mode & 0o077 == 0
    _add(client, phantom_png)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 422),
        ({"Sec-Fetch-Site": "same-site"}, 422),
        ({"Origin": "http://elsewhere.example"}, 422),
        ({"Origin": "null"}, 422),
        ({"Origin": "http://["}, 422),
        ({"Origin": "http://[", "X-Forwarded-Host": "["}, 422),
        ({"Origin": "http://localhost:8443"}, 201),
        ({"Origin": "http://films.example", "X-Forwarded-Host": "films.example"}, 201),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://films.example"}, 201),
        ({}, 201),
    ],
)
def test_only_this_applications_own_page_and_programs_may_add_films(
    client: FlaskClient, phantom_png: bytes, headers: dict[str, str], status: int
) -> None:
    assert client.post("/films", data=phantom_png, headers=headers).status_code == status
