"""The reader's own prevalence in what is taken away: tables, the report, a picture's caption."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader

from cxr_dash import imaging
from cxr_dash.settings import Settings
from cxr_dash.web import create_app

MODEL, LABEL = "findings", "effusion"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    settings = Settings(cache_dir=tmp_path_factory.mktemp("prevalence") / "cache", warm_up=False)
    with create_app(settings).server.test_client() as client:
        yield client


@pytest.fixture(scope="module")
def film(client: FlaskClient) -> str:
    data = imaging.encode_png(imaging.chest_phantom(320, 280), {})
    return str(client.post(f"/films?model={MODEL}", data=data).get_json()["film"])


def _records(client: FlaskClient, film: str, **settings: Any) -> dict[str, Any]:
    body = {"model": MODEL, "films": [{"number": 1, "film": film}], **settings}
    answer = client.post("/exports.json", json=body)
    assert answer.status_code == 200, answer.data
    record = answer.get_json()["films"][0]
    if record["status"] != "ok":
        pytest.skip("the gate refuses the drawn phantom, and a refused film has no figures in a table")
    return dict(record["findings"])


def test_tables_state_probability_and_cut_at_the_readers_prevalence(client: FlaskClient, film: str) -> None:
    before, after = _records(client, film), _records(client, film, prevalences={LABEL: 0.01})
    for key, found in before.items():
        assert after[key]["above"] == found["above"]
        if key != LABEL:
            assert after[key] == found
    assert after[LABEL]["prevalence"] == 0.01
    assert after[LABEL]["probability"] < before[LABEL]["probability"]
    assert after[LABEL]["cut"] < before[LABEL]["cut"]
    body = {"model": MODEL, "films": [{"number": 1, "film": film}], "prevalences": {LABEL: 0.01}}
    text = client.post("/exports.csv", json=body).data.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert float(row[f"prevalence_{LABEL}"]) == 0.01
    assert float(row[LABEL]) == pytest.approx(after[LABEL]["probability"], abs=1e-6)
    assert float(row[f"cut_{LABEL}"]) == pytest.approx(after[LABEL]["cut"], abs=1e-6)


def test_the_report_counts_at_the_models_own_cut_whatever_prevalence_it_states(
    client: FlaskClient, film: str
) -> None:
    _records(client, film)
    body = {"model": MODEL, "films": [{"number": 1, "film": film}]}
    said = []
    for prevalences in ({}, {LABEL: 0.01}):
        answer = client.post("/exports.pdf", json=body | {"prevalences": prevalences})
        text = " ".join(PdfReader(io.BytesIO(answer.data)).pages[0].extract_text().split())
        said.append(text)
    assert "own prevalence: pleural effusion 1.0" in said[1]
    assert "own prevalence" not in said[0]
    assert said[1].count("set by the reader") == said[0].count("set by the reader")


def test_a_picture_says_probability_and_cut_at_the_prevalence_that_is_asked_for(
    client: FlaskClient, film: str
) -> None:
    said = []
    for query in ("", "&prevalence=0.01"):
        answer = client.get(f"/films/{film}/{MODEL}/{LABEL}/overlay.png?threshold=0.4&anyway=1{query}")
        assert answer.status_code == 200
        said.append(json.dumps(Image.open(io.BytesIO(answer.data)).text))  # type: ignore[attr-defined]
    assert said[0] != said[1]


@pytest.mark.parametrize("prevalences", [{"hernia": 0.1}, {LABEL: 0.0}, {LABEL: 1.5}])
def test_what_is_no_prevalence_is_refused(
    client: FlaskClient, film: str, prevalences: dict[str, float]
) -> None:
    body = {"model": MODEL, "films": [{"number": 1, "film": film}], "prevalences": prevalences}
    answer = client.post("/exports.json", json=body)
    assert answer.status_code == 422
    assert "`prevalence`" in answer.get_data(as_text=True)
