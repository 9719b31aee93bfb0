"""The server as a hospital starts it: ``gunicorn app:server``, with and without ``--preload``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from gunicorn_server import ROOT, GunicornServer, eventually, running_gunicorn

from benchmarks.servers import free_port
from cxr_dash.inference.catalog import Catalog
from cxr_dash.settings import Settings


@pytest.fixture(scope="module", params=[(), ("--preload",)], ids=["plain", "preload"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GunicornServer]:
    with running_gunicorn(tmp_path_factory.mktemp("gunicorn"), request.param) as started:
        yield started


@pytest.fixture(scope="module")
def heat_layer() -> str:
    """Path of a heat layer of the default model, after the film's key."""
    settings = Settings()
    bundle = Catalog(settings.models_dir).get(settings.default_model)
    return f"{bundle.id}/{bundle.spec.label_keys[0]}/heat-layer.png"


def _added(server: GunicornServer, film: bytes) -> str:
    answer = server.post("/films", film)
    assert answer.status == 201, answer.body
    return str(answer.json()["film"])


def test_it_is_alive_and_ready(server: GunicornServer) -> None:
    assert server.get("/healthz").status == 200
    eventually(lambda: server.get("/readyz").json()["status"] == "ready", "the server to be ready")


def test_a_film_goes_in_and_its_heat_layer_comes_out(
    server: GunicornServer, phantom_png: bytes, heat_layer: str
) -> None:
    answer = server.get(f"/films/{_added(server, phantom_png)}/{heat_layer}")
    assert (answer.status, answer.content_type) == (200, "image/png")
    pixels = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.ndim == 2
    assert pixels.dtype == np.uint8


def test_both_workers_answer_many_requests_at_once_alike(
    server: GunicornServer, phantom_png: bytes, heat_layer: str
) -> None:
    assert len(server.workers()) == 2
    with ThreadPoolExecutor(8) as pool:
        films = list(pool.map(lambda _: _added(server, phantom_png), range(12)))
        answers = list(pool.map(lambda film: server.get(f"/films/{film}/{heat_layer}"), films))
    assert len(set(films)) == 12
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1


def test_metrics_count_over_all_workers(server: GunicornServer, phantom_png: bytes, heat_layer: str) -> None:
    before = server.metric("cxr_analyses_total")
    with ThreadPoolExecutor(8) as pool:
        films = list(pool.map(lambda _: _added(server, phantom_png), range(10)))
        list(pool.map(lambda film: server.get(f"/films/{film}/{heat_layer}"), films))
    assert {server.metric("cxr_analyses_total") for _ in range(6)} == {before + 10}


def test_no_process_has_tensorflow_mapped(
    server: GunicornServer, phantom_png: bytes, heat_layer: str
) -> None:
    server.get(f"/films/{_added(server, phantom_png)}/{heat_layer}")
    for process in [psutil.Process(server.process.pid), *server.workers()]:
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        assert "numpy" in maps
        assert "/tensorflow/" not in maps


def test_a_killed_worker_loses_no_film_and_is_replaced(
    server: GunicornServer, phantom_png: bytes, heat_layer: str
) -> None:
    film = _added(server, phantom_png)
    victim = server.workers()[0]
    os.kill(victim.pid, signal.SIGKILL)
    eventually(lambda: victim.pid not in {worker.pid for worker in server.workers()}, "the worker's end")
    assert server.get(f"/films/{film}/{heat_layer}").status == 200
    eventually(lambda: len(server.workers()) == 2, "a second worker")
    assert server.get(f"/films/{film}/{heat_layer}").status == 200


def test_the_log_has_no_film_key(server: GunicornServer, phantom_png: bytes, heat_layer: str) -> None:
    film = _added(server, phantom_png)
    server.get(f"/films/{film}/{heat_layer}")
    server.get(f"/films/{film}/no-such-model/x/heat-layer.png")
    assert film not in server.log.read_text()


