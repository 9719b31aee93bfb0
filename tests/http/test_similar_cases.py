"""Similar cases over HTTP: a list in words and figures, pictures and heat; what is said without a library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient
from library_films import MODEL, build_library, draw_films, drawn_film

from cxr_dash.settings import Settings
from cxr_dash.web import create_app


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "library"
    build_library(draw_films(tmp_path_factory.mktemp("films"), range(8)), out)
    return out


@pytest.fixture
def client(tmp_path: Path, library: Path) -> Iterator[FlaskClient]:
    settings = Settings(cache_dir=tmp_path / "cache", warm_up=False, library_dir=library)
    with create_app(settings).server.test_client() as client:
        yield client


def _add(client: FlaskClient, data: bytes) -> str:
    return str(client.post(f"/films?model={MODEL}", data=data).get_json()["film"])


def test_the_nearest_cases_are_listed_with_labels_in_the_readers_language(client: FlaskClient) -> None:
    film = _add(client, drawn_film(51))
    answer = client.get(f"/films/{film}/{MODEL}/similar?lang=es")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = answer.get_json()
    assert found["problem"] is None
    assert (found["size"], found["itself"], len(found["cases"])) == (8, False, 6)
    odd = next(case for case in found["cases"] if case["number"] % 2 == 0)
    assert odd["labels"] == [
        {"key": "effusion", "name": "Derrame pleural"},
        {"key": None, "name": "Pacemaker"},
    ]
    assert 0 <= odd["crop"]["left"] < odd["crop"]["left"] + odd["crop"]["width"] <= 1
    assert set(odd["probabilities"]) == set(odd["flat"]) == set(found["counts"])
    assert "Doe" not in answer.text
    assert 'cxr_similar_total{outcome="answered"} 1.0' in client.get("/metrics").text


def test_a_cases_picture_and_heat_are_shown_and_never_stored(client: FlaskClient) -> None:
    film = _add(client, drawn_film(51))
    found = client.get(f"/films/{film}/{MODEL}/similar").get_json()
    case = found["cases"][0]
    for name, kind in (("picture.jpg", "image/jpeg"), ("effusion/heat-layer.png", "image/png")):
        answer = client.get(f"/library/{MODEL}/{case['number']}/{name}?build={found['build']}")
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert answer.headers["Cache-Control"] == "no-store"
        pixels = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_UNCHANGED)
        if name == "picture.jpg":
            assert pixels.shape == (case["height"], case["width"])


def test_the_film_itself_is_left_out_and_this_is_said(client: FlaskClient) -> None:
    found = client.get(f"/films/{_add(client, drawn_film(3))}/{MODEL}/similar").get_json()
    assert found["itself"]
    assert 4 not in {case["number"] for case in found["cases"]}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/library/{MODEL}/99/picture.jpg", 404, "library_missing"),
        (f"/library/{MODEL}/1/picture.jpg?build=earlier", 409, "library_mismatch"),
        (f"/library/{MODEL}/1/no-such-label/heat-layer.png", 404, "label_not_found"),
        ("/library/covid/1/picture.jpg", 404, "library_missing"),
        ("/library/no-such-model/1/picture.jpg", 404, "bundle_not_found"),
        (f"/films/{'a' * 32}/{MODEL}/similar", 404, "case_not_found"),
    ],
)
def test_what_is_not_there_is_refused_in_words(
    client: FlaskClient, path: str, status: int, code: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (status, code)
    assert answer.get_json()["error"]["message"]


def test_a_server_without_a_library_is_well_and_says_so(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path / "cache", warm_up=False, library_dir=tmp_path / "none")
    with create_app(settings).server.test_client() as client:
        answer = client.get(f"/films/{_add(client, drawn_film(51))}/{MODEL}/similar")
        assert 'cxr_similar_total{outcome="library_missing"} 1.0' in client.get("/metrics").text
    assert answer.status_code == 200
    assert answer.get_json() == {
        "problem": {
            "code": "library_missing",
            "message": "No reference library on this server.",
            "remedy": "Its admin can build one: cxr-dash library build DIR",
        },
        "cases": [],
    }
