"""A server that lacks what its settings promise is not ready, and its page says what is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundle_builder import write_bundle
from flask.testing import FlaskClient
from typer.testing import CliRunner

from cxr_dash.cli import app
from cxr_dash.settings import ROOT, Settings
from cxr_dash.web import create_app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped models and assets, to take something away from."""
    (tmp_path / "models").mkdir()
    for bundle in (ROOT / "models").iterdir():
        (tmp_path / "models" / bundle.name).symlink_to(bundle)
    shutil.copytree(ROOT / "assets", tmp_path / "assets")
    return tmp_path


def _client(folder: Path, **settings: Any) -> FlaskClient:
    given = {
        "models_dir": folder / "models",
        "assets_dir": folder / "assets",
        "cache_dir": folder / "cache",
        "warm_up": False,
    }
    return create_app(Settings(**given | settings)).server.test_client()


def _refuse(bundle: Path) -> None:
    """Change a model's file after it was exported."""
    source = bundle.resolve()
    bundle.unlink()
    shutil.copytree(source, bundle)
    with (bundle / "serving.tflite").open("ab") as stream:
        stream.write(b"!")


_LACKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "default model gone": (lambda at: (at / "models/findings").unlink(), "opens with, findings, is missing"),
    "default model changed": (
        lambda at: _refuse(at / "models/findings"),
        "opens with, findings, was refused",
    ),
    "gate gone": (lambda at: (at / "models/gate").unlink(), "input gate is missing"),
    "gate changed": (lambda at: _refuse(at / "models/gate"), "input gate is missing or was refused"),
    "lungs gone": (lambda at: (at / "models/lungs").unlink(), "lung segmenter is missing"),
    "no assets": (lambda at: shutil.rmtree(at / "assets"), "Parts of this page are missing"),
    "no styles": (
        lambda at: shutil.rmtree(at / "assets/css"),
        "missing, so that it cannot work as it should: css",
    ),
    "no film scripts": (lambda at: shutil.rmtree(at / "assets/js/5-film"), "js/5-film"),
}


def test_a_template_of_the_report_text_that_cannot_be_used_makes_it_not_ready(folder: Path) -> None:
    (folder / "words").mkdir()
    (folder / "words" / "es.txt").write_text("{{ model.id }} {{ modelo.version }}", encoding="utf-8")
    client = _client(folder, report_templates=folder / "words")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    (said,) = answer.get_json()["missing"]
    assert "es.txt" in said
    assert "'modelo' is undefined" in said
    assert said in str(client.get("/_dash-layout").get_json())
    good = "{{ model.id }} {{ model.version }} {% for one in findings %}{{ one.name }} {% endfor %}"
    (folder / "words" / "es.txt").write_text(good, encoding="utf-8")
    assert client.get("/readyz").get_json()["missing"] == []


@pytest.mark.parametrize(("take", "words"), _LACKS.values(), ids=_LACKS)
def test_what_is_missing_makes_it_not_ready_and_is_said_on_the_page(
    folder: Path, take: Callable[[Path], object], words: str
) -> None:
    take(folder)
    client = _client(folder)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    (said,) = answer.get_json()["missing"]
    assert words in said
    assert said in str(client.get("/_dash-layout").get_json())
    assert client.get("/healthz").status_code == 200


def test_an_unknown_default_model_makes_it_not_ready_and_the_page_says_which(
    folder: Path,
) -> None:
    client = _client(folder, default_model="fidnings")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "'fidnings'" in answer.get_json()["model"]
    assert "opens with, fidnings, is missing; what you see is covid." in str(
        client.get("/_dash-layout").get_json()
    )


def test_the_sentence_is_said_in_the_readers_language(folder: Path) -> None:
    (folder / "models/gate").unlink()
    page = _client(folder).get("/_dash-layout", headers={"Accept-Language": "es"}).get_json()
    assert "control de entrada" in str(page)


def test_with_all_that_its_settings_promise_it_is_ready_and_the_page_is_silent(folder: Path) -> None:
    client = _client(folder)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["missing"]) == (200, [])
    assert "lacking" not in str(client.get("/_dash-layout").get_json())


def test_a_site_may_do_without_the_tools_by_name(folder: Path) -> None:
    (folder / "models/gate").unlink()
    assert _client(folder, require_tools=False).get("/readyz").status_code == 200


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_bundle_that_may_not_be_read_is_refused_and_the_others_work(folder: Path) -> None:
    write_bundle(folder / "models", "locked")
    (folder / "models/locked").chmod(0)
    try:
        client = _client(folder)
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert "must be readable" in answer.get_json()["refused"]["locked"]
    finally:
        (folder / "models/locked").chmod(0o700)


def test_a_bundles_file_that_cannot_be_read_refuses_that_bundle_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Path.open

    def locked(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.parent.name == "covid" and path.suffix == ".tflite":
            raise PermissionError(13, "Permission denied")
        return given(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", locked)
    answer = _client(folder).get("/readyz")
    assert answer.status_code == 200
    assert "must be readable" in answer.get_json()["refused"]["covid"]


def test_doctor_names_what_is_missing_and_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "models/gate").unlink()
    shutil.rmtree(folder / "assets/js/9-page")
    for name in ("models", "assets", "cache"):
        monkeypatch.setenv(f"CXR_{name.upper()}_DIR", str(folder / name))
    answer = CliRunner().invoke(app, ["doctor"])
    assert answer.exit_code == 1
    assert "input gate is missing" in answer.stdout
    assert "js/9-page" in answer.stdout
