"""The audit trail in PostgreSQL, as docs/sign-in.md has it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from typer.testing import CliRunner

from cxr_dash.cli import app as commands
from cxr_dash.cli.doctor import examine
from cxr_dash.errors import AuditError
from cxr_dash.services.audit import Trail, look_after
from cxr_dash.services.audit.table import audit_table
from cxr_dash.settings import ROOT, Settings

sqlalchemy = pytest.importorskip("sqlalchemy")
pytest.importorskip("psycopg")
_DAYS = 183


class Postgres:
    """A server of the test's own, on a socket in ``folder``; as another user where this one is root."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        root = os.geteuid() == 0
        self._user = pwd.getpwnam("postgres").pw_name if root else None
        if root:
            shutil.chown(folder, self._user)
        self._do("initdb", "--auth=trust", "--username=owner", "--no-sync")

    def start(self) -> None:
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB"
        self._do("pg_ctl", "--wait", "--log", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._do("pg_ctl", "--wait", "--mode=immediate", "stop")

    def url(self, user: str = "owner") -> str:
        return f"postgresql+psycopg://{user}@/postgres?host={self._folder}"

    def execute(self, statement: str) -> None:
        engine = sqlalchemy.create_engine(self.url())
        try:
            with engine.begin() as connection:
                connection.execute(sqlalchemy.text(statement))
        finally:
            engine.dispose()

    def _do(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "--pgdata", str(self._folder / "data"), *arguments]
        quiet = subprocess.DEVNULL
        subprocess.run(
            command, user=self._user, cwd=self._folder, stdin=quiet, stdout=quiet, stderr=quiet, check=True
        )


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("postgres not found: install it (Debian: apt-get install postgresql)")
    # a socket's path has at most 107 characters, and the server's user must come there
    with TemporaryDirectory(prefix="cxr-") as folder:
        server = Postgres(programs[-1], Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def trail(postgres: Postgres) -> Iterator[Trail]:
    with closing(Trail(None, url=postgres.url(), days=_DAYS)) as made:
        yield made
    postgres.execute("DROP TABLE IF EXISTS cxr_audit")


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_workers_that_start_together_make_one_table_and_lose_no_entry(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    def of_one_worker() -> Trail:
        if database == "sqlite":
            return Trail(tmp_path, days=_DAYS)
        request.getfixturevalue("trail")
        return Trail(None, url=request.getfixturevalue("postgres").url(), days=_DAYS)

    def write(worker: Trail) -> None:
        with closing(worker):
            for number in range(5):
                worker.write(user="anna", action="film_added", film_sha256=str(number))

    workers = [of_one_worker() for _ in range(8)]
    with ThreadPoolExecutor(len(workers)) as threads:
        list(threads.map(write, workers))
    assert len(list(of_one_worker().read())) == 40


def test_a_server_that_may_insert_and_select_alone_writes_and_changes_nothing(
    postgres: Postgres, trail: Trail
) -> None:
    trail.write(user="anna", action="sign_in")
    (granted,) = [
        line.strip() for line in (ROOT / "docs" / "sign-in.md").read_text().splitlines() if "GRANT " in line
    ]
    postgres.execute("CREATE ROLE cxr LOGIN")
    postgres.execute(granted)
    with closing(Trail(None, url=postgres.url("cxr"), days=_DAYS)) as server:
        server.write(user="bert", action="sign_in")
        assert [entry.user for entry in server.read()] == ["anna", "bert"]
        with pytest.raises(AuditError):
            server.prune()
    engine = sqlalchemy.create_engine(postgres.url("cxr"))
    for statement in (
        "UPDATE cxr_audit SET action = ''",
        "DELETE FROM cxr_audit",
        "DROP TABLE cxr_audit",
        "TRUNCATE cxr_audit",
    ):
        with pytest.raises(sqlalchemy.exc.ProgrammingError), engine.begin() as connection:
            connection.execute(sqlalchemy.text(statement))
    engine.dispose()


@pytest.mark.parametrize(
    "statement", ["UPDATE cxr_audit SET action = ''", "DELETE FROM cxr_audit", "TRUNCATE cxr_audit"]
)
def test_not_even_the_owner_changes_an_entry_by_a_slip_or_takes_out_a_young_one(
    postgres: Postgres, trail: Trail, statement: str
) -> None:
    trail.write(user="anna", action="sign_in")
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="never changed"):
        postgres.execute(statement)
    assert [entry.action for entry in trail.read()] == ["sign_in"]


def test_a_table_older_than_its_triggers_is_told_to_whoever_may_not_mend_it_and_mended_by_its_owner(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # as made by a version without them, one of which was then put back and switched off
    engine = sqlalchemy.create_engine(postgres.url())
    audit_table().metadata.create_all(engine)
    engine.dispose()
    postgres.execute("DROP ROLE IF EXISTS writer")
    postgres.execute("CREATE ROLE writer LOGIN")
    postgres.execute("GRANT SELECT, INSERT ON cxr_audit TO writer")
    for name, value in (("CXR_AUDIT", "database"), ("CXR_AUDIT_URL", postgres.url("writer"))):
        monkeypatch.setenv(name, value)

    def lacking() -> list[int]:
        with closing(Trail(None, url=postgres.url("writer"), days=_DAYS)) as server:
            server.write(user="anna", action="sign_in")
            caplog.clear()
            look_after(server).join()
            return [int(record.args[1]) for record in caplog.records if "can be changed" in record.msg]

    try:
        assert lacking() == [2]
        (found,) = [check for check in examine(Settings()) if check.name == "audit"]
        assert (found.state, found.meant, "audit protect" in found.remedy) == ("warn", False, True)
        run = CliRunner()
        refused = run.invoke(commands, ["audit", "protect"])
        assert (refused.exit_code, "owner of the table" in refused.output) == (1, True)
        shown = run.invoke(commands, ["audit", "protect", "--show"]).stdout
        assert shown.count("CREATE TRIGGER") == 2
        assert lacking() == [2], "to show is not to mend"
        monkeypatch.setenv("CXR_AUDIT_URL", postgres.url())
        assert run.invoke(commands, ["audit", "protect"]).stdout.strip() == "cxr_audit: protected."
        assert lacking() == []
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="never changed"):
            postgres.execute("DELETE FROM cxr_audit")
        postgres.execute("ALTER TABLE cxr_audit DISABLE TRIGGER cxr_audit_never_all")
        assert lacking() == [1]
        # what was shown does the same by hand
        postgres.execute(shown)
        assert lacking() == []
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="never changed"):
            postgres.execute("TRUNCATE cxr_audit")
    finally:
        postgres.execute("DROP TABLE cxr_audit; DROP ROLE writer")


def test_what_is_too_old_is_pruned_and_the_rest_stays(postgres: Postgres, trail: Trail) -> None:
    then = datetime(2020, 1, 1, tzinfo=UTC)
    with closing(Trail(None, url=postgres.url(), days=_DAYS, now=lambda: then)) as long_ago:
        long_ago.write(user="anna", action="sign_in")
    trail.write(user="bert", action="sign_in")
    assert trail.prune() == 1
    assert [entry.user for entry in trail.read()] == ["bert"]


def test_while_the_database_is_away_nothing_is_written_and_afterwards_all_goes_on(
    postgres: Postgres, trail: Trail
) -> None:
    trail.write(user="anna", action="sign_in")
    postgres.stop()
    try:
        with pytest.raises(AuditError):
            trail.write(user="bert", action="sign_in")
    finally:
        postgres.start()
    trail.write(user="carl", action="sign_in")
    assert [entry.user for entry in trail.read()] == ["anna", "carl"]
