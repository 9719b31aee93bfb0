"""Signing in: by a file, by a proxy's word, and where nobody has chosen who may come in."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn_server import ROOT, GunicornServer, eventually

from benchmarks.servers import free_port, gunicorn
from cxr_dash.errors import RequestError, UsersError
from cxr_dash.services.accounts import Sessions
from cxr_dash.services.accounts.users_file import UsersFile
from cxr_dash.services.cases import MemoryCache
from cxr_dash.settings import Settings
from cxr_dash.web import create_app

PASSWORD = "a sentence of anna's own"  # noqa: S105
PERSON = {"Accept": "text/html"}
# As gunicorn says of a request that came to a server which listens on all of the machine's addresses.
BEYOND = {"SERVER_NAME": "0.0.0.0", "REMOTE_ADDR": "10.0.0.7"}  # noqa: S104
Build = Callable[..., Flask]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def make(**values: Any) -> Flask:
        settings = Settings(
            cache_dir=tmp_path / "cache", users_file=tmp_path / "users.json", warm_up=False, **values
        )
        return create_app(settings).server

    return make


@pytest.fixture
def users(tmp_path: Path) -> UsersFile:
    users = UsersFile(tmp_path / "users.json")
    users.put("anna", "reader", PASSWORD)
    return users


def sign_in(client: FlaskClient, password: str = PASSWORD, name: str = "anna", **options: Any) -> Any:
    return client.post("/sign-in", data={"name": name, "password": password}, **options)


def test_on_this_machine_nobody_is_asked_who_comes(build: Build) -> None:
    client = build().test_client()
    assert client.get("/", headers=PERSON).status_code == 200
    assert client.post("/films/phantom").status_code == 201
    assert client.get("/sign-in").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/", "/films/phantom", "/metrics", "/nothing", "/_dash-layout", "/parts/0123456789abcdef/page.js"],
)
def test_beyond_this_machine_nobody_is_served_until_somebody_has_chosen(build: Build, path: str) -> None:
    answer = build().test_client().get(path, environ_overrides=BEYOND)
    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "sign_in_unset"
    assert "CXR_SIGN_IN" in answer.get_json()["error"]["remedy"]


def test_a_server_that_nobody_chose_for_is_alive_and_says_why_it_is_not_ready(build: Build) -> None:
    client = build().test_client()
    assert client.get("/healthz", environ_overrides=BEYOND).status_code == 200
    ready = client.get("/readyz", environ_overrides=BEYOND)
    assert ready.status_code == 503
    assert any("who may come in" in line for line in ready.get_json()["missing"])


def test_switched_off_by_name_everybody_is_served(build: Build) -> None:
    client = build(sign_in="off").test_client()
    assert client.post("/films/phantom", environ_overrides=BEYOND).status_code == 201


def test_a_person_is_taken_to_the_page_and_a_program_is_told(build: Build, users: UsersFile) -> None:
    client = build(sign_in="users").test_client()
    taken = client.get("/", headers=PERSON)
    assert (taken.status_code, taken.headers["Location"]) == (303, "/sign-in")
    told = client.get("/")
    assert (told.status_code, told.get_json()["error"]["code"]) == (401, "sign_in")


def test_name_and_password_open_the_page_and_signing_out_closes_it(build: Build, users: UsersFile) -> None:
    client = build(sign_in="users").test_client()
    assert sign_in(client).status_code == 303
    assert client.get("/", headers=PERSON).status_code == 200
    token = client.get_cookie("cxr-sign-in")
    assert token is not None
    assert client.post("/sign-out").status_code == 303
    client.set_cookie("cxr-sign-in", token.value)
    assert client.get("/").status_code == 401


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    build: Build, users: UsersFile, name: str, password: str
) -> None:
    client = build(sign_in="users").test_client()
    answer = sign_in(client, password, name, headers={"Accept-Language": "en"})
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert client.get("/").status_code == 401


def test_the_cookie_is_for_the_server_alone_and_for_tls_where_there_is_tls(
    build: Build, users: UsersFile
) -> None:
    server = build(sign_in="users")
    cookie = sign_in(server.test_client(), base_url="https://cxr.example.org").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Secure"} <= {part.strip() for part in cookie.split(";")}
    assert "Max-Age" not in cookie
    assert "Expires" not in cookie


def test_over_plain_http_from_elsewhere_no_password_is_taken(build: Build, users: UsersFile) -> None:
    refused = sign_in(build(sign_in="users").test_client(), base_url="http://cxr.example.org")
    assert refused.status_code == 403
    assert "Set-Cookie" not in refused.headers
    allowed = build(sign_in="users", sign_in_over_http=True).test_client()
    assert sign_in(allowed, base_url="http://cxr.example.org").status_code == 303


def test_passwords_cannot_be_tried_without_end(build: Build, users: UsersFile) -> None:
    client = build(sign_in="users", workers=1).test_client()
    answers = [sign_in(client, "wrong").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    late = sign_in(client)
    assert (late.status_code, late.headers["Retry-After"]) == (429, "900")


def test_other_sites_cannot_sign_a_reader_in_or_out(build: Build, users: UsersFile) -> None:
    client = build(sign_in="users").test_client()
    elsewhere = {"Origin": "https://evil.example"}
    assert sign_in(client, headers=elsewhere).status_code == 422
    sign_in(client)
    assert client.post("/sign-out", headers=elsewhere).status_code == 422
    assert client.get("/").status_code == 200


def test_a_name_with_markup_in_it_is_shown_as_it_is(build: Build, users: UsersFile) -> None:
    answer = sign_in(build(sign_in="users").test_client(), "wrong", '"><script>alert(1)</script>')
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_sign_in_ends_with_its_time_and_when_nothing_is_done() -> None:
    clock = [1000.0]
    sessions = Sessions(MemoryCache(), most_seconds=3600, idle_seconds=600, now=lambda: clock[0])
    busy, idle = sessions.begin("anna", "reader"), sessions.begin("bert", "reader")
    for minute in range(1, 60):
        clock[0] = 1000.0 + 60 * minute
        assert sessions.find(busy) is not None
    assert sessions.find(idle) is None
    clock[0] = 1000.0 + 3600
    assert sessions.find(busy) is None


def test_a_proxys_word_counts_from_its_own_address_alone(build: Build) -> None:
    client = build(sign_in="proxy", proxy_from="10.0.0.1, 10.1.0.0/16", proxies=1).test_client()
    named = {"X-Forwarded-User": "anna", "X-Forwarded-For": "10.0.0.1"}
    for peer, status in (("10.0.0.1", 200), ("10.1.2.3", 200), ("10.0.0.2", 401), ("127.0.0.1", 401)):
        assert client.get("/", headers=named, environ_overrides={"REMOTE_ADDR": peer}).status_code == status
    nobody = client.get("/", environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
    assert nobody.status_code == 401


def test_a_proxys_groups_give_the_role_and_keep_others_out(build: Build) -> None:
    client = build(sign_in="proxy", reader_group="radiology").test_client()
    for groups, page, metrics in (
        ("", 401, 401),
        ("surgery", 401, 401),
        ("surgery, radiology", 200, 403),
        ("cxr-admin", 200, 200),
    ):
        headers = {"X-Forwarded-User": "anna", "X-Forwarded-Groups": groups}
        assert client.get("/", headers=headers).status_code == page
        assert client.get("/metrics", headers=headers).status_code == metrics


def test_two_users_of_a_proxy_do_not_see_each_others_films(build: Build) -> None:
    client = build(sign_in="proxy").test_client()
    anna, bert = {"X-Forwarded-User": "anna"}, {"X-Forwarded-User": "bert"}
    film = client.post("/films/phantom", headers=anna).get_json()["film"]
    assert client.get(f"/films/{film}/picture.jpg", headers=bert).status_code == 404
    assert client.get(f"/films/{film}/picture.jpg", headers=anna).status_code == 200


def test_a_page_can_tell_that_another_user_has_come(build: Build) -> None:
    client = build(sign_in="proxy").test_client()

    def tag(name: str) -> str | None:
        return client.get("/", headers={"X-Forwarded-User": name}).headers.get("X-Cxr-Reader")

    assert tag("anna") == tag("anna") != tag("bert")
    layout = client.get("/_dash-layout", headers={"X-Forwarded-User": "anna"}).get_data(as_text=True)
    assert f'"reader":"{tag("anna")}"' in layout.replace('": ', '":')
    assert "X-Cxr-Reader" not in build(sign_in="off").test_client().get("/").headers


def test_a_proxys_address_that_is_none_keeps_the_server_from_starting(build: Build) -> None:
    with pytest.raises(RequestError, match="CXR_PROXY_FROM"):
        build(sign_in="proxy", proxy_from="the proxy")


def test_the_counters_may_be_read_from_a_named_address(build: Build) -> None:
    client = build(sign_in="users", metrics_from="10.9.0.0/24").test_client()
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.9.0.5"}).status_code == 200
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.9.1.5"}).status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost.", 200),
        ("cxr.localhost:8050", 200),
        ("ward-7:8050", 200),
        ("WARD-7", 200),
        ("a.ward-7", 421),
        ("evil-localhost", 421),
        ("localhost.evil.example", 421),
    ],
)
def test_a_name_of_this_machine_alone_is_answered(build: Build, host: str, status: int) -> None:
    """Debian gives a machine's own name an address of this machine alone: ``CXR_HOST=ward-7``."""
    client = build(host="ward-7").test_client()
    asked = client.get("/", headers={"Host": host}, environ_overrides={"SERVER_NAME": "127.0.1.1"})
    assert asked.status_code == status


