"""Every request has an id and is counted; what Prometheus reads says how the server and its films are."""

from __future__ import annotations

import json
import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from gunicorn_server import eventually, running_gunicorn

from cxr_dash import __version__
from cxr_dash.settings import Settings
from cxr_dash.web import create_app


def _sample(text: str, name: str, **labels: str) -> float:
    """The sum of a metric over the samples that have these labels."""
    total = 0.0
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found and all(f'{key}="{value}"' in (found[1] or "") for key, value in labels.items()):
            total += float(found[2])
    return total


def test_each_answer_names_its_request_and_no_two_alike(client: FlaskClient) -> None:
    ids = {client.get(path).headers["X-Request-ID"] for path in ("/healthz", "/healthz", "/nothing", "/")}
    assert len(ids) == 4
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in ids)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("0123456789abcdef0123456789abcdef", True),
        ("123e4567-e89b-12d3-a456-426614174000", True),
        ("Doe^Jane", False),
        ("mV3q_Zt0mV3q_Zt0mV3q_Zt0mV3q_Zt0", False),
        ("ab", False),
    ],
)
def test_a_proxys_id_is_taken_over_where_it_can_be_nothing_else(
    client: FlaskClient, given: str, taken: bool
) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is taken


def test_a_line_at_debug_says_what_was_asked_by_route_and_the_requests_id(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    client = create_app(settings.model_copy(update={"log_level": "debug"})).server.test_client()
    with caplog.at_level(logging.DEBUG, "cxr_dash"):
        client.get("/films/mV3q_Zt0mV3q_Zt0mV3q_Zt0mV3q_Zt0/picture.jpg")
    answered = [record for record in caplog.records if record.message == "answered"]
    (line,) = [record for record in answered if record.__dict__["route"] != "/healthz"]
    assert (line.__dict__["route"], line.__dict__["status"]) == ("/films/<film>/picture.jpg", 404)


def test_answers_are_counted_by_route_and_status_and_timed(client: FlaskClient, phantom_png: bytes) -> None:
    client.post("/films", data=phantom_png)
    client.get("/films/none/picture.jpg")
    client.get("/such/an/address")
    client.open("/healthz", method="BREW")
    text = client.get("/metrics").text
    assert _sample(text, "cxr_http_requests_total", route="/films", method="POST", status="201") == 1
    assert _sample(text, "cxr_http_requests_total", route="/films/<film>/picture.jpg", status="404") == 1
    assert _sample(text, "cxr_http_requests_total", route="none", status="404") == 1
    assert _sample(text, "cxr_http_requests_total", method="other", status="405") == 1
    assert _sample(text, "cxr_http_seconds_count", route="/films") == 1
    assert _sample(text, "cxr_http_seconds_sum", route="/films") > 0


def test_before_anything_was_asked_it_says_what_serves_and_what_its_models_expect(
    client: FlaskClient,
) -> None:
    text = client.get("/metrics").text
    assert f'version="{__version__}"' in text
    assert _sample(text, "cxr_model_info", model="findings") == 1
    share = _sample(
        text, "cxr_reference_share_above_threshold", model="findings", label="effusion", split="natural"
    )
    assert 0 < share < 0.5
    assert _sample(text, "cxr_reference_mean_probability", model="findings", label="effusion") > 0
    assert _sample(text, "cxr_reference_tone_limit", model="findings") > 0
    assert _sample(text, "cxr_cache_limit_bytes") == Settings().max_cache_bytes


def test_films_are_counted_by_score_size_and_tone(client: FlaskClient, phantom_png: bytes) -> None:
    key = client.post("/films?model=findings", data=phantom_png).get_json()["film"]
    text = client.get("/metrics").text
    verdict = "reject" if _sample(text, "cxr_analyses_total", verdict="reject") else "read"
    scores = _sample(text, "cxr_scores_total", model="findings", label="effusion")
    assert scores == (0 if verdict == "reject" else 1)
    assert _sample(text, "cxr_film_short_side_pixels_count", model="findings") == 1
    assert _sample(text, "cxr_film_short_side_pixels_sum", model="findings") == 500
    assert _sample(text, "cxr_stage_seconds_count", model="findings", stage="total") == 1
    assert _sample(text, "cxr_cache_bytes") > len(phantom_png)
    client.delete(f"/films/{key}")
    assert _sample(client.get("/metrics").text, "cxr_cache_bytes") < len(phantom_png)


def test_films_that_are_not_kept_are_counted(tmp_path: Path, phantom_png: bytes) -> None:
    settings = Settings(cache_dir=tmp_path / "cache", warm_up=False, max_cache_bytes=1024**2)
    client = create_app(settings).server.test_client()
    statuses = {client.post("/films", data=phantom_png).status_code for _ in range(12)}
    assert statuses - {201} <= {429, 503}
    assert _sample(client.get("/metrics").text, "cxr_cache_refusals_total") > 0


@pytest.fixture
def json_server_log(tmp_path: Path, phantom_png: bytes) -> str:
    environment = {"CXR_LOG_FORMAT": "json", "CXR_LOG_LEVEL": "debug"}
    with running_gunicorn(tmp_path, environment={**os.environ, **environment}) as server:
        film = server.post("/films?model=findings", phantom_png).json()["film"]
        server.get(f"/films/{film}/picture.jpg")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: server.get("/"), range(8)))
        eventually(
            lambda: server.metric("cxr_threads") == 8, "both workers to say how many threads they have"
        )
        assert server.metric("cxr_waiting_room") == 2 * Settings().max_waiting
        assert server.metric("cxr_busy_threads") >= 0
        assert server.metric("cxr_http_requests_total") >= 10
    return server.log.read_text()


def test_every_line_of_a_server_that_logs_json_is_an_object(json_server_log: str) -> None:
    lines = [json.loads(line) for line in json_server_log.splitlines()]
    assert any("XNNPACK" in line["event"] for line in lines), "what LiteRT says comes in the log's form"
    assert {"timestamp", "process", "level", "event"} <= set.intersection(*map(set, lines))
    answered = [line for line in lines if line["event"] == "answered"]
    assert {"/films", "/films/<film>/picture.jpg", "/"} <= {line["route"] for line in answered}
    assert all(re.fullmatch("[0-9a-f]{16}", line["request_id"]) for line in answered)