def test_stopping_is_clean_and_leaves_no_counters_behind(tmp_path: Path) -> None:
    with running_gunicorn(tmp_path) as server:
        assert list((tmp_path / "metrics").iterdir())
    assert server.process.returncode == 0
    assert list((tmp_path / "metrics").iterdir()) == []
    assert "Traceback" not in server.log.read_text()


def test_a_reload_replaces_the_workers_and_keeps_films_and_counters(
    tmp_path: Path, phantom_png: bytes, heat_layer: str
) -> None:
    with running_gunicorn(tmp_path) as server:
        film = _added(server, phantom_png)
        server.get(f"/films/{film}/{heat_layer}")
        old = {worker.pid for worker in server.workers()}
        os.kill(server.process.pid, signal.SIGHUP)
        eventually(
            lambda: len(server.workers()) == 2 and not old & {worker.pid for worker in server.workers()},
            "two new workers",
        )
        assert server.get(f"/films/{film}/{heat_layer}").status == 200
        assert server.metric("cxr_analyses_total") == 1
        assert len(list((tmp_path / "metrics").iterdir())) == 1


def test_a_wrong_setting_keeps_it_from_starting_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXR_WORKERS", "many")
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "app:server"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "`CXR_WORKERS`" in done.stderr
    assert "Traceback" not in done.stderr


def test_started_at_the_root_it_leaves_the_systems_cache_alone_and_ends_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CXR_CACHE_DIR", raising=False)
    monkeypatch.setenv("CXR_PORT", str(free_port()))
    before = sorted(Path("/var/cache").iterdir())
    options = ["--config", str(ROOT / "gunicorn.conf.py"), "--pythonpath", str(ROOT)]
    ended = subprocess.run(
        [sys.executable, "-m", "gunicorn", *options, "app:server"],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode != 0
    assert "'var/cache', which is '/var/cache' from the working folder '/'" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert sorted(Path("/var/cache").iterdir()) == before


@pytest.mark.parametrize("preload", [(), ("--preload",)], ids=["plain", "preload"])
@pytest.mark.parametrize(
    "url",
    [
        "redis:6379",
        "redis://reader:sesame@redis:99999/0",
        "redis://reader:sesame@redis/0?socket_timeout=soon",
        "redis://reader:sesame@redis/0?nonsense=1",
    ],
)
def test_an_address_that_redis_does_not_take_ends_the_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch, url: str, preload: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CXR_CACHE_TYPE", "redis")
    monkeypatch.setenv("CXR_CACHE_REDIS_URL", url)
    monkeypatch.setenv("CXR_PORT", str(free_port()))
    command = [sys.executable, "-m", "gunicorn", *preload, "app:server"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
    assert ended.returncode != 0
    (said,) = ended.stderr.splitlines()
    assert "`CXR_CACHE_REDIS_URL`" in said
    assert "sesame" not in said


def test_films_whose_time_ran_out_leave_the_disk(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    old = cache / ("0f" * 32)  # named as the cache names a film
    old.write_bytes(b"pixels")
    yesterday = time.time() - 86_400
    os.utime(old, (yesterday, yesterday))
    with running_gunicorn(tmp_path):
        eventually(lambda: not old.exists(), "the old film's deletion")


def test_settings_reach_gunicorn(tmp_path: Path) -> None:
    with running_gunicorn(tmp_path, environment={**os.environ, "CXR_WARM_UP": "false"}) as server:
        assert len(server.workers()) == 2
        assert "WholeRequestWorker" in server.log.read_text()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CXR_CACHE_TYPE", "memory", "must have one worker"),
        ("CXR_CACHE_DIR", "/dev/null/films", "must be a folder the server may make"),
    ],
)
def test_a_cache_that_would_lose_films_keeps_it_from_starting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("CXR_PORT", str(free_port()))
    command = [sys.executable, "-m", "gunicorn", "app:server", "--workers", "2"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
    assert ended.returncode != 0
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