def test_other_host_names_than_the_allowed_are_not_answered(build: Build) -> None:
    client = build(allowed_hosts="cxr.example.org, .clinic.example").test_client()
    for host, status in (("cxr.example.org", 200), ("a.clinic.example", 200), ("evil.example", 421)):
        assert client.get("/", base_url=f"http://{host}").status_code == status
    assert client.get("/healthz", base_url="http://evil.example").status_code == 200


def test_behind_tls_browsers_are_told_to_keep_to_it(build: Build) -> None:
    client = build(proxies=1).test_client()
    secure = client.get("/", headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get("/").headers


def test_a_forwarded_address_is_believed_from_as_many_proxies_as_are_set(build: Build) -> None:
    forged = {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}
    for proxies, limited in ((1, True), (2, False)):
        client = build(sign_in="off", proxies=proxies, rate_limit="2 per minute", workers=1).test_client()
        answers = [
            client.get("/nothing" if n < 0 else "/_dash-layout", headers=forged).status_code for n in range(3)
        ]
        assert (429 in answers) is limited


def test_scripts_of_the_page_are_no_requests_that_are_counted(build: Build) -> None:
    """Of 88 modules one that is refused costs the page, and a ward behind one address opens many."""
    client = build(sign_in="off", rate_limit="2 per minute", workers=1).test_client()
    far = {"REMOTE_ADDR": "203.0.113.9"}
    modules = re.findall(r'modulepreload" href="([^"]+)"', client.get("/", environ_overrides=far).text)
    assert len(modules) > 60
    assert {client.get(address, environ_overrides=far).status_code for address in modules} == {200}


def test_films_of_one_user_are_limited_and_another_goes_on(build: Build) -> None:
    client = build(sign_in="proxy", film_rate_limit="2 per minute", workers=1).test_client()
    anna, bert = {"X-Forwarded-User": "anna"}, {"X-Forwarded-User": "bert"}
    answers = [client.post("/films/phantom", headers=anna) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].get_json()["error"]["code"] == "too_many"
    assert int(answers[2].headers["Retry-After"]) > 0
    assert client.post("/films/phantom", headers=bert).status_code == 201


def test_the_file_of_users_holds_no_password_and_is_closed_to_others(users: UsersFile) -> None:
    text = users.path.read_text()
    assert PASSWORD not in text
    assert "$argon2id$" in text
    assert users.path.stat().st_mode & 0o077 == 0
    users.path.chmod(0o644)
    with pytest.raises(UsersError, match="others may read"):
        users.users()


@pytest.mark.parametrize(("name", "password"), [("an na", PASSWORD), ("", PASSWORD), ("anna", "short")])
def test_a_name_or_password_that_does_not_fit_is_refused(users: UsersFile, name: str, password: str) -> None:
    with pytest.raises(UsersError, match="must"):
        users.put(name, "reader", password)


def test_a_damaged_file_of_users_lets_nobody_in(build: Build, users: UsersFile) -> None:
    client = build(sign_in="users").test_client()
    sign_in(client)
    users.path.write_text('{"users": {"anna": {"role": "god"}}}')
    assert client.get("/").status_code == 503


def test_gunicorn_on_all_addresses_says_what_to_set_in_its_log_and_on_its_page(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    # gunicorn's own argument, which outweighs the setting
    command = [sys.executable, "-m", "gunicorn", "app:server", "--bind", f"0.0.0.0:{port}"]
    environment = {**os.environ, "CXR_CACHE_DIR": str(tmp_path / "cache"), "CXR_WARM_UP": "false"}
    with log.open("wb") as stream, gunicorn(command, ROOT, environment, stream, patience=40) as process:
        server = GunicornServer(process, port, log)
        eventually(lambda: _answers(server), "the server to be alive")
        page = server.get("/")
        assert page.status == 503
        assert "CXR_SIGN_IN" in page.json()["error"]["remedy"]
        assert server.get("/readyz").status == 503
        assert "nobody is served: this server listens on 0.0.0.0" in log.read_text()


def _answers(server: GunicornServer) -> bool:
    try:
        return server.get("/healthz").status == 200
    except OSError:
        return False


def test_a_server_whose_workers_are_as_many_as_its_cores_has_limits_too(
    build: Build, users: UsersFile
) -> None:
    client = build(sign_in="users", workers=0).test_client()
    assert client.get("/sign-in").status_code == 200
