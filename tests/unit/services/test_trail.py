"""The audit trail's files: one a month, in order, closed to others, never changed, gone when old."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cxr_dash.errors import AuditError
from cxr_dash.services.audit.trail import Trail, open_trail
from cxr_dash.settings import Settings


class Clock:
    now = datetime(2026, 1, 30, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_entries_come_back_in_order_over_the_months_and_within_the_times_asked_for(tmp_path: Path) -> None:
    clock = Clock()
    trail = Trail(tmp_path / "audit", days=400, now=clock)
    times = []
    for days in (0, 3, 30, 33):
        clock.now = datetime(2026, 1, 30, 12, tzinfo=UTC) + timedelta(days=days)
        times.append(clock.now)
        trail.write(user="anna", action="film_added", film_sha256=f"{days}", override=days == 3)
    assert _names(tmp_path / "audit") == [
        "audit-2026-01.sqlite",
        "audit-2026-02.sqlite",
        "audit-2026-03.sqlite",
    ]
    assert [entry.film_sha256 for entry in trail.read()] == ["0", "3", "30", "33"]
    assert [entry.override for entry in trail.read()] == [False, True, False, False]
    assert next(iter(trail.read())).at == "2026-01-30T12:00:00.000+00:00"
    # the first is in, the second out
    assert [entry.film_sha256 for entry in trail.read(times[1], times[3])] == ["3", "30"]
    for file in (tmp_path / "audit").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o700


def test_a_line_is_never_changed_or_deleted(tmp_path: Path) -> None:
    trail = Trail(tmp_path, days=400, now=Clock())
    trail.write(user="anna", action="sign_in")
    with sqlite3.connect(tmp_path / "audit-2026-01.sqlite") as database:
        for change in (
            "UPDATE cxr_audit SET user = 'bob'",
            "DELETE FROM cxr_audit",
            "INSERT OR REPLACE INTO cxr_audit SELECT * FROM cxr_audit",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                database.execute(change)


def test_a_file_that_lost_its_triggers_is_found_and_protected_again(tmp_path: Path) -> None:
    trail = Trail(tmp_path, days=400, now=Clock())
    assert trail.unguarded() == []
    trail.write(user="anna", action="sign_in")
    with sqlite3.connect(tmp_path / "audit-2026-01.sqlite") as database:
        database.execute("DROP TRIGGER cxr_audit_no_DELETE")
        database.execute("DROP TRIGGER cxr_audit_no_UPDATE")
        database.execute("CREATE TRIGGER cxr_audit_no_UPDATE BEFORE UPDATE ON cxr_audit BEGIN SELECT 1; END")
        database.commit()
        ((name, statements),) = trail.unguarded()
        assert name == "audit-2026-01.sqlite"
        assert trail.protect() == [(name, statements)]
        assert trail.unguarded() == []
        for change in ("UPDATE cxr_audit SET user = 'bob'", "DELETE FROM cxr_audit"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                database.execute(change)
    assert [entry.user for entry in trail.read()] == ["anna"]


@pytest.mark.parametrize(
    ("month", "its_end"),
    [("2025-11", datetime(2025, 12, 1, tzinfo=UTC)), ("2025-12", datetime(2026, 1, 1, tzinfo=UTC))],
)
def test_a_month_goes_when_its_last_day_is_older_than_entries_are_kept(
    tmp_path: Path, month: str, its_end: datetime
) -> None:
    clock = Clock()
    trail = Trail(tmp_path, days=200, now=clock)
    file, other = tmp_path / f"audit-{month}.sqlite", tmp_path / "notes.sqlite"
    file.touch()
    other.touch()
    clock.now = its_end + timedelta(days=200) - timedelta(seconds=1)
    assert trail.prune() == 0
    assert file.exists()
    clock.now = its_end + timedelta(days=200)
    assert trail.prune() == 1
    assert _names(tmp_path) == ["notes.sqlite"]


def test_a_new_month_takes_the_old_ones_away(tmp_path: Path) -> None:
    clock = Clock()
    trail = Trail(tmp_path, days=200, now=clock)
    trail.write(user="", action="film_added")
    clock.now += timedelta(days=240)
    trail.write(user="", action="film_added")
    assert _names(tmp_path) == ["audit-2026-09.sqlite"]


def test_a_database_of_the_sites_own_is_pruned_by_entries(tmp_path: Path) -> None:
    clock = Clock()
    trail = Trail(None, url=f"sqlite:///{tmp_path / 'own.db'}", days=200, now=clock)
    for _ in range(3):
        trail.write(user="", action="film_added")
        clock.now += timedelta(days=100)
    assert len(list(trail.read())) == 3
    with sqlite3.connect(tmp_path / "own.db") as database:
        database.execute("DROP TRIGGER cxr_audit_no_DELETE")
    assert trail.prune() == 1
    assert [entry.at[:10] for entry in trail.read()] == ["2026-05-10", "2026-08-18"]


def test_what_cannot_be_written_down_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AuditError, match="cannot write its audit trail"):
        Trail(tmp_path / "file" / "audit", days=200).write(user="", action="film_added")


def test_the_settings_open_what_they_name(tmp_path: Path) -> None:
    assert open_trail(Settings(audit="off")) is None
    with pytest.raises(AuditError, match="`CXR_AUDIT_URL` must be set"):
        open_trail(Settings(audit="database"))
    kept = open_trail(Settings(audit="sqlite", audit_dir=tmp_path, audit_days=183))
    assert kept is not None
    kept.write(user="", action="film_added")
    assert len(_names(tmp_path)) == 1
