"""How long and under which names things are kept, and what is said where a system gives no reason."""

from __future__ import annotations

import os
import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy
from export_material import analysis_of, bundle_of, film_file
from pydantic import ValidationError

from cxr_dash.domain import FilmFacts, HeartMeasures, RatioObstacle
from cxr_dash.errors import AuditError, CaseNotFoundError, CxrError, UsersError
from cxr_dash.language import translator
from cxr_dash.services import expiry
from cxr_dash.services.accounts.users_file import UsersFile
from cxr_dash.services.audit import table, trail
from cxr_dash.services.audit.trail import Trail
from cxr_dash.services.expiry import remove_expired, start_sweeping
from cxr_dash.services.exports import ChosenFilm, ExportRequest, look_up, measures_record, ratio_cells
from cxr_dash.services.exports.listed import UNEXPECTED
from cxr_dash.services.library.files import LibrarySpec, damaged
from cxr_dash.settings import Settings
from cxr_dash.store.folder import PARTIAL

BUNDLE = bundle_of([("effusion", "Effusion", "Derrame")])
ANALYSIS = analysis_of(film_file(), BUNDLE, [0.8])
EN = translator("en")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "age", "gone"),
    [
        ("a" * 32, 1800.5, True),
        ("a" * 32, 1800.0, False),
        ("a" * 128, 1801.0, True),
        ("a" * 31, 9999.0, False),
        ("a" * 129, 9999.0, False),
        ("A" * 32, 9999.0, False),
        (f"x{PARTIAL}", 120.5, True),
        (f"x{PARTIAL}", 120.0, False),
        (PARTIAL, 9999.0, False),
    ],
)
def test_an_entry_goes_when_its_time_is_over_and_nothing_else_does(
    tmp_path: Path, name: str, age: float, gone: bool
) -> None:
    file = tmp_path / name
    file.write_bytes(b"x")
    os.utime(file, (10_000.0, 10_000.0))
    assert remove_expired(tmp_path, 1800, now=10_000.0 + age) == int(gone)
    assert file.exists() is not gone


def test_half_written_entries_go_no_later_than_whole_ones_and_folders_stay(tmp_path: Path) -> None:
    file, folder = tmp_path / f"x{PARTIAL}", tmp_path / ("b" * 32)
    file.write_bytes(b"x")
    folder.mkdir()
    for one in (file, folder):
        os.utime(one, (10_000.0, 10_000.0))
    assert remove_expired(tmp_path, 60, now=10_061.0) == 1
    assert folder.is_dir()


def test_sweeping_runs_beside_the_server_every_quarter_of_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = threading.Event()

    def sweep(*_: Any) -> None:
        began.set()

    monkeypatch.setattr(expiry, "_sweep_for_ever", sweep)
    thread = start_sweeping(Settings(cache_type="filesystem", cache_dir=tmp_path / "cache"))
    assert thread is not None
    assert (thread.daemon, thread.name) == (True, "cxr-expiry")
    thread.join(30)
    assert began.is_set()
    assert expiry._SECONDS_BETWEEN_SWEEPS == 15.0
    system = {"/", "/dev/shm", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/var"}  # noqa: S108
    system |= {f"/var/{name}" for name in ("cache", "lib", "log", "spool", "tmp")}
    assert {str(folder) for folder in expiry._SHARED} == system


@pytest.mark.parametrize(
    ("projection", "word", "cell"),
    [("PA", True, "1"), ("AP", False, "0"), ("LATERAL", None, ""), (None, None, "")],
)
def test_a_ratio_compares_where_the_film_was_taken_from_behind(
    projection: Any, word: bool | None, cell: str
) -> None:
    heart = HeartMeasures(0.51238, None, 0.1)
    one = replace(ANALYSIS, heart=heart, facts=FilmFacts(projection=projection))
    expected = {"cardiothoracic_ratio": 0.5124, "obstacle": None, "comparable": word}
    assert measures_record(one) == expected
    assert ratio_cells(one) == ["0.5124", cell]
    without = replace(one, heart=HeartMeasures(None, RatioObstacle.NO_HEART, None))
    assert ratio_cells(without) == ratio_cells(ANALYSIS) == ratio_cells(None) == ["", ""]
    assert (measures_record(without) or {})["cardiothoracic_ratio"] is None


@pytest.mark.parametrize(
    ("chosen", "reason", "code"),
    [
        (ChosenFilm(1), "The film is not on the server.", CaseNotFoundError.code),
        (ChosenFilm(1, problem="No film."), "No film.", CxrError.code),
        (ChosenFilm(1, problem="No film.", problem_code="odd"), "No film.", "odd"),
        (ChosenFilm(1, problem_code="odd"), "The film is not on the server.", "odd"),
    ],
)
def test_a_film_that_is_not_there_has_its_reason_and_its_code(
    chosen: ChosenFilm, reason: str, code: str
) -> None:
    request = ExportRequest("tiny", (chosen,), thresholds={"effusion": 0.2})
    found = look_up(cast("Any", None), request, chosen, EN)
    assert (found.status, found.reason, found.reason_codes) == ("error", reason, [code])
    assert found.cuts == {"effusion": 0.2}


@pytest.mark.parametrize("explained", [True, False])
def test_a_row_asks_for_the_trust_report_only_where_pictures_are_made(explained: bool) -> None:
    asked: list[str] = []
    service = SimpleNamespace(
        catalog=SimpleNamespace(get=lambda _: BUNDLE),
        analyse=lambda *_: (asked.append("plain"), ANALYSIS)[1],
        explained=lambda *_: (asked.append("explained"), ANALYSIS)[1],
    )
    request = ExportRequest("tiny", (ChosenFilm(1, "k"),))
    found = look_up(cast("Any", service), request, request.films[0], EN, explained=explained)
    assert (found.status, asked) == ("ok", ["explained" if explained else "plain"])
    service.analyse = service.explained = lambda *_: {}["x"]  # type: ignore[index]
    broken = look_up(cast("Any", service), request, request.films[0], EN, explained=explained)
    assert (broken.status, broken.reason_codes) == ("error", [UNEXPECTED])


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (PermissionError(), "PermissionError"),
        (ValueError("maps.npy"), "maps.npy"),
    ],
)
def test_a_damaged_library_says_why_or_at_least_what(cause: Exception, reason: str) -> None:
    assert f"cannot be read: {reason}." in str(damaged(cause))


