"""Who the patient is leaves the server only where the setting says so: for the page and the report."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dicom_files import film_dataset, write
from flask.testing import FlaskClient
from pypdf import PdfReader
from werkzeug.test import TestResponse

from cxr_dash import imaging
from cxr_dash.settings import Settings
from cxr_dash.web import create_app

MODEL = "findings"
# As the file has them and as people read them; short enough words would come up in compressed data by chance.
SECRETS = (
    *("DOE^JANE", "DOE, JANE", "4711-XQ", "ACC-55-QZ", "19590314", "1959-03-14", "20240229", "2024-02-29"),
    *("1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"),
)
LINE = "DOE, JANE · ID 4711-XQ · born 1959-03-14 · study 2024-02-29 · accession ACC-55-QZ"


@pytest.fixture(scope="module")
def film_file() -> bytes:
    pixels = imaging.chest_phantom(320, 280)
    elements = {"PatientID": "4711-XQ", "AccessionNumber": "ACC-55-QZ", "PatientBirthDate": "19590314"}
    return write(film_dataset(pixels, 8, PixelSpacing=[0.2, 0.2], **elements), pixels)


def _client(folder: Path, *, shown: bool) -> FlaskClient:
    settings = Settings(
        cache_dir=folder / "cache", warm_up=False, log_level="debug", heat_trust=False, show_identity=shown
    )
    return create_app(settings).server.test_client()


@pytest.fixture(scope="module")
def showing(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    # not in a `with`: of two clients that keep their last request, the first to end finds the other's
    return _client(tmp_path_factory.mktemp("showing"), shown=True)


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return _client(tmp_path_factory.mktemp("silent"), shown=False)


def _leaks(data: bytes) -> list[str]:
    """The secrets that stand in some bytes, as UTF-8 or UTF-16."""
    codes = ("utf-8", "utf-16-le", "utf-16-be")
    return [secret for secret in SECRETS if any(secret.encode(code) in data for code in codes)]


def _everything_sent(client: FlaskClient, film_file: bytes) -> Iterator[tuple[str, bytes]]:
    """Every answer about the film but the two that may name the patient; ZIP and PDF taken apart."""
    added = client.post(f"/films?model={MODEL}", data=film_file)
    film = added.get_json()["film"]
    one = f"/films/{film}/{MODEL}/effusion"
    body = {"model": MODEL, "films": [{"number": 1, "film": film, "anyway": True}]}
    question = {"film": film, "model": MODEL}
    asked = {
        "output": "answer.data",
        "outputs": {"id": "answer", "property": "data"},
        "inputs": [{"id": "question", "property": "data", "value": question}],
        "changedPropIds": ["question.data"],
    }
    answers: dict[str, TestResponse] = {
        "added": added,
        "page": client.get("/"),
        "layout": client.get("/_dash-layout"),
        "callback": client.post("/_dash-update-component", json=asked),
        "answer": client.get(f"/films/{film}/{MODEL}/answer.json"),
        "metrics": client.get("/metrics"),
        "ready": client.get("/readyz"),
    }
    for name in ("picture.jpg", "thumbnail.jpg"):
        answers[name] = client.get(f"/films/{film}/{name}")
    for name in ("heat-layer.png", "heat.png", "overlay.png", "side-by-side.png", "map.npy"):
        answers[name] = client.get(f"{one}/{name}?anyway=1")
    for kind in ("csv", "json", "zip"):
        answers[kind] = client.post(f"/exports.{kind}", json=body)
    answers["gone"] = client.delete(f"/films/{film}")
    answers["asked for again"] = client.get(f"/films/{film}/{MODEL}/answer.json")
    for name, answer in answers.items():
        assert answer.status_code in ((404,) if name == "asked for again" else (200, 201, 204)), name
        yield name, answer.data + str(answer.headers).encode()
    with zipfile.ZipFile(io.BytesIO(answers["zip"].data)) as opened:
        for entry in opened.namelist():
            assert not entry.endswith("errors.txt")
            yield entry, opened.read(entry) + entry.encode()
            if entry.endswith(".pdf"):
                yield f"text of {entry}", _pdf_text(opened.read(entry))


def _pdf_text(data: bytes) -> bytes:
    pdf = PdfReader(io.BytesIO(data))
    return (pdf.pages[0].extract_text().replace("\u00a0", " ") + str(pdf.metadata)).encode()


@pytest.mark.parametrize("setting", ["showing", "silent"])
def test_no_export_no_answer_no_metric_and_no_log_names_the_patient(
    setting: str, film_file: bytes, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    assert set(_leaks(film_file)) >= {"DOE^JANE", "4711-XQ", "ACC-55-QZ", "19590314"}
    client = request.getfixturevalue(setting)
    with caplog.at_level(logging.DEBUG):
        sent = dict(_everything_sent(client, film_file))
    assert {name: found for name, data in sent.items() if (found := _leaks(data))} == {}
    assert sum(name.endswith("report.pdf") for name in sent) == 2
    assert _leaks(caplog.text.encode()) == []


def test_with_the_setting_the_page_may_ask_who_the_patient_is_and_no_cache_keeps_it(
    showing: FlaskClient, film_file: bytes
) -> None:
    film = showing.post("/films", data=film_file).get_json()["film"]
    answer = showing.get(f"/films/{film}/patient.json")
    assert answer.get_json()["line"] == LINE
    assert answer.get_json()["patient_id"] == "4711-XQ"
    assert answer.headers["Cache-Control"] == "no-store"
    spanish = showing.get(f"/films/{film}/patient.json?lang=es").get_json()
    assert spanish["line"].startswith("DOE, JANE · n.º 4711-XQ · ")
    assert showing.delete(f"/films/{film}").status_code == 204
    assert showing.get(f"/films/{film}/patient.json").status_code == 404


def test_a_deleted_film_leaves_nothing_of_the_patient_on_the_disk(tmp_path: Path, film_file: bytes) -> None:
    def left() -> set[str]:
        files = (file for file in (tmp_path / "cache").rglob("*") if file.is_file())
        return {secret for file in files for secret in _leaks(file.read_bytes())}

    client = _client(tmp_path, shown=True)
    film = client.post(f"/films?model={MODEL}", data=film_file).get_json()["film"]
    assert {"DOE^JANE", "DOE, JANE", "4711-XQ"} <= left()
    client.delete(f"/films/{film}")
    assert client.get(f"/films/{film}/patient.json").status_code == 404
    # its analysis outlives it for a while, and knows nobody
    assert any((tmp_path / "cache").iterdir())
    assert left() == set()


def test_a_film_that_names_nobody_has_an_empty_line(showing: FlaskClient, phantom_png: bytes) -> None:
    film = showing.post("/films", data=phantom_png).get_json()["film"]
    assert showing.get(f"/films/{film}/patient.json").get_json()["line"] == ""


def test_without_the_setting_there_is_no_such_address(silent: FlaskClient, film_file: bytes) -> None:
    film = silent.post("/films", data=film_file).get_json()["film"]
    answer = silent.get(f"/films/{film}/patient.json")
    assert answer.status_code == 404
    assert answer.get_json()["error"]["code"] == "address_not_found"


def _added(client: FlaskClient, **elements: str) -> dict[str, Any]:
    pixels = imaging.chest_phantom(320, 280)
    return dict(client.post("/films", data=write(film_dataset(pixels, 8, **elements), pixels)).get_json())


def test_the_page_learns_which_films_are_of_one_patient_and_how_far_apart_but_not_who_or_when(
    tmp_path: Path,
) -> None:
    client = _client(tmp_path, shown=False)
    assert "patient" not in _added(client), "a program without a session learns nothing"
    client.get("/")
    new = _added(client, AcquisitionDate="20240301", AcquisitionTime="081500")
    old = _added(client, AcquisitionDate="20240229", AcquisitionTime="081500", AccessionNumber="ACC-1")
    other = _added(client, PatientID="ID-4712")
    assert new["patient"] == old["patient"] != other["patient"]
    assert new["taken"] - old["taken"] == 24 * 3600
    assert [one["day_only"] for one in (new, old, other)] == [False, False, True]
    client.delete_cookie("cxr-session")
    client.get("/")
    assert _added(client)["patient"] != new["patient"], "another session cannot join its films to these"
    assert "patient" not in client.post("/films/phantom").get_json()


@pytest.mark.parametrize(("setting", "printed"), [("showing", True), ("silent", False)])
def test_the_report_names_the_patient_only_with_the_setting(
    setting: str, printed: bool, film_file: bytes, request: pytest.FixtureRequest
) -> None:
    client = request.getfixturevalue(setting)
    film = client.post(f"/films?model={MODEL}", data=film_file).get_json()["film"]
    report = client.post("/exports.pdf", json={"model": MODEL, "films": [{"number": 1, "film": film}]})
    assert report.headers["Cache-Control"] == "no-store"
    assert _leaks(report.headers["Content-Disposition"].encode()) == []
    assert (LINE in _pdf_text(report.data).decode().replace("\n", " ")) is printed
    assert _leaks(str(PdfReader(io.BytesIO(report.data)).metadata).encode()) == []


def test_what_the_file_says_that_is_no_identity_is_in_answer_and_json(
    silent: FlaskClient, film_file: bytes
) -> None:
    film = silent.post("/films", data=film_file).get_json()["film"]
    said: dict[str, Any] = silent.get(f"/films/{film}/{MODEL}/answer.json").get_json()["answer"]["file"]
    # 64 completed years between two dates; with decimals, they would tell the birthday
    assert (said["line"], said["age_years"]) == ("PA, 64 years, F", 64)
    body = {"model": MODEL, "films": [{"number": 1, "film": film}]}
    listed = json.loads(silent.post("/exports.json", json=body).data)["films"][0]["film"]
    assert listed == {key: value for key, value in said.items() if key != "line"}
    assert (listed["projection"], listed["pixel_spacing_mm"]) == ("PA", [0.2, 0.2])
