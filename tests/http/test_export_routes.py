"""Reports, tables and the ZIP over HTTP: one body for all, refused in words where it does not fit."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from cxr_dash import imaging
from cxr_dash.services.exports import MOST_FILMS
from cxr_dash.settings import Settings
from cxr_dash.web import create_app
from cxr_dash.web.export_body import MOST_BYTES

MODEL = "findings"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """One application for all of these: nothing here changes it."""
    settings = Settings(cache_dir=tmp_path_factory.mktemp("exports") / "cache", warm_up=False)
    with create_app(settings).server.test_client() as client:
        yield client


@pytest.fixture(scope="module")
def film(client: FlaskClient) -> str:
    data = imaging.encode_png(imaging.chest_phantom(320, 280), {})
    return str(client.post(f"/films?model={MODEL}", data=data).get_json()["film"])


def _body(*films: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"model": MODEL, "films": list(films), **settings}


def test_a_report_is_one_page_in_the_language_of_the_request(client: FlaskClient, film: str) -> None:
    answer = client.post("/exports.pdf?lang=es", json=_body({"number": 3, "film": film}))
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].endswith('-findings-report.pdf"') or (
        "-report-refused.pdf" in answer.headers["Content-Disposition"]
    )
    assert answer.headers["Cache-Control"] == "no-store"
    pdf = PdfReader(io.BytesIO(answer.data))
    assert len(pdf.pages) == 1
    assert "Hallazgos" in pdf.pages[0].extract_text()


def test_a_label_of_the_readers_is_printed_on_the_report_and_stands_in_no_table(
    client: FlaskClient, film: str
) -> None:
    body = _body({"number": 3, "film": film, "film_label": "room 4\u202e <b>"})
    answer = client.post("/exports.pdf", json=body)
    pdf = PdfReader(io.BytesIO(answer.data))
    assert "Label, by the reader: room 4 <b>" in pdf.pages[0].extract_text().replace("\u00a0", " ")
    assert "room" not in str(pdf.metadata) + answer.headers["Content-Disposition"]
    for kind in ("csv", "json"):
        assert b"room 4" not in client.post(f"/exports.{kind}", json=body).data
    long = client.post("/exports.pdf", json=_body({"number": 3, "film": film, "film_label": "x" * 41}))
    assert long.status_code == 422
    assert "film_label" in long.get_json()["error"]["message"]


def test_the_list_comes_as_a_table_and_as_json(client: FlaskClient, film: str) -> None:
    changed = {"normal": False, "labels": ["effusion"], "at": "2026-03-01T10:05:00Z", "unsure": True}
    opinion = {"normal": True, "at": "2026-03-01T10:00:00Z", "seen_before": False, "after": changed}
    counted = {"films": 3, "agreed": 2, "both_abnormal": 1, "both_normal": 1, "only_reader_abnormal": 1}
    counted |= {"only_model_abnormal": 0, "kappa": 0.4, "kappa_low": -0.5, "kappa_high": 1.0}
    body = _body(
        {"number": 1, "film": film, "read": True, "opinion": opinion},
        {"number": 2, "problem": "This file is damaged.", "problem_code": "damaged"},
        {"number": 3, "film": "a" * 32},
        thresholds={"effusion": 0.25},
        agreement=counted,
    )
    table = client.post("/exports.csv", json=body)
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert [row["path"] for row in rows] == ["film 01", "film 02", "film 03"]
    assert [row["status"] for row in rows][1:] == ["error", "error"]
    assert rows[1]["reason"] == "This file is damaged."
    assert [row["reason_codes"] for row in rows][1:] == ["damaged", "case_not_found"]
    assert {row["cut_effusion"] for row in rows} == {"0.250000"}
    document = client.post("/exports.json", json=body).get_json()
    assert [" ".join(one["reason_codes"]) for one in document["films"]] == [
        row["reason_codes"] for row in rows
    ]
    assert [one["status"] for one in document["films"]] == [row["status"] for row in rows]
    assert document["films"][0]["read"] is True
    assert (rows[0]["own_reading"], rows[0]["changed_reading"]) == ("normal", "not normal")
    assert document["films"][0]["own_reading"]["after"]["labels"] == ["effusion"]
    assert document["agreement"] == counted | {"changed": 0, "seen_before": 0, "without_answer": 0}


def test_both_verdicts_leave_with_every_kind_of_file(client: FlaskClient, film: str) -> None:
    judged = {"verdicts": {"effusion": "accepted", "mass": "rejected"}, "at": "2026-03-01T10:00:00Z"}
    one = {"number": 1, "film": film, "anyway": True, "judged": judged}
    # every finding below its cut, but for the two that were judged
    body = _body(one, thresholds={"effusion": 1e-6, "mass": 1e-6})
    (row,) = csv.DictReader(io.StringIO(client.post("/exports.csv", json=body).data.decode("utf-8-sig")))
    assert (row["reader_effusion"], row["reader_mass"]) == ("accepted", "rejected")
    assert (row["reader_nodule"], row["judged_at"]) == ("not_judged", judged["at"])
    (record,) = client.post("/exports.json", json=body).get_json()["films"]
    words = {key.removeprefix("reader_"): word for key, word in row.items() if key.startswith("reader_")}
    assert record["reader"] == words
    with zipfile.ZipFile(io.BytesIO(client.post("/exports.zip", json=body).data)) as opened:
        (document,) = [name for name in opened.namelist() if name.endswith("/analysis.json")]
        assert json.loads(opened.read(document))["film"]["reader"] == record["reader"]
        assert "reader_effusion" in opened.read("findings.csv").decode()
        assert not [name for name in opened.namelist() if name.endswith("-map.npy")]
    (sheet,) = PdfReader(io.BytesIO(client.post("/exports.pdf?lang=es", json=body).data)).pages
    said = " ".join(sheet.extract_text().split())
    assert "Aceptados: derrame pleural." in said
    assert "Rechazados: masa." in said


@pytest.mark.parametrize(
    ("language", "said", "left_out"),
    [("en", "- Pleural effusion", "Mass"), ("es", "- Derrame pleural", "Masa")],
)
def test_a_report_text_says_what_was_accepted_and_names_the_model(
    client: FlaskClient, phantom_png: bytes, language: str, said: str, left_out: str
) -> None:
    film = client.post(f"/films?model={MODEL}", data=phantom_png).get_json()["film"]
    judged = {"verdicts": {"effusion": "accepted", "mass": "rejected"}}
    body = _body({"number": 1, "film": film, "judged": judged})
    answer = client.post(f"/exports.txt?lang={language}", json=body)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    heard = client.get(f"/films/{film}/{MODEL}/answer.json").get_json()["answer"]
    assert heard["trust_waits"] is False, "no place is named before it is known how far heat may be relied on"
    assert said in answer.text
    assert left_out not in answer.text
    assert MODEL in answer.text
    gone = client.post("/exports.txt", json=_body({"number": 1, "film": "a" * 32}))
    assert (gone.status_code, gone.get_json()["error"]["code"]) == (404, "case_not_found")


def test_everything_comes_as_one_zip_without_a_known_length(client: FlaskClient, film: str) -> None:
    answer = client.post("/exports.zip", json=_body({"number": 1, "film": film, "anyway": True}))
    assert answer.mimetype == "application/zip"
    assert "Content-Length" not in answer.headers
    names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert {"README.txt", "findings.csv", "findings.json"} <= set(names)
    assert any(name.endswith("/analysis.json") for name in names)
    assert all(name.isascii() for name in names)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"films": []}, "films"),
        ({"films": [{"number": 0}]}, "films.0.number"),
        ({"films": [{"number": 1, "name": "Doe^Jane"}]}, "films.0.name"),
        ({"films": [{"number": 1}, {"number": 1}]}, "number"),
        ({"thresholds": {"effusion": 1.2}}, "thresholds.effusion"),
        ({"thresholds": {"effusion": "0.2"}}, "thresholds.effusion"),
        ({"thresholds": {"pneumonitis": 0.2}}, "pneumonitis"),
        ({"films": [{"number": 1, "judged": {"verdicts": {"effusion": "maybe"}}}]}, "verdicts.effusion"),
        ({"films": [{"number": 1, "judged": {"verdicts": {"finding": "accepted"}}}]}, "'finding'"),
        ({"maps": "huge"}, "maps"),
        ({"colour_map": "jet"}, "colour_map"),
        ({"opacity": -1}, "opacity"),
        ({"model": "../secrets"}, "model"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_the_entry_that_is_wrong(
    client: FlaskClient, changes: dict[str, Any], said: str
) -> None:
    answer = client.post("/exports.zip", json=_body({"number": 1}) | changes)
    assert answer.status_code == 422
    assert said in answer.get_json()["error"]["message"]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"model": "findings", "films": NaN}'])
def test_what_is_no_json_is_refused_in_words(client: FlaskClient, data: bytes) -> None:
    answer = client.post("/exports.csv", data=data)
    assert answer.status_code == 422
    assert answer.get_json()["error"]["remedy"]


def test_an_unknown_model_and_a_film_that_is_gone_are_not_found(client: FlaskClient, film: str) -> None:
    other = {"model": "no-such-model", "films": [{"number": 1, "film": film}]}
    assert client.post("/exports.json", json=other).status_code == 404
    gone = client.post("/exports.pdf", json=_body({"number": 1, "film": "a" * 32}))
    assert gone.status_code == 404
    assert gone.get_json()["error"]["code"] == "case_not_found"


def test_a_report_is_about_one_film_that_is_kept(client: FlaskClient, film: str) -> None:
    two = client.post("/exports.pdf", json=_body({"number": 1, "film": film}, {"number": 2, "film": film}))
    none = client.post("/exports.pdf", json=_body({"number": 1}))
    assert (two.status_code, none.status_code) == (422, 422)


@pytest.mark.parametrize("kind", ["pdf", "txt", "csv", "json", "zip"])
def test_another_sites_page_takes_nothing_away(client: FlaskClient, film: str, kind: str) -> None:
    body = json.dumps(_body({"number": 1, "film": film}))
    answer = client.post(f"/exports.{kind}", data=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 422
    assert "own page" in answer.get_json()["error"]["message"]


def test_more_than_any_list_can_need_is_not_even_read(client: FlaskClient) -> None:
    answer = client.post("/exports.csv", data=b" " * (MOST_BYTES + 1))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (413, "request_too_large")
    assert "4 MB" in answer.get_json()["error"]["message"]


def test_a_list_as_long_as_may_be_with_the_longest_readings_is_read(client: FlaskClient) -> None:
    reading = {"normal": False, "labels": ["pleural_thickening"] * 16, "at": "2026-03-01T10:00:00.000Z"}
    one = {"film": "a" * 32, "problem": "x" * 1000, "opinion": reading | {"after": reading}}
    body = json.dumps(_body(*({"number": n, **one} for n in range(1, MOST_FILMS + 1))))
    assert len(body) < MOST_BYTES / 2
    assert client.post("/exports.csv", data=body).status_code == 200


def test_half_of_the_threads_stay_free_while_zips_are_sent(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path / "cache", warm_up=False, threads=4)
    client = create_app(settings).server.test_client()
    body = _body({"number": 1, "problem": "Damaged."})
    under_way = [client.post("/exports.zip", json=body) for _ in range(2)]
    refused = client.post("/exports.zip?lang=es", json=body)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (503, "busy")
    assert "preparando tantos archivos ZIP" in refused.get_json()["error"]["message"]
    assert client.post("/exports.csv", json=body).status_code == 200
    under_way.pop().close()  # a reader who went away before the first piece
    last = client.post("/exports.zip", json=body)
    assert zipfile.ZipFile(io.BytesIO(last.data)).testzip() is None
    last.close()
    under_way.pop().close()
    assert 'cxr_exports_total{kind="zip"} 3.0' in client.get("/metrics").text
    assert 'cxr_exports_total{kind="csv"} 1.0' in client.get("/metrics").text
