"""What a stranger tried at the sign-in, and what a reader would have lost by it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from gunicorn_server import running_gunicorn

from cxr_dash.errors import StorageError
from cxr_dash.services.accounts import Sessions
from cxr_dash.services.accounts.users_file import UsersFile
from cxr_dash.services.cases import MemoryCache
from cxr_dash.settings import Settings
from cxr_dash.web import create_app


class _Full(MemoryCache):
    """Takes what comes until it is told to be full."""

    full = False

    def set(self, *args: Any, **options: Any) -> None:
        if self.full:
            raise StorageError("full")
        super().set(*args, **options)


def test_who_is_signed_in_stays_so_when_the_cache_is_full_of_films() -> None:
    clock, cache = [1000.0], _Full()
    sessions = Sessions(cache, most_seconds=3600, idle_seconds=600, now=lambda: clock[0])
    token = sessions.begin("anna", "reader")
    cache.full = True
    clock[0] += 60
    found = sessions.find(token)
    assert found is not None
    assert found.name == "anna"
    sessions.end(token)
    assert sessions.find(token) is None


def test_signing_out_is_not_undone_by_a_request_of_the_same_moment() -> None:
    clock, out = [1000.0], []

    class Meanwhile(MemoryCache):
        """Signs out in another thread just before the last use is written down."""

        def set(self, key: str, value: Any, *args: Any, **options: Any) -> None:
            if clock[0] > 1000 and not out:
                out.append(key)
                sessions.end(token)
            super().set(key, value, *args, **options)

    sessions = Sessions(Meanwhile(), most_seconds=3600, idle_seconds=600, now=lambda: clock[0])
    token = sessions.begin("anna", "reader")
    clock[0] += 60
    sessions.find(token)
    assert out
    assert sessions.find(token) is None


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_what_a_proxy_on_this_machine_hands_on_is_not_served_until_somebody_has_chosen(
    tmp_path: Path, header: str
) -> None:
    server = create_app(Settings(cache_dir=tmp_path, warm_up=False)).server
    handed_on = {header: "for=203.0.113.9" if header == "Forwarded" else "203.0.113.9"}
    answer = server.test_client().post("/films/phantom", headers=handed_on)
    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "sign_in_unset"
    assert server.test_client().get("/readyz", headers=handed_on).status_code == 503
    chosen = create_app(Settings(cache_dir=tmp_path, warm_up=False, sign_in="off")).server
    assert chosen.test_client().get("/_dash-layout", headers=handed_on).status_code == 200


def test_passwords_cannot_be_tried_from_the_many_addresses_that_one_machine_has_in_ipv6(
    tmp_path: Path,
) -> None:
    users = UsersFile(tmp_path / "users.json")
    users.put("anna", "reader", "a sentence of anna's own")
    settings = Settings(
        cache_dir=tmp_path / "cache",
        users_file=users.path,
        sign_in="users",
        sign_in_over_http=True,
        warm_up=False,
        workers=1,
    )
    client = create_app(settings).server.test_client()

    def tried(address: str) -> int:
        wrong = {"name": "anna", "password": "wrong"}
        return client.post("/sign-in", data=wrong, environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [tried(f"2001:db8:1:2::{last}") for last in range(1, 7)] == [401] * 5 + [429]
    assert tried("2001:db8:1:3::1") == 401


def test_a_client_behind_a_proxy_of_this_machine_says_nothing_about_the_path(tmp_path: Path) -> None:
    """gunicorn believes ``SCRIPT_NAME`` and ``PATH_INFO`` of whoever connects from 127.0.0.1."""
    environment = {**os.environ, "CXR_LOG_LEVEL": "debug"}
    with running_gunicorn(tmp_path, environment=environment) as server:
        for header in ("SCRIPT_NAME", "PATH_INFO"):
            assert server.get("/x/metrics", {header: "/x"}).status == 404
            assert server.get("/healthz", {header: "/nope"}).status == 200
        lines = [line for line in server.log.read_text().splitlines() if "GET /x/metrics" in line]
    assert lines
    assert not [line for line in lines if re.search("request_id=", line)], "of a request before, not its own"
