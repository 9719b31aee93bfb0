"""Modules of the page: each state of them has addresses of its own, so that no browser mixes two states."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from cxr_dash.services.page_parts import missing_parts, part_names
from cxr_dash.settings import ROOT, Settings
from cxr_dash.web import create_app

_CORE = "0-core/00-core.js"


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """The shipped ones, to change."""
    return Path(shutil.copytree(ROOT / "assets", tmp_path / "assets"))


def _client(assets: Path, **settings: str) -> FlaskClient:
    given = Settings(assets_dir=assets, cache_dir=assets.parent / "cache", warm_up=False, **settings)  # type: ignore[arg-type]
    return create_app(given).server.test_client()


def _modules(client: FlaskClient) -> list[str]:
    return re.findall(r'<link rel="modulepreload" href="([^"]+)">', client.get("/").text)


def test_a_module_is_what_lies_in_its_file_and_may_be_kept_for_good(assets: Path) -> None:
    client = _client(assets)
    addresses = _modules(client)
    assert len(addresses) > 60
    for address in addresses:
        answer = client.get(address)
        assert answer.mimetype == "text/javascript"
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.data == (assets / "js" / address.split("/", 3)[3]).read_bytes()


def test_what_a_module_imports_lies_at_an_address_that_the_index_names(assets: Path) -> None:
    client = _client(assets)
    addresses = set(_modules(client))
    for address in addresses:
        for other in re.findall(
            r'^(?:import|\} from) .*?"(\.[^"]+)";$', client.get(address).text, re.MULTILINE
        ):
            parts = address.split("/")[:-1]
            for step in other.split("/"):
                parts = parts[:-1] if step == ".." else parts if step == "." else [*parts, step]
            assert "/".join(parts) in addresses


def test_one_changed_module_gives_all_of_them_other_addresses(assets: Path) -> None:
    before = _client(assets)
    old = _modules(before)
    with (assets / "js" / _CORE).open("a") as stream:
        stream.write("// newer\n")
    after = _client(assets)
    new = _modules(after)
    assert len(new) == len(old)
    assert set(new).isdisjoint(old)
    assert {after.get(address).status_code for address in old} == {404}
    # a server that runs goes on with the modules that it began with
    assert _modules(before) == old
    assert "// newer" not in before.get(old[0]).text
    assert "// newer" in after.get(new[0]).text


@pytest.mark.parametrize(
    "name", ["0-core/none.js", "../css/10-base.css", "..%2fcss/10-base.css", "begin.js", "", _CORE + "/"]
)
def test_what_is_no_module_is_not_found(assets: Path, name: str) -> None:
    client = _client(assets)
    below = _modules(client)[-1].removesuffix("page.js")
    assert client.get(below + name).status_code == 404


def test_below_a_path_modules_are_asked_for_below_it(assets: Path) -> None:
    addresses = _modules(_client(assets, url_prefix="/x-ray/cxr/"))
    assert len(addresses) > 60
    assert all(address.startswith("/x-ray/cxr/parts/") for address in addresses)


def test_a_module_that_comes_late_is_served_without_a_new_start(assets: Path) -> None:
    text = (assets / "js" / _CORE).read_bytes()
    (assets / "js" / _CORE).unlink()
    client = _client(assets)
    assert client.get("/readyz").get_json()["missing"][0].endswith(f": js/{_CORE}.")
    assert not any(address.endswith(_CORE) for address in _modules(client))
    (assets / "js" / _CORE).write_bytes(text)
    assert client.get("/readyz").get_json()["missing"] == []
    assert client.get(_modules(client)[0]).data == text


@pytest.mark.parametrize("name", ["page.js", "begin.js", "6-panel/64-roc.js"])
def test_one_script_alone_is_missed(assets: Path, name: str) -> None:
    (assets / "js" / name).unlink()
    (said,) = _client(assets).get("/readyz").get_json()["missing"]
    assert said.endswith(f": js/{name}.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
@pytest.mark.parametrize("name", ["6-panel/64-roc.js", "6-panel", "."])
def test_what_may_not_be_read_is_missed(assets: Path, name: str) -> None:
    found = assets / "js" / name
    mode = found.stat().st_mode
    found.chmod(0)
    try:
        assert missing_parts(assets) == [Path("js", name).as_posix()]
    finally:
        found.chmod(mode)


def test_ends_of_lines_are_all_one_to_the_entry(assets: Path) -> None:
    """As git writes them where a developer's Windows has it so."""
    entry, before = assets / "js" / "page.js", part_names(assets)
    entry.write_bytes(entry.read_bytes().replace(b"\n", b"\r\n"))
    assert part_names(assets) == before


def test_words_for_modules_that_do_not_come_are_the_readers(assets: Path) -> None:
    client = _client(assets)
    assert "that it takes no films" in client.get("/").text
    assert "no admite placas" in client.get("/", headers={"Accept-Language": "es"}).text
    # what the server itself lacks the page names above everything else
    (assets / "js" / _CORE).unlink()
    assert "that it takes no films" not in _client(assets).get("/").text


def test_with_no_script_at_all_the_page_still_comes(assets: Path) -> None:
    shutil.rmtree(assets / "js")
    client = _client(assets)
    assert _modules(client) == []
    assert "new DashRenderer()" in client.get("/").text
    assert client.get("/parts/0123456789abcdef/page.js").status_code == 404
    assert client.get("/readyz").get_json()["missing"][0].endswith(": js.")
