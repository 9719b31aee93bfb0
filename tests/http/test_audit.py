"""The audit trail: who did what to which film, never changed, and kept its time."""

from __future__ import annotations

import csv
import io
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from gunicorn_server import eventually, running_gunicorn
from pydantic import ValidationError
from typer.testing import CliRunner

from cxr_dash import imaging
from cxr_dash.cli import app as commands
from cxr_dash.errors import AuditError
from cxr_dash.services.audit import Trail, open_trail
from cxr_dash.settings import Settings
from cxr_dash.web import create_app

ANNA = {"X-Forwarded-User": "anna"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        cache_dir=tmp_path / "cache",
        audit_dir=tmp_path / "audit",
        audit="sqlite",
        sign_in="proxy",
        warm_up=False,
    )


@pytest.fixture
def client(settings: Settings) -> FlaskClient:
    return create_app(settings).server.test_client()


def actions(settings: Settings) -> list[tuple[str, str, str, bool]]:
    trail = open_trail(settings)
    assert trail is not None
    return [(entry.user, entry.action, entry.detail, entry.override) for entry in trail.read()]


def test_all_that_is_done_to_a_film_is_written_down(client: FlaskClient, settings: Settings) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (512, 512), dtype=np.uint8)
    picture = imaging.encode_png(noise, {})
    added = client.post("/films?model=findings", data=picture, headers=ANNA).get_json()
    film = added["film"]
    at = f"/films/{film}/findings"
    body = {"model": "findings", "films": [{"number": 1, "film": film, "anyway": True}]}
    assert client.post(f"{at}/override", headers=ANNA).status_code == 204
    assert client.get(f"{at}/effusion/overlay.png?anyway=1", headers=ANNA).status_code == 200
    assert client.post("/exports.csv", json=body, headers=ANNA).status_code == 200
    assert client.delete(f"/films/{film}", headers=ANNA).status_code == 204
    trail = open_trail(settings)
    assert trail is not None
    entries = list(trail.read())
    assert [(one.action, one.override) for one in entries] == [
        ("film_analysed", False),
        ("film_added", False),
        ("refusal_overridden", True),
        ("film_exported", True),
        ("film_exported", True),
        ("film_deleted", False),
    ]
    assert {one.user for one in entries} == {"anna"}
    assert {one.film_sha256 for one in entries} == {added["sha256"]}
    told = entries[0]
    assert (told.model, told.verdict) == ("findings", "reject")
    assert len(told.model_sha256) == 64
    assert told.detail
    assert [one.detail for one in entries if one.action == "film_exported"] == ["overlay.png", "csv"]


def test_anothers_film_in_a_list_is_not_written_down_as_taken(
    client: FlaskClient, settings: Settings
) -> None:
    film = client.post("/films/phantom?model=findings", headers=ANNA).get_json()["film"]
    body = {"model": "findings", "films": [{"number": 1, "film": film}]}
    assert client.post("/exports.csv", json=body, headers={"X-Forwarded-User": "bert"}).status_code == 200
    assert not [one for one in actions(settings) if one[0] == "bert"]


def test_no_key_of_a_film_stands_in_the_trail(client: FlaskClient, settings: Settings) -> None:
    film = client.post("/films/phantom?model=findings", headers=ANNA).get_json()["film"]
    (file,) = settings.audit_dir.iterdir()
    assert film.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_what_cannot_be_written_down_is_not_done(client: FlaskClient, settings: Settings) -> None:
    film = client.post("/films/phantom?model=findings", headers=ANNA).get_json()["film"]
    (file,) = settings.audit_dir.iterdir()
    with sqlite3.connect(file) as database:
        database.execute("ALTER TABLE cxr_audit RENAME TO elsewhere")
    answer = client.get(f"/films/{film}/findings/effusion/overlay.png?anyway=1", headers=ANNA)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "audit")
    assert client.delete(f"/films/{film}", headers=ANNA).status_code == 503
    assert client.get(f"/films/{film}/picture.jpg", headers=ANNA).status_code == 200


