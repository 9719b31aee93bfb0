"""What another model says of a film, asked for beside the chosen one's answer."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from flask.testing import FlaskClient

from cxr_dash.inference.bundle import load_bundle
from cxr_dash.settings import ROOT


@pytest.mark.parametrize("model", ["findings", "covid"])
def test_another_models_answer_comes_with_its_version_its_labels_and_its_own_cuts(
    client: FlaskClient, phantom_png: bytes, model: str
) -> None:
    film = client.post("/films", data=phantom_png).get_json()["film"]
    answer = client.get(f"/films/{film}/{model}/answer.json")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    spec = load_bundle(ROOT / "models" / model).spec
    said, facts = answer.get_json()["answer"], answer.get_json()["facts"]
    assert (said["film"], said["model"], facts["version"]) == (film, model, spec.version)
    keys = [label.key for label in spec.labels]
    assert [label["key"] for label in facts["labels"]] == keys
    assert set(said["probabilities"]) == set(facts["thresholds"]) == set(keys)
    assert all(0 <= cut <= 1 for cut in facts["thresholds"].values())


@pytest.mark.parametrize("what", ["answer.json", "trust.json"])
@pytest.mark.parametrize(("film", "model"), [("unknown", "findings"), (None, "no-such-model")])
def test_an_answer_or_a_trust_report_that_cannot_be_given_is_refused_in_words(
    client: FlaskClient, phantom_png: bytes, film: str | None, model: str, what: str
) -> None:
    film = film or client.post("/films", data=phantom_png).get_json()["film"]
    answer = client.get(f"/films/{film}/{model}/{what}")
    assert answer.status_code == 404
    assert answer.get_json()["error"]["message"]
    assert answer.get_json()["error"]["remedy"]


def test_the_answer_of_the_model_for_children_says_first_that_the_age_is_not_known(
    client: FlaskClient, phantom_png: bytes
) -> None:
    film = client.post("/films", data=phantom_png).get_json()["film"]
    said = client.get(f"/films/{film}/pneumonia-paediatric/answer.json?lang=es").get_json()["answer"]
    assert "age_unknown_children" in said["quality"]["reason_codes"]
    (first,) = said["quality"]["first_of_all"]
    assert first.startswith("Este modelo se hizo para niños de 1 a 5 años.")
    assert first in said["quality"]["reasons"]


def test_the_trust_report_is_asked_for_late_and_comes_with_every_later_answer_and_picture(
    client: FlaskClient, phantom_png: bytes
) -> None:
    film = client.post("/films?model=findings", data=phantom_png).get_json()["film"]
    first = client.get(f"/films/{film}/findings/answer.json").get_json()["answer"]
    assert (first["trust_waits"], first["trust"], first["trust_verdict"]) == (True, {}, {})
    trust = client.get(f"/films/{film}/findings/trust.json?lang=es")
    assert trust.headers["Cache-Control"] == "no-store"
    report = trust.get_json()
    assert set(report["trust"]) == set(report["trust_verdict"]) == set(first["probabilities"])
    assert any("calor" in words for words in report["trust"].values())
    later = client.get(f"/films/{film}/findings/answer.json?lang=es").get_json()["answer"]
    assert not later["trust_waits"]
    assert {key: later[key] for key in report} == report
    assert later["probabilities"] == first["probabilities"]
    assert later["quality"]["reason_codes"] == first["quality"]["reason_codes"]


def test_what_is_taken_away_carries_the_trust_report_though_nobody_asked_for_it_before(
    client: FlaskClient, phantom_png: bytes
) -> None:
    film = client.post("/films?model=findings", data=phantom_png).get_json()["film"]
    heat = client.get(f"/films/{film}/findings/effusion/heat.png?anyway=1")
    assert heat.status_code == 200, heat.get_data(as_text=True)
    assert b"Heatmap trust" in heat.data
    control = (ROOT / "tests" / "cases" / "00-control.png").read_bytes()
    other = client.post("/films?model=findings", data=control).get_json()["film"]
    body = {"model": "findings", "films": [{"number": 1, "film": other}]}
    files = zipfile.ZipFile(io.BytesIO(client.post("/exports.zip", json=body).data))
    (name,) = [name for name in files.namelist() if name.endswith("analysis.json")]
    record = json.loads(files.read(name))
    assert record["film"]["status"] == "ok"
    assert set(record["heat_trust"]) == set(record["film"]["findings"])
