"""The table of the audit trail, made so that the database itself refuses to change it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Final

from cxr_dash.errors import BackendMissingError
from cxr_dash.services.audit.entry import Entry

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

NAME: Final = "cxr_audit"
COLUMNS: Final = tuple(field.name for field in fields(Entry))
# The least that `CXR_AUDIT_DAYS` takes.
LEAST_DAYS: Final = 183

_Triggers = dict[str, tuple[str, ...]]
_SAYS = "the audit trail is never changed"
# SQLite asks no trigger of deletion about a line that another takes the place of: asked on its way in.
_REPLACING = f"WHEN EXISTS (SELECT 1 FROM {NAME} WHERE id = NEW.id)"  # noqa: S608  # nosec B608 - a name of ours
# Triggers by name. Each is taken out before it is made: one that is switched off goes with it.
_SQLITE: _Triggers = {
    f"{NAME}_no_{word}": (
        f"DROP TRIGGER IF EXISTS {NAME}_no_{word}",
        f"CREATE TRIGGER {NAME}_no_{word} BEFORE {word} ON {NAME} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
    )
    for word, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", _REPLACING))
}
# `at` is text in UTC, in the form of ISO 8601, whose order is that of time.
_FUNCTION = f"""CREATE OR REPLACE FUNCTION {NAME}_never() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.at < to_char(
                now() AT TIME ZONE 'UTC' - interval '{LEAST_DAYS} days', 'YYYY-MM-DD"T"HH24:MI:SS'
            ) THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION '{_SAYS}';
    END $$"""
_POSTGRESQL: _Triggers = {
    name: (
        _FUNCTION,
        f"DROP TRIGGER IF EXISTS {name} ON {NAME}",
        f"CREATE TRIGGER {name} BEFORE {when} EXECUTE FUNCTION {NAME}_never()",
    )
    for name, when in (
        (f"{NAME}_never", f"UPDATE OR DELETE ON {NAME} FOR EACH ROW"),
        (f"{NAME}_never_all", f"TRUNCATE ON {NAME}"),
    )
}
# The triggers of the table that do refuse something, by database; of PostgreSQL those that are switched on.
_IN_FORCE: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name "
    "AND sql LIKE '%RAISE(ABORT%'",
    "postgresql": "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgrelid = "
    "to_regclass(:name) AND tgenabled IN ('O', 'A') AND prosrc LIKE '%RAISE EXCEPTION%'",
}
_GUARDS: Final = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
# Until the transaction ends; the number is any that nothing else in the database locks.
_LOCKS: Final = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(4027115320)"}


@cache
def audit_table() -> Table:
    """One column a field of :class:`Entry`, and a number.

    Raises
    ------
    BackendMissingError
        When SQLAlchemy is not installed.
    """
    try:
        from sqlalchemy import (  # noqa: PLC0415
            BigInteger,
            Boolean,
            Column,
            Identity,
            Integer,
            MetaData,
            Table,
            Text,
        )
    except ModuleNotFoundError:
        raise BackendMissingError(
            "The audit trail needs the package sqlalchemy; it is not installed.",
            remedy="Install cxr-dash[audit].",
        ) from None
    # An identity, unlike a sequence, is used by whoever may insert.
    key = Column("id", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)
    parts = (
        Column(name, Boolean if name == "override" else Text, nullable=False, index=name == "at")
        for name in COLUMNS
    )
    return Table(NAME, MetaData(), key, *parts)


def make_table(connection: Connection) -> None:
    """Make the table and its guards where they are missing; one of several workers does.

    Who may only insert and select finds the table there and makes nothing. Of other databases than SQLite and
    PostgreSQL the guards are the site's own.
    """
    from sqlalchemy import inspect, text  # noqa: PLC0415

    dialect = connection.dialect.name
    if inspect(connection).has_table(NAME):
        return
    if dialect in _LOCKS:
        connection.execute(text(_LOCKS[dialect]))
        if inspect(connection).has_table(NAME):
            return
    audit_table().metadata.create_all(connection)
    for statement in guarding(dialect, _GUARDS.get(dialect, {})):
        connection.execute(text(statement))


def missing_guards(connection: Connection) -> list[str]:
    """Names of the triggers without which an entry can be changed or taken out; nothing is changed here.

    Empty where there is no table yet, and of databases whose guards are the site's own. Who may only insert
    and select may ask.
    """
    from sqlalchemy import inspect, text  # noqa: PLC0415

    dialect = connection.dialect.name
    if dialect not in _GUARDS or not inspect(connection).has_table(NAME):
        return []
    in_force = {row[0] for row in connection.execute(text(_IN_FORCE[dialect]), {"name": NAME})}
    return [name for name in _GUARDS[dialect] if name not in in_force]


def guarding(dialect: str, names: Iterable[str]) -> list[str]:
    """The statements that make these triggers, for the table's owner.

    Parameters
    ----------
    dialect : str
        SQLAlchemy's name of the database.
    names : iterable of str
        As :func:`missing_guards` gives them.
    """
    guards = _GUARDS.get(dialect, {})
    # two triggers share a function: it is made once
    return list(dict.fromkeys(statement for name in names for statement in guards[name]))
