"""``cxr-dash doctor``: it finds what keeps the app from working, and says what to do."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cxr_dash.cli import app
from cxr_dash.cli.doctor import Check, examine, report
from cxr_dash.cli.settings_table import settings_markdown
from cxr_dash.settings import Settings

runner = CliRunner()


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture
def no_models(tmp_path: Path) -> Path:
    """An empty models folder: quick, where models are not the point."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(0)
        yield int(other.getsockname()[1])


def _check(checks: list[Check], name: str) -> Check:
    (found,) = [check for check in checks if check.name == name]
    return found


def test_a_sound_installation_has_nothing_to_complain_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CXR_PORT", str(_free_port()))
    answer = runner.invoke(app, ["doctor"])
    assert answer.exit_code == 0, answer.stdout
    assert f"ok     {Settings().default_model}" in answer.stdout
    assert "labels through litert" in answer.stdout
    assert "format JPEG" in answer.stdout
    assert ".jpg .jpeg .jfif; decoded by" in answer.stdout
    assert "Everything that is needed works." in answer.stdout


def test_a_model_file_that_was_changed_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Settings().default_model
    shutil.copytree(Settings().models_dir / model, tmp_path / "models" / model)
    with (tmp_path / "models" / model / "serving.tflite").open("ab") as stream:
        stream.write(b"!")
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("CXR_CACHE_DIR", str(tmp_path / "cache"))
    answer = runner.invoke(app, ["doctor"])
    assert answer.exit_code == 1
    assert f"fail   {model}" in answer.stdout
    assert "must have sha256" in answer.stdout


def test_no_model_at_all_fails_with_the_setting_to_change(no_models: Path, tmp_path: Path) -> None:
    check = _check(examine(Settings(models_dir=no_models, cache_dir=tmp_path / "cache")), "models")
    assert check.state == "fail"
    assert "CXR_MODELS_DIR" in check.remedy


def test_memory_cache_with_two_workers_fails(no_models: Path) -> None:
    checks = examine(Settings(models_dir=no_models, cache_type="memory", workers=2))
    assert _check(checks, "cache").state == "fail"
    checks = examine(Settings(models_dir=no_models, cache_type="memory", workers=1))
    assert _check(checks, "cache").state == "ok"


def test_a_cache_folder_that_cannot_be_made_fails(no_models: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    check = _check(examine(Settings(models_dir=no_models, cache_dir=tmp_path / "file" / "cache")), "cache")
    assert check.state == "fail"
    assert "CXR_CACHE_DIR" in check.remedy


def test_a_cache_folder_others_can_read_fails(no_models: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o755)
    check = _check(examine(Settings(models_dir=no_models, cache_dir=cache)), "cache")
    assert check.state == "fail"
    assert "chmod 700" in check.remedy


def test_a_redis_that_does_not_answer_fails_without_showing_its_password(no_models: Path) -> None:
    url = f"redis://:secret@127.0.0.1:{_free_port()}/0"
    checks = examine(Settings(models_dir=no_models, cache_type="redis", cache_redis_url=url))
    assert _check(checks, "cache").state == "fail"
    assert "secret" not in report(checks)


def test_a_port_somebody_else_uses_fails(no_models: Path, tmp_path: Path, busy_port: int) -> None:
    settings = Settings(models_dir=no_models, cache_dir=tmp_path / "cache", port=busy_port)
    check = _check(examine(settings), f"port {busy_port}")
    assert check.state == "fail"
    assert "CXR_PORT" in check.remedy


def test_the_report_counts_what_failed() -> None:
    checks = [Check("a", "ok", "fine"), Check("b", "fail", "broken", "Mend it."), Check("c", "warn", "odd")]
    assert report(checks).splitlines()[-2:] == ["b: Mend it.", "1 check(s) failed."]


def test_settings_are_printed_as_the_documented_table() -> None:
    answer = runner.invoke(app, ["doctor", "--settings"])
    assert answer.stdout.strip() == settings_markdown()


def test_a_folder_without_a_gate_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Settings().default_model
    shutil.copytree(Settings().models_dir / model, tmp_path / "models" / model)
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("CXR_CACHE_DIR", str(tmp_path / "cache"))
    answer = runner.invoke(app, ["doctor"])
    assert "warn   gate" in answer.stdout
    assert "pictures that are no chest films are answered for" in answer.stdout
