"""What another model says of a film, asked for beside the chosen one's answer."""

from __future__ import annotations

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


@pytest.mark.parametrize(("film", "model"), [("unknown", "findings"), (None, "no-such-model")])
def test_an_answer_that_cannot_be_given_is_refused_in_words(
    client: FlaskClient, phantom_png: bytes, film: str | None, model: str
) -> None:
    film = film or client.post("/films", data=phantom_png).get_json()["film"]
    answer = client.get(f"/films/{film}/{model}/answer.json")
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
