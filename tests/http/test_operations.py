"""What an administrator and a browser's security rely on."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from bundle_builder import write_bundle
from flask import Flask
from flask.testing import FlaskClient

from cxr_dash import imaging
from cxr_dash.settings import Settings
from cxr_dash.web import create_app


def test_the_server_is_alive_before_any_model_is_loaded(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "alive"


def test_ready_means_the_default_model_and_the_cache_can_be_used(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["cache"] == "usable"


def test_the_warm_up_makes_a_worker_ready_by_itself(tmp_path: Path) -> None:
    client = create_app(Settings(cache_dir=tmp_path)).server.test_client()
    for _ in range(200):
        answer = client.get("/readyz")
        if answer.status_code == 200:
            break
        time.sleep(0.1)
    assert answer.get_json()["status"] == "ready"


def test_a_folder_without_models_is_alive_but_not_ready_and_says_why(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path / "cache", models_dir=tmp_path, warm_up=False)
    client = create_app(settings).server.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "at least one usable bundle" in answer.get_json()["model"]
    assert client.get("/").status_code == 200


def test_without_its_redis_server_a_worker_is_not_ready_and_keeps_no_film(
    phantom_png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = "redis://127.0.0.1:1/0"
    app = create_app(Settings(cache_type="redis", cache_redis_url=nobody, warm_up=False))
    client = app.server.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["cache"]) == (503, "cannot be written")
    answer = client.post("/films", data=phantom_png)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "storage")
    assert {record.levelname for record in caplog.records if "cache" in record.message} == {"WARNING"}


def test_a_model_that_cannot_be_loaded_makes_the_worker_not_ready(tmp_path: Path) -> None:
    write_bundle(tmp_path / "models", "findings")
    settings = Settings(cache_dir=tmp_path / "cache", models_dir=tmp_path / "models")
    client = create_app(settings).server.test_client()
    for _ in range(200):
        answer = client.get("/readyz")
        if "loading" not in answer.get_json()["model"]:
            break
        time.sleep(0.1)
    assert answer.status_code == 503


def test_metrics_count_analyses_and_refused_files(client: FlaskClient, phantom_png: bytes) -> None:
    client.post("/films?model=findings", data=phantom_png)
    client.post("/films", data=b"text")
    text = client.get("/metrics").text
    assert 'cxr_analyses_total{model="findings"' in text
    assert 'cxr_refused_files_total{code="unsupported_format"} 1.0' in text
    assert 'cxr_stage_seconds_count{model="findings",stage="model"} 1.0' in text


def test_metrics_count_a_trust_report_once_and_only_when_it_is_made(
    client: FlaskClient, phantom_png: bytes
) -> None:
    film = client.post("/films?model=findings", data=phantom_png).get_json()["film"]
    assert 'stage="trust"' not in client.get("/metrics").text
    for _ in range(2):
        client.get(f"/films/{film}/findings/trust.json")
    text = client.get("/metrics").text
    assert 'cxr_stage_seconds_count{model="findings",stage="trust"} 1.0' in text
    assert 'cxr_stage_seconds_count{model="findings",stage="total"} 1.0' in text


def test_metrics_count_why_verdicts_were_not_ok_by_code(client: FlaskClient) -> None:
    flat = imaging.encode_png(np.full((300, 300), 128, np.uint8), {})
    client.post("/films?model=findings", data=flat)
    text = client.get("/metrics").text
    assert 'cxr_verdict_reasons_total{code="blank",model="findings",verdict="reject"} 1.0' in text


def test_the_page_loads_nothing_from_elsewhere_and_may_not_be_framed(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert '<html lang="en">' in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-eval'" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_script_of_the_page_loads_when_all_are_the_first_request_of_a_worker(
    settings: Settings,
) -> None:
    page = create_app(settings).server.test_client().get("/").text
    scripts = re.findall(r'src="(/_dash-component-suites[^"]+)"', page)
    assert len(scripts) > 5
    for _ in range(3):
        fresh = create_app(settings).server
        start = threading.Barrier(len(scripts))

        def load(script: str, server: Flask = fresh, start: threading.Barrier = start) -> int:
            start.wait()
            return server.test_client().get(script).status_code

        with ThreadPoolExecutor(len(scripts)) as pool:
            assert set(pool.map(load, scripts)) == {200}
