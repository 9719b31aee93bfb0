"""Junk at the address of Dash's callbacks is refused in a line, and the page's own questions are answered."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from cxr_dash.settings import Settings
from cxr_dash.web import create_app

_ADDRESS = "/_dash-update-component"
_FILM = "x" * 32
_QUESTION: dict[str, Any] = {
    "output": "answer.data",
    "outputs": {"id": "answer", "property": "data"},
    "inputs": [
        {"id": "question", "property": "data", "value": {"film": _FILM, "model": "findings", "serial": 1}}
    ],
    "changedPropIds": ["question.data"],
    "parsedChangedPropsIds": ["question.data"],
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    settings = Settings(cache_dir=tmp_path_factory.mktemp("cache"), warm_up=False)
    return create_app(settings).server.test_client()


def _asked(**changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(_QUESTION)), **changes}


def _with_value(value: Any) -> dict[str, Any]:
    return _asked(inputs=[{"id": "question", "property": "data", "value": value}])


def test_the_pages_own_question_is_answered(client: FlaskClient) -> None:
    answer = client.post(_ADDRESS, json=_QUESTION)
    assert answer.status_code == 200
    assert answer.get_json()["response"]["answer"]["data"]["error"]["code"] == "case_not_found"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"junk",
        b"{",
        b"[]",
        b"null",
        b"1e999",
        b'"text"',
        b"\xff\xfe{\x00}\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"output": ' + b"9" * 5000 + b"}",
        json.dumps({}).encode(),
        *(
            json.dumps({k: v for k, v in _QUESTION.items() if k != gone}).encode()
            for gone in list(_QUESTION)[:4]
        ),
        *(
            json.dumps(one).encode()
            for one in (
                _asked(output="nothing.data"),
                _asked(output=7),
                _asked(output=""),
                _asked(output=".."),
                _asked(output={"a": 1}),
                _asked(output="5069bcd65cb385496ad1461fd468f984f4a4f99453b9488b3199da1365f39083"),
                _asked(outputs=None),
                _asked(outputs={"id": "other", "property": "data"}),
                _asked(outputs=[{"id": "answer", "property": "data"}]),
                _asked(inputs=None),
                _asked(inputs=[]),
                _asked(inputs=[None]),
                _asked(inputs=[[{"id": {"a": 1}, "property": "data"}]]),
                _asked(inputs=[{"id": "model", "property": "value", "value": "findings"}]),
                _asked(state=[{"id": "x", "property": "y"}]),
                _asked(changedPropIds=[]),
                _asked(changedPropIds=None),
                _asked(changedPropIds=["other.data"]),
                _asked(changedPropIds=[{}]),
                _with_value(None),
                _with_value("film"),
                _with_value([]),
                _with_value({}),
                _with_value({"film": 1, "model": "findings"}),
                _with_value({"film": _FILM, "model": ["findings"]}),
                _with_value({"film": "x" * 10_000, "model": "findings"}),
            )
        ),
    ],
)
def test_junk_is_refused_in_words_and_leaves_no_traceback(
    client: FlaskClient, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.post(_ADDRESS, data=body, content_type="application/json")
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["error"]["code"] == "question"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(where=st.sampled_from([*_QUESTION, "state", "value"]), junk=_JSON)
@given_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_no_value_in_any_place_ends_in_an_error_of_the_server(
    client: FlaskClient, where: str, junk: object
) -> None:
    asked = _with_value(junk) if where == "value" else _asked(**{where: junk})
    answer = client.post(_ADDRESS, data=json.dumps(asked), content_type="application/json")
    assert answer.status_code in {200, 400}, answer.text


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_a_question_of_another_type_is_refused(client: FlaskClient, kind: str) -> None:
    answer = client.post(_ADDRESS, data=json.dumps(_QUESTION), content_type=kind)
    assert answer.status_code == 400


def test_a_question_larger_than_any_is_refused_before_it_is_read(client: FlaskClient) -> None:
    answer = client.post(_ADDRESS, data=b" " * 2**20, content_type="application/json")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_a_question_from_another_sites_page_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post(_ADDRESS, json=_QUESTION, headers=headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "request")


def _to_the_model_page(
    app: Dash, output: str, inputs: dict[str, Any], state: dict[str, Any]
) -> dict[str, Any]:
    """A question about the page of a model; ``output`` is how the name of the callback begins."""

    def cells(given: dict[str, Any]) -> list[dict[str, Any]]:
        places = [(name.partition("."), value) for name, value in given.items()]
        return [{"id": place, "property": part, "value": value} for (place, _, part), value in places]

    (name,) = [name for name in app.callback_map if name.startswith(output)]
    several = name.startswith("..")
    places = [one.partition("@")[0].rpartition(".") for one in name.strip(".").split("...")]
    outputs = [{"id": place, "property": part} for place, _, part in places]
    asked = _asked(
        output=name,
        outputs=outputs if several else outputs[0],
        inputs=cells(inputs),
        changedPropIds=list(inputs),
    )
    return asked | ({"state": cells(state)} if state else {})


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Dash:
    made: Dash = create_app(Settings(cache_dir=tmp_path_factory.mktemp("page"), warm_up=False))
    made.server.test_client().get("/")  # Dash knows its callbacks from the first request on
    return made


_SECTION = {"model": "findings", "section": "audits", "label": "mass"}
_MOVED = {"model": "findings", "label": "mass", "cut": 0.5}


@pytest.mark.parametrize(
    "change",
    [
        *({"label": label} for label in ("none", "", None)),
        *({"section": section} for section in ("places", "curves", "no-such-section", "")),
    ],
)
def test_the_model_page_opens_whatever_was_looked_at(app: Dash, change: dict[str, Any]) -> None:
    asked = _to_the_model_page(
        app,
        "..card-title",
        {"card-asked.data": _SECTION | change},
        {"thresholds.data": {"findings": {"none": 0.5}}},
    )
    answer = app.server.test_client().post(_ADDRESS, json=asked)
    assert answer.status_code == 200, answer.text
    response = answer.get_json()
    assert response["response"]["card-title"]["children"].endswith("findings 3.0.0")
    # label and slider are set past the graph of callbacks
    assert response["sideUpdate"]["card-label"]["value"] in {"mass", "atelectasis"}


def test_a_moved_threshold_is_counted_and_marked(app: Dash) -> None:
    asked = _to_the_model_page(app, "card-counted.data", {"card-cut-moved.data": _MOVED}, {})
    answer = app.server.test_client().post(_ADDRESS, json=asked).get_json()
    found = answer["response"]["card-counted"]["data"]
    # what it is of comes with it: the browser drops what is no longer in view
    assert {key: found[key] for key in _MOVED} == _MOVED
    assert set(found["marks"]) == {
        f"card-{kind}-{split}" for kind in ("roc", "precision") for split in ("natural", "test")
    }
    assert "data-count" in json.dumps(found["counts"])


@pytest.mark.parametrize(
    ("output", "inputs", "state"),
    [
        ("..card-title", {"card-asked.data": _SECTION | {"model": "no-such-model"}}, {"thresholds.data": {}}),
        ("card-counted.data", {"card-cut-moved.data": _MOVED | {"model": "no-such-model"}}, {}),
        ("card-counted.data", {"card-cut-moved.data": _MOVED | {"label": "no-such-label"}}, {}),
    ],
)
def test_a_name_that_nobody_has_is_an_answer_of_ours(
    app: Dash, output: str, inputs: dict[str, Any], state: dict[str, Any]
) -> None:
    asked = _to_the_model_page(app, output, inputs, state)
    answer = app.server.test_client().post(_ADDRESS, json=asked)
    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize(
    "value",
    [None, {}, _MOVED | {"cut": 1.5}, _MOVED | {"cut": "0.5"}, {"model": "findings", "label": "mass"}],
)
def test_what_is_no_threshold_is_refused(app: Dash, value: Any) -> None:
    asked = _to_the_model_page(app, "card-counted.data", {"card-cut-moved.data": value}, {})
    answer = app.server.test_client().post(_ADDRESS, json=asked)
    assert answer.status_code == 400, answer.text


def test_what_nobody_foresaw_is_said_in_words_and_written_down_once_without_key_or_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = create_app(Settings(cache_dir=tmp_path, warm_up=False)).server

    @server.get("/films/<film>/broken")
    def broken(film: str) -> str:
        raise ZeroDivisionError(film)

    client = server.test_client()
    for _ in range(5):
        answer = client.get(f"/films/{_FILM}/broken")
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "unexpected")
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "ZeroDivisionError" in record.getMessage()
    assert "in broken" in record.getMessage()
    assert _FILM not in caplog.text
