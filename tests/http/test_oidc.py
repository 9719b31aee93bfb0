"""Signing in with OpenID Connect, against a real provider that the test starts."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from openid_provider import quiet, running_provider

from cxr_dash.settings import Settings
from cxr_dash.web import create_app
from cxr_dash.web.sign_in.oidc import Provider

pytestmark = quiet

GROUPS = {"anna": ["radiology"], "root": ["radiology", "cxr-admin"], "carl": ["surgery"]}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider(GROUPS) as address:
        yield address


@pytest.fixture
def client(issuer: str, tmp_path: Path) -> FlaskClient:
    return build(issuer, tmp_path)


def build(issuer: str, folder: Path, **values: Any) -> FlaskClient:
    settings = Settings(
        cache_dir=folder / "cache",
        warm_up=False,
        sign_in="oidc",
        oidc_issuer=issuer,
        oidc_client_id="cxr-dash",
        oidc_client_secret="a secret",  # noqa: S106
        reader_group="radiology",
        **values,
    )
    return create_app(settings).server.test_client()


def to_the_provider(client: FlaskClient) -> str:
    started = client.get("/sign-in/start")
    assert started.status_code == 303
    return str(started.headers["Location"])


def as_the_provider_answers(address: str, name: str) -> str:
    """The address of ours that the provider sends the browser back to."""
    answer = requests.post(address, data={"sub": name}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return re.sub(r"^https?://[^/]+", "", answer.headers["Location"])


def sign_in(client: FlaskClient, name: str) -> Any:
    return client.get(as_the_provider_answers(to_the_provider(client), name))


def test_the_browser_is_sent_with_pkce_state_and_nonce(client: FlaskClient, issuer: str) -> None:
    address = to_the_provider(client)
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(issuer)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://localhost/sign-in/back"]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))


@pytest.mark.parametrize(("name", "metrics"), [("anna", 403), ("root", 200)])
def test_who_comes_back_is_signed_in_with_the_role_of_ones_groups(
    client: FlaskClient, name: str, metrics: int
) -> None:
    answer = sign_in(client, name)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/", headers={"Accept": "text/html"}).status_code == 200
    assert client.get("/metrics").status_code == metrics
    assert name in client.get("/_dash-layout").text


def test_who_is_in_no_group_that_may_read_stays_outside(client: FlaskClient) -> None:
    answer = sign_in(client, "carl")
    assert answer.status_code == 403
    assert "may not use this server" in answer.text
    assert client.get("/").status_code == 401


def test_an_answer_that_this_browser_did_not_ask_for_lets_nobody_in(
    client: FlaskClient, issuer: str, tmp_path: Path
) -> None:
    stolen = as_the_provider_answers(to_the_provider(client), "anna")
    other = build(issuer, tmp_path / "other")
    assert other.get(stolen).status_code == 401
    to_the_provider(other)
    assert other.get(stolen).status_code == 401
    assert other.get("/").status_code == 401


def test_an_answer_works_once(client: FlaskClient) -> None:
    back = as_the_provider_answers(to_the_provider(client), "anna")
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 401


def test_a_token_for_another_application_lets_nobody_in(client: FlaskClient) -> None:
    address = to_the_provider(client)
    swapped = as_the_provider_answers(re.sub("client_id=[^&]+", "client_id=another", address), "anna")
    assert client.get(swapped).status_code == 401


def test_a_token_with_another_nonce_lets_nobody_in(client: FlaskClient) -> None:
    address = to_the_provider(client)
    swapped = as_the_provider_answers(re.sub("nonce=[^&]+", "nonce=another", address), "anna")
    assert client.get(swapped).status_code == 401


def test_the_secret_of_pkce_stays_here_until_the_code_is_exchanged(issuer: str) -> None:
    # this provider does not look at it: what it is sent is read instead
    settings = Settings(sign_in="oidc", oidc_issuer=issuer, oidc_client_id="cxr-dash")
    address, waiting = Provider(settings).begin("http://localhost/sign-in/back")
    (challenge,) = parse_qs(urlsplit(address).query)["code_challenge"]
    digest = hashlib.sha256(waiting.verifier.encode()).digest()
    assert challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert waiting.verifier not in address


def test_a_provider_that_does_not_answer_is_said_on_the_page(tmp_path: Path) -> None:
    answer = build("http://localhost:9", tmp_path).get("/sign-in/start", headers={"Accept-Language": "en"})
    assert answer.status_code == 401
    assert "cannot reach" in answer.text


def test_a_provider_that_refused_is_said_on_the_page(client: FlaskClient) -> None:
    state = parse_qs(urlsplit(to_the_provider(client)).query)["state"][0]
    assert client.get(f"/sign-in/back?error=access_denied&state={state}").status_code == 401


def test_a_state_with_letters_beyond_ascii_lets_nobody_in_and_is_no_fault(client: FlaskClient) -> None:
    to_the_provider(client)
    assert client.get("/sign-in/back?state=%C3%A9&code=x").status_code == 401


def test_a_provider_that_does_not_answer_is_left_alone_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all threads would wait for it, one after the other, and those signed in for them."""
    asked: list[str] = []

    def hangs(address: str, **_options: Any) -> None:
        asked.append(address)
        raise requests.Timeout

    down = build("http://127.0.0.1:1", tmp_path)
    monkeypatch.setattr(requests, "get", hangs)
    for _ in range(4):
        assert "cannot reach" in down.get("/sign-in/start").text
    assert len(asked) == 1
