"""Where entries are written: SQLite, a file a month, or a database of the site's own, through SQLAlchemy."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr_dash.domain import N_
from cxr_dash.errors import AuditError
from cxr_dash.services.audit.entry import Entry
from cxr_dash.services.audit.table import COLUMNS, NAME, audit_table, guarding, make_table, missing_guards
from cxr_dash.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

_MONTH_FILE = re.compile(r"audit-(\d{4})-(\d{2})\.sqlite")
_SECONDS_TO_WAIT = 10


def now_utc() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Trail:
    """Appends entries, and reads them back.

    Parameters
    ----------
    folder : Path or None
        Of SQLite files, ``audit-2026-11.sqlite`` and so on; ``None`` with ``url``.
    url : str
        SQLAlchemy's address of a database, whose table ``cxr_audit`` is made where it is missing.
    days : int
        How long an entry is kept: a file goes when its last day is older.
    now : callable
        The time.
    """

    def __init__(
        self, folder: Path | None, *, url: str = "", days: int, now: Callable[[], datetime] = now_utc
    ) -> None:
        self._folder = folder
        self._url = url
        self._days = days
        self._now = now
        self._lock = threading.Lock()
        self._open: tuple[str, Engine] | None = None
        self._table = audit_table()

    def write(self, **values: Any) -> None:
        """Append an entry of now; the fields are those of :class:`Entry`.

        Raises
        ------
        AuditError
            When it cannot be written: what it was to tell of must then not happen.
        """
        at = self._now()
        entry = Entry(at=at.isoformat(timespec="milliseconds"), **values)
        try:
            with self._engine(at).begin() as connection:
                connection.execute(
                    self._table.insert().values(dict(zip(COLUMNS, astuple(entry), strict=True)))
                )
        except Exception as error:
            raise AuditError(
                N_("The server cannot write its audit trail, and does nothing that it could not write down."),
                remedy=N_("Try again in a minute; if it stays so, tell whoever runs the server."),
            ) from error

    def close(self) -> None:
        """Let go of the database; the next entry opens it again."""
        with self._lock:
            if self._open is not None:
                self._open[1].dispose()
                self._open = None

    def read(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[Entry]:
        """Entries, oldest first.

        Parameters
        ----------
        since, until : datetime, optional
            With a time zone; the first is in, the second out.

        Raises
        ------
        AuditError
        """
        first = since.astimezone(UTC).isoformat(timespec="milliseconds") if since else ""
        end = until.astimezone(UTC).isoformat(timespec="milliseconds") if until else "9999"
        columns = self._table.c
        wanted = (
            self._table.select().where(columns.at >= first, columns.at < end).order_by(columns.at, columns.id)
        )
        for url in self._all():
            engine = _engine(url)
            try:
                with engine.connect() as connection:
                    for row in connection.execute(wanted):
                        yield Entry(*(getattr(row, name) for name in COLUMNS))
            except Exception as error:
                raise AuditError(f"The audit trail cannot be read: {type(error).__name__}.") from error
            finally:
                engine.dispose()

    def prune(self) -> int:
        """Take away what is older than it is kept; returns how many files, or entries of a database, went."""
        oldest = self._now() - timedelta(days=self._days)
        if self._folder is None:
            engine = _engine(self._url)
            try:
                with engine.begin() as connection:
                    old = self._table.c.at < oldest.isoformat(timespec="milliseconds")
                    return int(connection.execute(self._table.delete().where(old)).rowcount)
            except Exception as error:
                raise AuditError(f"The audit trail cannot be pruned: {type(error).__name__}.") from error
            finally:
                engine.dispose()
        gone = 0
        for file in self._files():
            year, month = map(int, _MONTH_FILE.fullmatch(file.name).groups())  # type: ignore[union-attr]
            its_end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
            if its_end <= oldest:
                with suppress(FileNotFoundError):
                    file.unlink()
                    gone += 1
        return gone

    def unguarded(self) -> list[tuple[str, list[str]]]:
        """Where entries can be changed or taken out: tables older than their triggers, or that lost them.

        Returns
        -------
        list of tuple
            The file's name, or that of the table, and the statements that mend it; nothing where all is well.

        Raises
        ------
        AuditError
        """
        return self._look(mend=False)

    def protect(self) -> list[tuple[str, list[str]]]:
        """Make the triggers that are missing, as the owner of the table; gives what :meth:`unguarded` gave.

        Raises
        ------
        AuditError
        """
        return self._look(mend=True)

    def _look(self, *, mend: bool) -> list[tuple[str, list[str]]]:
        from sqlalchemy import make_url, text  # noqa: PLC0415

        found = []
        for url in self._all():
            engine = _engine(url)
            try:
                with engine.begin() as connection:
                    statements = guarding(engine.dialect.name, missing_guards(connection))
                    for statement in statements if mend else ():
                        connection.execute(text(statement))
            except Exception as error:
                what = "protected" if mend else "looked at"
                raise AuditError(
                    f"The audit trail cannot be {what}: {type(error).__name__}.",
                    remedy="Sign on as the owner of the table, by CXR_AUDIT_URL." if mend else "",
                ) from error
            finally:
                engine.dispose()
            if statements:
                found.append((Path(make_url(url).database or "").name if self._folder else NAME, statements))
        return found

    def _engine(self, at: datetime) -> Engine:
        """What is written to now; with a new month, a new file, and old ones go."""
        with self._lock:
            name = self._url or f"audit-{at:%Y-%m}.sqlite"
            if self._open is None or self._open[0] != name:
                if self._open is not None:
                    self._open[1].dispose()
                    self._open = None
                if self._folder is not None:
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    (self._folder / name).touch(mode=0o600, exist_ok=True)
                engine = _engine(self._url or f"sqlite:///{self._folder / name if self._folder else name}")
                with engine.begin() as connection:
                    make_table(connection)
                self._open = name, engine
                if self._folder is not None:
                    self.prune()
            return self._open[1]

    def _files(self) -> list[Path]:
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(file for file in self._folder.iterdir() if _MONTH_FILE.fullmatch(file.name))

    def _all(self) -> list[str]:
        return [self._url] if self._url else [f"sqlite:///{file}" for file in self._files()]


def open_trail(settings: Settings) -> Trail | None:
    """The trail of the settings; ``None`` where they ask for none.

    Raises
    ------
    AuditError
        When the address of the database is missing.
    BackendMissingError
        When SQLAlchemy is not installed.
    """
    if settings.audit == "off":
        return None
    url = settings.audit_url.get_secret_value() if settings.audit == "database" else ""
    if settings.audit == "database" and not url:
        raise AuditError(
            "`CXR_AUDIT_URL` must be set where `CXR_AUDIT=database`; received nothing.",
            remedy="As in postgresql+psycopg://user:password@host/database.",
        )
    return Trail(None if url else settings.audit_dir.absolute(), url=url, days=settings.audit_days)


def _engine(url: str) -> Engine:
    from sqlalchemy import create_engine  # noqa: PLC0415

    if url.startswith("sqlite"):
        return create_engine(url, connect_args={"timeout": _SECONDS_TO_WAIT})
    return create_engine(url, pool_pre_ping=True)
