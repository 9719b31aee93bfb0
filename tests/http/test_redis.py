"""With Redis, several machines share films, and Redis itself lets go of them."""

from __future__ import annotations

import io
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from benchmarks.servers import free_port
from cxr_dash.settings import Settings
from cxr_dash.web import create_app


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of the test's own, in memory only."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server not found: install it (Debian: apt-get install redis-server)")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(
        [program, *options, "--dir", str(tmp_path_factory.mktemp("redis"))], stdout=subprocess.DEVNULL
    )
    try:
        _wait_until_it_answers(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_it_answers(port: int) -> None:
    with redis.Redis(port=port) as client:
        for _ in range(100):
            try:
                client.ping()
            except redis.ConnectionError:
                time.sleep(0.1)
            else:
                return
    pytest.fail("redis-server did not answer within ten seconds")


def _settings(url: str, folder: Path, **others: int) -> Settings:
    return Settings(cache_type="redis", cache_redis_url=url, cache_dir=folder, warm_up=False, **others)


def test_a_film_added_on_one_machine_is_read_on_another_and_expires(
    redis_url: str, tmp_path: Path, phantom_png: bytes
) -> None:
    settings = _settings(redis_url, tmp_path, case_lifetime_seconds=600)
    here, there = (create_app(settings).server.test_client() for _ in range(2))
    assert here.get("/readyz").get_json()["cache"] == "usable"
    film = here.post("/films?model=findings", data=phantom_png).get_json()["film"]
    layer = f"/films/{film}/findings/effusion/heat-layer.png"
    assert there.get(f"/films/{film}/picture.jpg").status_code == 200
    assert there.get(layer).data == here.get(layer).data
    taken = there.post("/exports.zip", json={"model": "findings", "films": [{"number": 1, "film": film}]})
    opened = zipfile.ZipFile(io.BytesIO(taken.data))
    assert "errors.txt" not in opened.namelist()
    assert any(name.endswith("/report.pdf") for name in opened.namelist())

    with redis.Redis.from_url(redis_url) as client:
        lifetimes = [client.ttl(key) for key in client.keys("cxr-*")]
    assert len(lifetimes) == 3  # the film, what was found of it, and its analysis
    assert all(0 < lifetime <= 600 for lifetime in lifetimes)

    there.delete(f"/films/{film}")
    assert here.get(f"/films/{film}/picture.jpg").status_code == 404


def test_a_redis_that_is_full_refuses_films_in_words_and_loses_none(
    redis_url: str, tmp_path: Path, phantom_png: bytes
) -> None:
    settings = _settings(redis_url, tmp_path)
    client = create_app(settings).server.test_client()
    film = client.post("/films", data=phantom_png).get_json()["film"]
    with redis.Redis.from_url(redis_url) as server:
        server.config_set("maxmemory-policy", "noeviction")
        server.config_set("maxmemory", "1mb")
        try:
            answer = client.post("/films?model=findings", data=phantom_png)
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "storage")
            # what is kept is read, and what cannot be remembered is asked for again
            assert client.get(f"/films/{film}/picture.jpg").status_code == 200
            assert client.get(f"/films/{film}/findings/effusion/heat-layer.png").status_code == 200
            assert client.delete(f"/films/{film}").status_code == 204
        finally:
            server.config_set("maxmemory", "0")


def test_one_readers_share_of_redis_ends_and_comes_back_with_a_deletion(
    redis_url: str, tmp_path: Path, phantom_png: bytes
) -> None:
    settings = _settings(redis_url, tmp_path, max_session_bytes=2**20)
    client = create_app(settings).server.test_client()
    client.get("/")
    films = []
    while (answer := client.post("/films", data=phantom_png)).status_code == 201:
        films.append(answer.get_json()["film"])
        assert len(films) < 200
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (429, "quota")
    assert films
    assert client.delete(f"/films/{films[0]}").status_code == 204
    assert client.post("/films", data=phantom_png).status_code == 201


def test_a_result_is_in_the_share_of_its_film_and_lives_no_longer(
    redis_url: str, tmp_path: Path, phantom_png: bytes
) -> None:
    settings = _settings(redis_url, tmp_path, case_lifetime_seconds=600)
    client = create_app(settings).server.test_client()
    client.get("/")
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
        film = client.post("/films", data=phantom_png).get_json()["film"]
        (name,) = server.keys("cxr-*")
        server.expire(name, 100)
        assert client.get(f"/films/{film}/findings/effusion/heat-layer.png").status_code == 200
        assert all(server.ttl(key) <= 100 for key in server.keys("cxr-*"))
        (share,) = server.keys("cxru-*")
        assert server.zcard(share) == len(server.keys("cxr-*")) == 3
        # what was found of it and its analysis are written anew, with the trust report, and larger
        assert client.get(f"/films/{film}/findings/trust.json").status_code == 200
        assert server.zcard(share) == len(server.keys("cxr-*")) == 3
        assert server.ttl(share) > 100, "the share is known as long as the film that was kept longest"
        client.delete(f"/films/{film}")
        assert server.zcard(share) == 0