@pytest.mark.parametrize("statement", ["UPDATE cxr_audit SET user = 'bert'", "DELETE FROM cxr_audit"])
def test_no_entry_is_changed_or_taken_out(client: FlaskClient, settings: Settings, statement: str) -> None:
    client.post("/films/phantom", headers=ANNA)
    (file,) = settings.audit_dir.iterdir()
    with sqlite3.connect(file) as database, pytest.raises(sqlite3.DatabaseError, match="never changed"):
        database.execute(statement)
    database.close()
    assert len(actions(settings)) == 1


def test_each_month_has_a_file_and_one_goes_when_its_last_day_is_too_old(tmp_path: Path) -> None:
    clock = [datetime(2026, 1, 31, tzinfo=UTC)]
    trail = Trail(tmp_path, days=183, now=lambda: clock[0])
    kept = []
    for month in range(1, 13):
        clock[0] = datetime(2026, month, 28, tzinfo=UTC)
        trail.write(user="", action="film_added", film_sha256=str(month))
        kept = sorted(file.name for file in tmp_path.iterdir())
    assert kept == [f"audit-2026-{month:02}.sqlite" for month in range(6, 13)]
    assert [entry.film_sha256 for entry in trail.read()] == [str(month) for month in range(6, 13)]
    some = trail.read(datetime(2026, 7, 28, tzinfo=UTC), datetime(2026, 9, 28, tzinfo=UTC))
    assert [entry.film_sha256 for entry in some] == ["7", "8"]


def test_a_database_of_the_sites_own_is_written_to_and_pruned(tmp_path: Path) -> None:
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    trail = Trail(None, url=f"sqlite:///{tmp_path}/own.db", days=183, now=lambda: clock[0])
    trail.write(user="anna", action="sign_in")
    assert [entry.user for entry in trail.read()] == ["anna"]


def test_a_server_that_starts_says_that_its_trail_can_be_changed(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "audit", days=183)
    trail.write(user="anna", action="sign_in")
    (file,) = (tmp_path / "audit").iterdir()
    with sqlite3.connect(file) as database:
        database.execute("DROP TRIGGER cxr_audit_no_DELETE")
    database.close()
    more = {"CXR_AUDIT": "sqlite", "CXR_AUDIT_DIR": str(tmp_path / "audit"), "CXR_WARM_UP": "false"}
    with running_gunicorn(tmp_path, environment={**os.environ, **more}) as server:
        said = f"the audit trail can be changed: {file.name} lacks 1 of its triggers"
        eventually(lambda: said in server.log.read_text(), "the log to say that the trail can be changed")


def test_entries_cannot_be_kept_for_less_than_half_a_year() -> None:
    with pytest.raises(ValidationError, match="183"):
        Settings(audit_days=182)


def test_a_database_without_an_address_keeps_the_server_from_starting(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="CXR_AUDIT_URL"):
        create_app(Settings(cache_dir=tmp_path / "cache", audit="database"))


def test_the_trail_is_exported_as_a_table_in_which_no_name_is_a_formula(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail = open_trail(settings)
    assert trail is not None
    trail.write(user="=1+1", action="sign_in")
    monkeypatch.setenv("CXR_AUDIT", "sqlite")
    monkeypatch.setenv("CXR_AUDIT_DIR", str(settings.audit_dir))
    told = CliRunner().invoke(commands, ["audit", "export"])
    assert told.exit_code == 0
    (row,) = csv.DictReader(io.StringIO(told.stdout))
    assert (row["user"], row["action"], row["override"]) == ("'=1+1", "sign_in", "False")
    nothing = CliRunner().invoke(commands, ["audit", "export", "--since", "2100-01-01", "--format", "json"])
    assert (nothing.exit_code, nothing.stdout) == (0, "")


def test_users_are_added_listed_and_taken_out_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_USERS_FILE", str(tmp_path / "users.json"))
    run = CliRunner()
    word = "a sentence of anna's own\n"
    added = run.invoke(commands, ["users", "add", "anna", "--role", "admin", "--password-stdin"], input=word)
    assert added.exit_code == 0, added.output
    assert "anna  admin" in run.invoke(commands, ["users", "list"]).stdout
    short = run.invoke(commands, ["users", "add", "bert", "--password-stdin"], input="short\n")
    assert short.exit_code == 1
    assert run.invoke(commands, ["users", "remove", "anna"]).exit_code == 0
    assert "anna" not in run.invoke(commands, ["users", "list"]).stdout
