"""A film that was confirmed stays for its time; one that is deleted is gone, or said not to be."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient
from gunicorn_server import ROOT

from benchmarks.servers import free_port
from cxr_dash import imaging
from cxr_dash.settings import Settings
from cxr_dash.store.folder import SealedFolderCache
from cxr_dash.store.sealed import SEAL_BYTES
from cxr_dash.web import create_app


def _film(seed: int) -> bytes:
    """A film of about 600 kB that differs from every other."""
    noise = np.random.default_rng(seed).integers(0, 40, (800, 760), dtype=np.uint8)
    return imaging.encode_png(cv2.add(imaging.chest_phantom(800, 760), noise), {})


def _client(cache: Path, **settings: Any) -> FlaskClient:
    app = create_app(Settings(cache_dir=cache, warm_up=False, **settings))
    return app.server.test_client()


def test_uploads_of_one_reader_never_cost_another_a_film(tmp_path: Path) -> None:
    client = _client(tmp_path / "cache", max_cache_bytes=3 * 2**20)
    mine = client.post("/films", data=_film(0)).get_json()["film"]
    greedy = client.application.test_client()
    greedy.get("/")
    answers = [greedy.post("/films", data=_film(seed)) for seed in range(1, 7)]
    assert answers[-1].status_code in {429, 503}
    assert client.get(f"/films/{mine}/picture.jpg").status_code == 200
    kept = [answer.get_json()["film"] for answer in answers if answer.status_code == 201]
    assert kept
    assert all(greedy.get(f"/films/{film}/picture.jpg").status_code == 200 for film in kept)


def test_a_readers_share_is_the_readers_own_and_comes_back_with_a_deletion(tmp_path: Path) -> None:
    client = _client(tmp_path / "cache", max_session_bytes=2 * 2**20)
    client.get("/")
    answers = [client.post("/films", data=_film(seed)) for seed in range(5)]
    refused = answers[-1]
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (429, "quota")
    other = client.application.test_client()
    other.get("/")
    assert other.post("/films", data=_film(9)).status_code == 201
    client.delete(f"/films/{answers[0].get_json()['film']}")
    assert client.post("/films", data=_film(4)).status_code == 201


def test_the_page_gives_a_session_that_scripts_and_other_sites_cannot_use(tmp_path: Path) -> None:
    client = _client(tmp_path / "cache")
    (cookie,) = [
        one for one in client.get("/").headers.getlist("Set-Cookie") if one.startswith("cxr-session=")
    ]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert not client.get("/").headers.getlist("Set-Cookie")
    assert not client.get("/healthz").headers.getlist("Set-Cookie")


def test_a_film_that_could_not_be_deleted_is_answered_with_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phantom_png: bytes
) -> None:
    client = _client(tmp_path / "cache")
    film = client.post("/films", data=phantom_png).get_json()["film"]

    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(SealedFolderCache, "delete", read_only)
    answer = client.delete(f"/films/{film}")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "storage")
    assert "may still be kept" in answer.get_json()["error"]["message"]
    assert client.get(f"/films/{film}/picture.jpg").status_code == 200
    monkeypatch.undo()
    assert client.delete(f"/films/{film}").status_code == 204
    assert client.get(f"/films/{film}/picture.jpg").status_code == 404


def test_a_deleted_film_leaves_nothing_on_the_disk(tmp_path: Path, phantom_png: bytes) -> None:
    client = _client(tmp_path / "cache")
    film = client.post("/films?model=findings", data=phantom_png).get_json()["film"]
    # film, what was found of it, analysis, lock
    assert len(list((tmp_path / "cache").iterdir())) == 4
    assert client.delete(f"/films/{film}").status_code == 204
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["lock"]


def test_without_its_redis_a_deletion_is_answered_with_503(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(cache_type="redis", cache_redis_url="redis://127.0.0.1:1/0", warm_up=False))
    client = app.server.test_client()
    for ask in (client.delete, client.get):
        answer = ask(f"/films/{'k' * 32}" + ("/picture.jpg" if ask == client.get else ""))
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "storage")
        assert answer.headers["Retry-After"] == "30"


def test_a_damaged_entry_counts_as_gone_and_is_no_error(tmp_path: Path, phantom_png: bytes) -> None:
    client = _client(tmp_path / "cache")
    film = client.post("/films?model=findings", data=phantom_png).get_json()["film"]
    layer = f"/films/{film}/findings/effusion/heat-layer.png"
    files = [file for file in (tmp_path / "cache").iterdir() if file.name != "lock"]
    whole, *results = sorted(files, key=lambda file: b'"StoredFilm"' not in file.read_bytes())
    assert len(results) == 2, "an analysis, and what was found of the film"
    for result in results:
        result.write_bytes(result.read_bytes()[:500])
        assert client.get(layer).status_code == 200
    whole.write_bytes(whole.read_bytes()[:500])
    assert client.get(layer).status_code == 404


class _Hostile:
    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.system, (f"touch {self._mark}",)


def test_an_entry_that_somebody_else_wrote_runs_nothing(tmp_path: Path, phantom_png: bytes) -> None:
    client = _client(tmp_path / "cache")
    film = client.post("/films", data=phantom_png).get_json()["film"]
    hostile = pickle.dumps(_Hostile(tmp_path / "run"))
    for file in (tmp_path / "cache").iterdir():
        for data in (hostile, file.read_bytes()[: 4 + SEAL_BYTES] + hostile):
            if file.name != "lock":
                file.write_bytes(data)
                assert client.get(f"/films/{film}/picture.jpg").status_code == 404
    assert not (tmp_path / "run").exists()


def test_a_cache_folder_that_others_may_enter_keeps_the_server_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    monkeypatch.setenv("CXR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CXR_PORT", str(free_port()))
    command = [sys.executable, "-m", "gunicorn", "app:server"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
    assert ended.returncode != 0
    assert "must be closed to other users" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_film_whose_client_has_gone_is_not_kept(
    settings: Settings, client: FlaskClient, phantom_png: bytes
) -> None:
    here, there = socket.socketpair()
    with here, there:
        stayed = client.post("/films", data=phantom_png, environ_base={"gunicorn.socket": here})
        there.close()
        went = client.post("/films", data=phantom_png, environ_base={"gunicorn.socket": here})
    assert (stayed.status_code, went.status_code) == (201, 499)
    assert len([path for path in settings.cache_dir.iterdir() if path.name != "lock"]) == 1
