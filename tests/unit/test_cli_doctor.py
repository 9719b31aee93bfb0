"""``cxr-dash doctor``: it finds what keeps the app from working, and says what to do."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.servers import free_port
from cxr_dash.cli import app
from cxr_dash.cli.doctor import Check, examine, report
from cxr_dash.cli.settings_table import settings_markdown
from cxr_dash.services.accounts.users_file import UsersFile
from cxr_dash.settings import Settings

runner = CliRunner()


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
    monkeypatch.setenv("CXR_PORT", str(free_port()))
    answer = runner.invoke(app, ["doctor"])
    assert answer.exit_code == 0, answer.stdout
    assert f"ok     {Settings().default_model}" in answer.stdout
    assert "labels through litert" in answer.stdout
    assert "format JPEG" in answer.stdout
    assert "the templates shipped" in answer.stdout
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


def test_a_folder_without_templates_fails_with_the_setting_to_change(tmp_path: Path) -> None:
    model = Settings().default_model
    shutil.copytree(Settings().models_dir / model, tmp_path / "models" / model)
    settings = Settings(
        models_dir=tmp_path / "models",
        cache_dir=tmp_path / "cache",
        report_templates=tmp_path,
        port=free_port(),
    )
    (found,) = [one for one in examine(settings) if one.name == "ready" and "TEMPLATES" in one.detail]
    assert found.remedy.endswith("CXR_REPORT_TEMPLATES to what is there.")


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
    url = f"redis://:secret@127.0.0.1:{free_port()}/0"
    checks = examine(Settings(models_dir=no_models, cache_type="redis", cache_redis_url=url))
    assert _check(checks, "cache").state == "fail"
    assert "secret" not in report(checks)


def test_a_port_somebody_else_uses_fails(no_models: Path, tmp_path: Path, busy_port: int) -> None:
    settings = Settings(models_dir=no_models, cache_dir=tmp_path / "cache", port=busy_port)
    check = _check(examine(settings), f"port {busy_port}")
    assert check.state == "fail"
    assert "CXR_PORT" in check.remedy


def test_traces_are_said_to_be_off_or_on_and_whether_anything_takes_them(
    no_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(*, tracing: bool = True) -> Check:
        settings = Settings(models_dir=no_models, cache_dir=tmp_path / "cache", tracing=tracing)
        return _check(examine(settings), "traces")

    assert (found(tracing=False).state, found(tracing=False).detail) == ("ok", "off")
    with socket.create_server(("127.0.0.1", 0), backlog=8) as collector:
        port = collector.getsockname()[1]
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://somebody:sesame@127.0.0.1:{port}")
        there = found()
    assert (there.state, there.detail) == ("ok", f"on, to 127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    assert found().remedy.startswith("Set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_PROTOCOL")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://somebody:sesame@127.0.0.1:{free_port()}")
    assert found().state == "warn"
    assert "sesame" not in report([found()])
    monkeypatch.setattr("cxr_dash.services.tracing.collector.find_spec", lambda _name: None)
    assert (found().state, found().remedy) == ("fail", "Install cxr-dash[otel].")


def test_the_report_counts_what_failed() -> None:
    checks = [Check("a", "ok", "fine"), Check("b", "fail", "broken", "Mend it."), Check("c", "warn", "odd")]
    assert report(checks).splitlines()[-2:] == ["b: Mend it.", "1 check(s) failed."]


def test_settings_are_printed_as_the_documented_table() -> None:
    answer = runner.invoke(app, ["doctor", "--settings"])
    assert answer.stdout.strip() == settings_markdown()


def test_a_slip_in_a_settings_name_is_named_with_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXR_WORKRES", "4")
    answer = runner.invoke(app, ["doctor"])
    assert "warn   CXR_WORKRES" in answer.stdout
    assert "Did you mean CXR_WORKERS?" in answer.stdout


def test_a_slip_in_a_settings_name_alone_makes_the_status_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_WORKRES", "4")
    monkeypatch.setenv("CXR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CXR_PORT", str(free_port()))
    answer = runner.invoke(app, ["doctor"])
    assert answer.exit_code == 3
    assert "Everything that is needed works." in answer.stdout


def test_a_missing_gate_is_said_once_and_is_a_failure_where_the_server_would_not_be_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Settings().default_model
    shutil.copytree(Settings().models_dir / model, tmp_path / "models" / model)
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("CXR_CACHE_DIR", str(tmp_path / "cache"))
    answer = runner.invoke(app, ["doctor"])
    lines = [line for line in answer.stdout.splitlines() if line.startswith(("fail", "warn"))]
    assert len([line for line in lines if "gate" in line]) == 1
    assert answer.exit_code == 1


def test_a_folder_without_a_gate_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXR_REQUIRE_TOOLS", "false")
    model = Settings().default_model
    shutil.copytree(Settings().models_dir / model, tmp_path / "models" / model)
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("CXR_CACHE_DIR", str(tmp_path / "cache"))
    answer = runner.invoke(app, ["doctor"])
    assert "warn   gate" in answer.stdout
    assert "pictures that are no chest films are answered for" in answer.stdout


@pytest.mark.parametrize(
    ("values", "state", "words"),
    [
        ({}, "ok", "auto: everybody on this machine"),
        ({"host": "0.0.0.0"}, "fail", "nobody is served"),  # noqa: S104
        ({"sign_in": "off"}, "ok", "also through a proxy"),
        ({"sign_in": "off", "host": "0.0.0.0"}, "warn", "whoever reaches 0.0.0.0"),  # noqa: S104
        ({"sign_in": "proxy"}, "ok", "127.0.0.1 names in X-Forwarded-User"),
        ({"sign_in": "proxy", "proxy_from": "0.0.0.0/0"}, "fail", "0.0.0.0/0"),
        ({"sign_in": "proxy", "proxy_from": ""}, "fail", "nobody names"),
        ({"sign_in": "proxy", "proxy_from": "there"}, "fail", "CXR_PROXY_FROM"),
        ({"sign_in": "users"}, "fail", "users: 0 in"),
        ({"sign_in": "oidc"}, "fail", "CXR_OIDC_ISSUER"),
    ],
)
def test_it_says_who_may_come_in(
    no_models: Path, tmp_path: Path, values: dict[str, str], state: str, words: str
) -> None:
    settings = Settings(
        models_dir=no_models,
        cache_dir=tmp_path / "cache",
        port=free_port(),
        users_file=tmp_path / "users.json",
        **values,  # type: ignore[arg-type]
    )
    check = _check(examine(settings), "sign-in")
    assert (check.state, words in check.detail) == (state, True), check
    assert bool(check.remedy) == (state != "ok")


def test_it_counts_the_users_that_may_sign_in(no_models: Path, tmp_path: Path) -> None:
    users = UsersFile(tmp_path / "users.json")
    users.put("anna", "admin", "a sentence of anna's own")
    settings = Settings(models_dir=no_models, cache_dir=tmp_path, sign_in="users", users_file=users.path)
    check = _check(examine(settings), "sign-in")
    assert (check.state, "users: 1 in" in check.detail, "1 of them admins" in check.detail) == (
        "ok",
        True,
        True,
    )
