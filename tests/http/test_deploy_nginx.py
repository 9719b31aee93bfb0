"""The nginx files of ``deploy/`` before a real server: TLS, prefix, counters kept in, no key in a log."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from certificates import self_signed
from gunicorn_server import ROOT, GunicornServer, eventually, running_gunicorn

from benchmarks.servers import free_port

_NGINX = ROOT / "deploy" / "nginx"


@dataclass(frozen=True)
class _Proxy:
    port: int
    folder: Path
    certificate: Path

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        context = ssl.create_default_context(cafile=str(self.certificate))
        connection = HTTPSConnection("localhost", self.port, timeout=60, context=context)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def log(self) -> str:
        return "".join(path.read_text() for path in self.folder.rglob("*.log"))


@contextmanager
def _nginx(folder: Path, site: str, upstream: int) -> Iterator[_Proxy]:
    """The site's file as it stands but for ports, certificate and the folder in memory."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx not found: install it (Debian: apt-get install nginx-light)")
    folder.mkdir()
    (certificate, key), port = self_signed(folder), free_port()
    changes = {
        "127.0.0.1:8050": f"127.0.0.1:{upstream}",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "/etc/ssl/cxr.pem": str(certificate),
        "/etc/ssl/cxr.key": str(key),
        "/dev/shm/nginx-films": str(folder / "films"),  # noqa: S108
    }
    for name in (site, "cxr-dash-proxy.inc"):
        text = (_NGINX / name).read_text()
        for before, after in changes.items():
            text = text.replace(before, after)
        (folder / name).write_text(text)
    kinds = ("proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log info; user root;"
        f"events {{}} http {{ access_log {folder}/access.log; {temporary} include {folder}/{site}; }}"
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: _listens(port), "nginx")
        yield _Proxy(port, folder, certificate)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornServer]:
    environment = {**os.environ, "CXR_URL_PREFIX": "/cxr/", "CXR_LOG_LEVEL": "debug", "CXR_SIGN_IN": "off"}
    with running_gunicorn(tmp_path_factory.mktemp("behind"), environment=environment) as server:
        yield server


@pytest.mark.parametrize(("site", "prefix"), [("cxr-dash.conf", "/"), ("cxr-dash-prefix.conf", "/cxr/")])
def test_behind_nginx_films_go_in_and_counters_stay_in(
    tmp_path: Path, behind: GunicornServer, phantom_png: bytes, site: str, prefix: str
) -> None:
    with _nginx(tmp_path / "nginx", site, behind.port) as proxy:
        status, headers, _ = proxy.ask("GET", f"{prefix}healthz")
        assert status == 200
        assert "max-age" in headers["Strict-Transport-Security"]
        assert "Server" not in headers or headers["Server"] == "nginx"
        for metrics in ("metrics", "%6detrics", "x/../metrics", "./metrics", "/metrics"):
            assert proxy.ask("GET", prefix + metrics)[0] in (403, 404), metrics
        assert proxy.ask("GET", f"{prefix}metrics")[0] == 403
        status, headers, body = proxy.ask("POST", f"{prefix}films", phantom_png)
        assert status == 201
        assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-ID"])
        key = re.findall(rb'"film":"([^"]+)"', body)[0].decode()
        assert headers["X-Request-ID"] in behind.log.read_text(), "one id in nginx's header and our line"
        assert proxy.ask("GET", f"{prefix}films/{key}/picture.jpg")[0] == 200
        assert proxy.ask("GET", f"{prefix}films/{key}/none")[0] == 404
        assert not [path for path in proxy.folder.rglob("films/*") if path.is_file()]
        assert key not in proxy.log()


def test_behind_nginx_senders_that_stop_reach_no_thread(tmp_path: Path, behind: GunicornServer) -> None:
    with _nginx(tmp_path / "nginx", "cxr-dash.conf", behind.port) as proxy:
        context = ssl.create_default_context(cafile=str(proxy.certificate))
        stalled = []
        for _ in range(12):
            plain = socket.create_connection(("127.0.0.1", proxy.port), timeout=60)
            stalled.append(context.wrap_socket(plain, server_hostname="localhost"))
            stalled[-1].sendall(
                b"POST /films HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\nab"
            )
        assert proxy.ask("GET", "/healthz")[0] == 200
        # a thread is let go a moment behind its answer; one that a sender holds, in many seconds
        assert 0 in (behind.metric("cxr_busy_threads") for _ in range(20))
        for client in stalled:
            client.close()


def test_behind_nginx_a_client_names_neither_itself_nor_the_host(tmp_path: Path) -> None:
    """A page of another site that a name server leads here can set ``X-Forwarded-Host``, but no ``Host``."""
    environment = {
        **os.environ,
        "CXR_SIGN_IN": "proxy",
        "CXR_PROXIES": "1",
        "CXR_ALLOWED_HOSTS": "localhost,127.0.0.1",
    }
    with (
        running_gunicorn(tmp_path, environment=environment) as server,
        _nginx(tmp_path / "nginx", "cxr-dash.conf", server.port) as proxy,
    ):
        named = {"X-Forwarded-User": "root", "X-Forwarded-Groups": "cxr-admin"}
        assert server.get("/_dash-layout", named).status == 200, "as the proxy itself might"
        assert proxy.ask("GET", "/_dash-layout", headers=named)[0] == 401
        strange = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
        assert proxy.ask("GET", "/_dash-layout", headers=strange)[0] == 421
