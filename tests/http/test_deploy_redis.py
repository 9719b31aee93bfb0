"""Redis as ``compose.yaml`` starts it: one user, who may do what the app does and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from gunicorn_server import ROOT

from benchmarks.servers import free_port
from cxr_dash.settings import Settings
from cxr_dash.web import create_app

_WORD = "secret1"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program, port = shutil.which("redis-server"), free_port()
    if program is None:
        pytest.skip("redis-server not found: install it (Debian: apt-get install redis-server)")
    folder = tmp_path_factory.mktemp("redis")
    users = (ROOT / "deploy" / "redis" / "users.acl").read_text().replace("PASSWORD", "secret1")
    (folder / "users.acl").write_text(users)
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--aclfile",
        str(folder / "users.acl"),
    ]
    process = subprocess.Popen([program, *options, "--dir", str(folder)], stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            with redis.Redis(port=port, username="cxr", password=_WORD) as client:
                client.ping()
            break
        except redis.ConnectionError:
            assert process.poll() is None, "redis-server takes its file of users"
            time.sleep(0.1)
    yield port
    process.terminate()
    process.wait(timeout=10)


def test_the_app_can_do_all_it_does(port: int, tmp_path: Path, phantom_png: bytes) -> None:
    url = f"redis://cxr:secret1@127.0.0.1:{port}/0"
    settings = Settings(cache_type="redis", cache_redis_url=url, cache_dir=tmp_path, warm_up=False)
    client = create_app(settings).server.test_client()
    assert client.get("/readyz").get_json()["cache"] == "usable"
    film = client.post("/films?model=findings", data=phantom_png).get_json()["film"]
    assert client.get(f"/films/{film}/findings/effusion/heat-layer.png").status_code == 200
    assert "\ncxr_cache_bytes " in client.get("/metrics").text
    assert client.delete(f"/films/{film}").status_code == 204
    assert client.get(f"/films/{film}/picture.jpg").status_code == 404


def test_requests_are_counted_for_all_workers(
    port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(
        cache_type="redis",
        cache_redis_url=f"redis://cxr:secret1@127.0.0.1:{port}/0",
        cache_dir=tmp_path,
        warm_up=False,
        sign_in="proxy",
        rate_limit="3 per minute",
    )
    clients = [create_app(settings).server.test_client() for _ in range(2)]
    headers = {"X-Forwarded-User": "anna"}
    answers = [clients[number % 2].get("/", headers=headers).status_code for number in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    assert "unreachable" not in caplog.text


def test_nobody_comes_in_without_the_password(port: int) -> None:
    with redis.Redis(port=port) as client, pytest.raises(redis.AuthenticationError):
        client.get("cxr-film")


@pytest.mark.parametrize("command", [("KEYS", "*"), ("FLUSHALL",), ("CONFIG", "GET", "*"), ("GET", "other")])
def test_the_user_may_do_nothing_else(port: int, command: tuple[str, ...]) -> None:
    with (
        redis.Redis(port=port, username="cxr", password=_WORD) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.execute_command(*command)
