"""What is not there is answered with 404, and what is there only with the methods it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from cxr_dash.settings import Settings
from cxr_dash.web import create_app

# what a browser sends when a reader opens an address
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}
UNKNOWN = ["/healthzz", "/healthz/", "/films/x/y/z/overlay.jpg", "/foo", "/foo/bar.css", "/films/", "/es"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """One application for all of them: nothing is left behind in it."""
    settings = Settings(cache_dir=tmp_path_factory.mktemp("cache"), warm_up=False)
    with create_app(settings).server.test_client() as client:
        yield client


@pytest.mark.parametrize("address", UNKNOWN)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "PUT"])
def test_an_address_with_nothing_at_it_is_not_found_whatever_is_asked_of_it(
    client: FlaskClient, address: str, method: str
) -> None:
    answer = client.open(address, method=method)
    assert answer.status_code == 404
    assert answer.mimetype == "application/json"
    if method != "HEAD":
        error = answer.get_json()["error"]
        assert error["code"] == "address_not_found"
        assert address in error["message"]
        assert error["remedy"]


@pytest.mark.parametrize(
    "address", ["/", "/healthz", "/readyz", "/metrics", "/_dash-layout", "/assets/favicon.ico"]
)
def test_what_is_there_is_still_found(client: FlaskClient, address: str) -> None:
    with client.get(address) as answer:
        assert answer.status_code == 200
    with client.head(address) as head:
        assert (head.status_code, head.data) == (200, b"")


def test_no_route_takes_every_address(client: FlaskClient) -> None:
    # a route of Dash's for apps of many pages; another version of it might name it otherwise
    everything = [rule.rule for rule in client.application.url_map.iter_rules() if rule.rule.startswith("/<")]
    assert everything == []


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("GET", "/films", {"POST", "OPTIONS"}),
        ("GET", "/films/phantom", {"POST", "DELETE", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/exports.csv", {"POST", "OPTIONS"}),
        ("POST", "/films/x/picture.jpg", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_method_that_an_address_does_not_take_is_named_with_those_it_takes(
    client: FlaskClient, method: str, address: str, allowed: set[str]
) -> None:
    answer = client.open(address, method=method)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == allowed
    error = answer.get_json()["error"]
    assert error["code"] == "method_not_allowed"
    assert method in error["message"]


def test_a_reader_gets_a_small_page_in_their_language_with_the_way_home(tmp_path: Path) -> None:
    client = create_app(
        Settings(url_prefix="/x-ray/", warm_up=False, cache_dir=tmp_path)
    ).server.test_client()
    answer = client.get("/healthzz", headers=BROWSER | {"Accept-Language": "es"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert '<html lang="es">' in answer.text
    assert 'href="/x-ray/"' in answer.text
    assert "No hay nada en esta dirección: /healthzz" in answer.text
    assert answer.headers["Content-Language"] == "es"
    assert {"Accept", "Accept-Language", "Cookie"} <= set(answer.vary)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "_dash" not in answer.text


def test_a_reader_who_opens_the_address_of_a_film_that_is_gone_reads_words_too(client: FlaskClient) -> None:
    answer = client.get(f"/films/{'a' * 32}/picture.jpg", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "no longer kept" in answer.text


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "image/avif,image/webp,*/*;q=0.8", "", "text/*;q=0.1,*/*"]
)
def test_programs_pictures_and_scripts_get_json(client: FlaskClient, accept: str) -> None:
    assert client.get("/foo", headers={"Accept": accept}).mimetype == "application/json"


def test_an_address_is_said_back_as_text_and_no_longer_than_needed(client: FlaskClient) -> None:
    page = client.get("/<script>alert(1)</script>", headers=BROWSER).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "{x}" in client.get("/{x}", headers=BROWSER).text
    assert len(client.get("/" + "a" * 5000).text) < 600
