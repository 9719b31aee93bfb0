"""What a stranger who knows HTTP better than browsers may send: refused in words, never a fault of ours."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from gunicorn_server import GunicornServer, running_gunicorn

_POSTS = (
    "/films",
    "/films/phantom",
    "/exports.csv",
    "/exports.zip",
    "/_dash-update-component",
    "/nothing",
    "/",
)
_CHUNKED = "Transfer-Encoding: chunked"
_FORM = "Content-Type: multipart/form-data; boundary=x"
_BROKEN = {
    "no size": (_CHUNKED, "ZZ\r\nhello\r\n0\r\n\r\n"),
    "a size below zero": (_CHUNKED, "-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk that is too long": (_CHUNKED, "3\r\nhello\r\n0\r\n\r\n"),
    "a header that belongs into the head": (_CHUNKED, "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n"),
    "no end of a form": (f"{_CHUNKED}\r\n{_FORM}", "3\r\n--x\r\nZZ\r\n"),
    "an extension that is none": (_CHUNKED, "5;\r=\r\nhello\r\n0\r\n\r\n"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornServer]:
    environment = {**os.environ, "CXR_WARM_UP": "false"}
    with running_gunicorn(tmp_path_factory.mktemp("stranger"), environment=environment) as started:
        yield started
    assert "unforeseen" not in started.log.read_text(), "a fault of ours"


def _status(server: GunicornServer, head: str, body: str = "") -> int:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(f"{head}\r\nConnection: close\r\n\r\n{body}".encode("latin-1"))
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.count(b"HTTP/1.") == 1
    return int(answer.split()[1])


@pytest.mark.parametrize("broken", _BROKEN.values(), ids=_BROKEN)
def test_a_body_in_chunks_that_make_no_sense_is_the_clients_fault(
    server: GunicornServer, broken: tuple[str, str]
) -> None:
    headers, body = broken
    for path in _POSTS:
        status = _status(server, f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}", body)
        # the phantom needs no body, and nobody reads that of an address which is none or takes no such method
        expected = {"/films/phantom": {201, 400}, "/nothing": {404}, "/": {405}}.get(path, {400})
        assert status in expected, path


@pytest.mark.parametrize(
    "script",
    [
        "dash/deps/nothing.js",
        "cxr_dash/settings.py",
        "os/path.py",
        "dash/..%2f..%2fapp.py",
        "%00/x.js",
        "dash/x",
    ],
)
def test_a_script_that_the_page_does_not_have_is_not_there(server: GunicornServer, script: str) -> None:
    assert server.get(f"/_dash-component-suites/{script}").status == 404


def test_another_sites_name_that_leads_here_is_not_answered(server: GunicornServer) -> None:
    for host, status in (
        ("localhost", 200),
        (f"127.0.0.1:{server.port}", 200),
        ("[::1]", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("<script>", 421),
    ):
        assert _status(server, f"GET / HTTP/1.1\r\nHost: {host}") == status, host
        rebound = (
            f"POST /films/phantom HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: 0"
        )
        assert _status(server, rebound) == (201 if status == 200 else 421), host
    assert _status(server, "GET /healthz HTTP/1.1\r\nHost: evil.example") == 200
    assert _status(server, "GET / HTTP/1.0") == 200, "a client that names no host"