def test_a_damaged_list_of_cases_says_its_first_fault() -> None:
    with pytest.raises(ValidationError) as caught:
        LibrarySpec.model_validate({"build": "x", "built_at": "", "app_version": "", "cases": []})
    assert "cannot be read: library.json: Field required." in str(damaged(caught.value))


@pytest.mark.parametrize(("error", "why"), [(OSError(5, "I/O error"), "I/O error"), (OSError(), "")])
def test_a_file_of_users_that_cannot_be_looked_at_or_written_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, why: str
) -> None:
    def fails(*_: Any, **_named: Any) -> Any:
        raise error

    users = UsersFile(tmp_path / "users.json")
    with monkeypatch.context() as patch:
        patch.setattr("cxr_dash.services.accounts.users_file.tempfile.mkstemp", fails)
        with pytest.raises(UsersError, match=rf"cannot be used \({why}\)"):
            users._write({})
    monkeypatch.setattr(Path, "stat", fails)
    with pytest.raises(UsersError, match=rf"cannot be used \({why}\)"):
        users.users()


def test_a_database_is_waited_for_and_its_connections_are_tried_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(sqlalchemy, "create_engine", lambda url, **named: made.append((url, named)))
    trail._engine("sqlite:///x")
    trail._engine("postgresql://host/db")
    assert made == [
        ("sqlite:///x", {"connect_args": {"timeout": 10}}),
        ("postgresql://host/db", {"pool_pre_ping": True}),
    ]
    # the least that may be kept stands in the trigger that refuses to delete
    assert table.LEAST_DAYS == 183
    assert "interval '183 days'" in table._FUNCTION


def test_a_trail_lets_go_of_its_file_and_opens_it_again(tmp_path: Path) -> None:
    kept = Trail(tmp_path, days=200, now=lambda: NOW)
    kept.close()
    kept.write(user="a", action="sign_in")
    first = kept._open
    kept.write(user="b", action="sign_in")
    assert kept._open is first
    kept.close()
    assert kept._open is None
    kept.write(user="c", action="sign_in")
    assert [entry.user for entry in kept.read()] == ["a", "b", "c"]
    assert [entry.user for entry in kept.read(NOW, NOW + timedelta(seconds=1))] == ["a", "b", "c"]
    assert list(kept.read(NOW + timedelta(seconds=1))) == list(kept.read(None, NOW)) == []


def test_entries_of_one_moment_come_back_in_the_order_they_were_written(tmp_path: Path) -> None:
    own = Trail(None, url=f"sqlite:///{tmp_path / 'own.db'}", days=200, now=lambda: NOW)
    for user in "cab":
        own.write(user=user, action="sign_in")
    assert [entry.user for entry in own.read()] == ["c", "a", "b"]
    assert own.unguarded() == []
    with sqlite3.connect(tmp_path / "own.db") as database:
        columns = [row[1:4] for row in database.execute("PRAGMA table_info(cxr_audit)")]
        database.execute("DROP TRIGGER cxr_audit_no_INSERT")
    assert [name for name, *_ in columns] == ["id", *table.COLUMNS]
    assert all(needed == 1 for _, _, needed in columns)
    assert {name: kind for name, kind, _ in columns}["override"] == "BOOLEAN"
    ((name, statements),) = own.unguarded()
    assert name == "cxr_audit"
    assert [one.split(" BEFORE")[0] for one in statements] == [
        "DROP TRIGGER IF EXISTS cxr_audit_no_INSERT",
        "CREATE TRIGGER cxr_audit_no_INSERT",
    ]


def test_a_trail_that_cannot_be_read_pruned_or_looked_at_says_so(tmp_path: Path) -> None:
    (tmp_path / "audit-2026-11.sqlite").write_bytes(b"no database, whatever its name says" * 40)
    broken = Trail(tmp_path, days=200, now=lambda: NOW)
    with pytest.raises(AuditError, match="cannot be read: DatabaseError"):
        list(broken.read())
    for step, words, remedy in ((broken.unguarded, "looked at", False), (broken.protect, "protected", True)):
        with pytest.raises(AuditError, match=f"cannot be {words}: DatabaseError") as caught:
            step()
        assert bool(caught.value.remedy) is remedy
    own = Trail(None, url=f"sqlite:///{tmp_path / 'audit-2026-11.sqlite'}", days=200, now=lambda: NOW)
    with pytest.raises(AuditError, match="cannot be pruned: DatabaseError"):
        own.prune()
