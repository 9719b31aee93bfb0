"""The Apache file of ``deploy/`` between an OpenID provider and a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from certificates import self_signed
from gunicorn_server import ROOT, eventually, running_gunicorn
from openid_provider import quiet, running_provider

from benchmarks.servers import free_port

pytestmark = quiet

_FILE = ROOT / "deploy" / "apache" / "cxr-dash-openid.conf"
_MODULES = Path(os.environ.get("APACHE_MODULES", "/usr/lib/apache2/modules"))
_LOADED = (
    *("mpm_event", "authn_core", "authz_core", "authz_user", "env", "headers", "proxy", "proxy_http"),
    *("ssl", "socache_shmcb", "auth_openidc"),
)
_GROUPS = {"anna": ["radiology", "cardiology"], "root": ["radiology", "cxr-admin"], "carl": ["surgery"]}


@contextmanager
def _apache(folder: Path, upstream: int, issuer: str) -> Iterator[tuple[str, Path]]:
    """The file as it stands but for addresses and places of secrets; its address and its certificate."""
    program = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
    if program is None or not (_MODULES / "mod_auth_openidc.so").is_file():
        pytest.skip("no Apache with mod_auth_openidc on this machine: its file was NOT tried")
    folder.mkdir()
    (certificate, key), port = self_signed(folder), free_port()
    (folder / "secret").write_text("a secret")
    (folder / "passphrase").write_text("a phrase of this test")
    changes = {
        "https://id.example.org/realms/hospital": issuer,
        "https://cxr.example.org": f"https://localhost:{port}",
        "ServerName cxr.example.org": f"ServerName localhost:{port}",
        "Listen 443": f"Listen 127.0.0.1:{port}",
        "*:443": f"127.0.0.1:{port}",
        "127.0.0.1:8050": f"127.0.0.1:{upstream}",
        "/etc/ssl/cxr.pem": str(certificate),
        "/etc/ssl/cxr.key": str(key),
        "/etc/cxr/": f"{folder}/",
        "/dev/null": f"{folder}/apache.log",
    }
    text = _FILE.read_text(encoding="utf-8")
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    modules = "\n".join(f"LoadModule {name}_module {_MODULES}/mod_{name}.so" for name in _LOADED)
    places = f"ServerRoot {folder}\nPidFile {folder}/pid\nErrorLog {folder}/error.log\n"
    main = f"{modules}\n{places}DefaultRuntimeDir {folder}\n"
    user = "User nobody\nGroup nogroup\n" if os.getuid() == 0 else ""
    (folder / "apache.conf").write_text(f"{main}{user}Mutex file:{folder}\n{text}", encoding="utf-8")
    command = [program, "-f", str(folder / "apache.conf")]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    with (folder / "out.log").open("wb") as stream:
        process = subprocess.Popen([*command, "-DFOREGROUND"], stdout=stream, stderr=stream)
    try:
        address = f"https://localhost:{port}"
        eventually(lambda: _answers(address, certificate), "Apache")
        yield address, certificate
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(address: str, certificate: Path) -> bool:
    try:
        return requests.get(f"{address}/healthz", verify=str(certificate), timeout=10).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """Address, certificate, and the folder of Apache's own files."""
    environment = {
        **os.environ,
        "CXR_SIGN_IN": "proxy",
        "CXR_PROXIES": "1",
        "CXR_READER_GROUP": "radiology",
        "CXR_ALLOWED_HOSTS": "localhost,127.0.0.1",
    }
    folder = tmp_path_factory.mktemp("apache")
    with (
        running_provider(_GROUPS) as issuer,
        running_gunicorn(folder, environment=environment) as server,
        _apache(folder / "apache", server.port, issuer) as (address, certificate),
    ):
        yield address, certificate, folder / "apache"


def _browser(site: tuple[str, Path, Path]) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a bundle of authorities that the machine names is not this site's
    session.verify = str(site[1])
    session.headers["Accept"] = "text/html"
    return session


def _signed_in(site: tuple[str, Path, Path], name: str) -> tuple[requests.Session, requests.Response]:
    session = _browser(site)
    asked = session.get(site[0], allow_redirects=False, timeout=30)
    assert asked.status_code == 302, asked.text
    assert re.search("code_challenge_method=S256", asked.headers["Location"])
    back = requests.post(asked.headers["Location"], data={"sub": name}, allow_redirects=False, timeout=30)
    assert back.status_code == 302, back.text
    return session, session.get(back.headers["Location"], timeout=30)


@pytest.mark.parametrize(
    ("name", "page", "metrics"), [("anna", 200, 403), ("root", 200, 200), ("carl", 401, 401)]
)
def test_who_signs_in_at_the_provider_comes_in_by_ones_groups(
    site: tuple[str, Path, Path], name: str, page: int, metrics: int
) -> None:
    session, first = _signed_in(site, name)
    assert first.status_code == page
    assert session.get(f"{site[0]}/metrics", timeout=30).status_code == metrics
    if page == 200:
        assert name in session.get(f"{site[0]}/_dash-layout", timeout=30).text


def test_a_film_is_read_through_it_and_is_ones_own(site: tuple[str, Path, Path], phantom_png: bytes) -> None:
    anna, _ = _signed_in(site, "anna")
    root, _ = _signed_in(site, "root")
    added = anna.post(f"{site[0]}/films?model=findings", data=phantom_png, timeout=60)
    assert added.status_code == 201, added.text
    picture = f"{site[0]}/films/{added.json()['film']}/findings/effusion/heat-layer.png"
    assert anna.get(picture, timeout=60).status_code == 200
    assert root.get(picture, timeout=60).status_code == 404
    assert anna.delete(f"{site[0]}/films/{added.json()['film']}", timeout=30).status_code == 204


def test_who_is_not_signed_in_is_nobody_whatever_is_claimed(site: tuple[str, Path, Path]) -> None:
    claimed = {
        "Accept": "*/*",
        "X-Forwarded-User": "root",
        "X-Forwarded-Groups": "radiology,cxr-admin",
        "OIDC_CLAIM_groups": "radiology,cxr-admin",
    }
    stranger = _browser(site)
    asked = stranger.get(f"{site[0]}/_dash-layout", headers=claimed, allow_redirects=False, timeout=30)
    assert asked.status_code == 401
    assert stranger.get(f"{site[0]}/readyz", headers=claimed, timeout=30).status_code == 200
    asked = stranger.get(f"{site[0]}/metrics", headers=claimed, allow_redirects=False, timeout=30)
    assert asked.status_code == 401
    # where Apache asks nobody, neither header reaches the server
    anna, _ = _signed_in(site, "anna")
    assert anna.get(f"{site[0]}/metrics", headers=claimed, timeout=30).status_code == 403
    strange = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    # 500 is how the module refuses a host that is not its redirect's
    assert anna.get(f"{site[0]}/_dash-layout", headers=strange, timeout=30).status_code in {
        400,
        401,
        421,
        500,
    }
