"""``cxr-dash audit export | prune | protect``: the trail as a table, what is too old, what guards it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, astuple, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cxr_dash.cli.console import errors_in_words, read_settings, say
from cxr_dash.errors import AuditError

if TYPE_CHECKING:
    from cxr_dash.services.audit import Trail

audit_app = typer.Typer(
    name="audit",
    help="The audit trail, where CXR_AUDIT keeps one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class TrailFormat(StrEnum):
    """How entries are written."""

    CSV = "csv"
    JSON = "json"


Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC.", show_default="all")
]


@audit_app.command()
def export(
    *,
    since: Day = None,
    until: Day = None,
    layout: Annotated[
        TrailFormat, typer.Option("--format", help="CSV with a header, or one JSON object a line.")
    ] = TrailFormat.CSV,
) -> None:
    """Print entries, oldest first; `--since` is in, `--until` out."""
    with errors_in_words():
        from cxr_dash.services.audit import Entry

        if layout is TrailFormat.CSV:
            say(_csv(field.name for field in fields(Entry)))
        for entry in _trail().read(_utc(since), _utc(until)):
            say(_csv(astuple(entry)) if layout is TrailFormat.CSV else json.dumps(asdict(entry)))


@audit_app.command()
def prune() -> None:
    """Take away what is older than CXR_AUDIT_DAYS; files of SQLite also go by themselves each month."""
    with errors_in_words():
        say(f"{_trail().prune()} taken away.")


@audit_app.command()
def protect(
    *,
    show: Annotated[
        bool,
        typer.Option("--show", help="Print the statements, for whoever owns the table, and change nothing."),
    ] = False,
) -> None:
    """Make the database refuse changes again, where a table was made without its triggers or lost them.

    Only the owner of the table may: of a database, CXR_AUDIT_URL says who signs on.
    """
    with errors_in_words():
        trail = _trail()
        found = trail.unguarded() if show else trail.protect()
        for name, statements in found:
            if show:
                say(f"-- {name}")
                for statement in statements:
                    say(f"{statement};")
            else:
                say(f"{name}: protected.")
        if not found:
            say("-- Nothing is missing." if show else "Nothing was missing.")


def _trail() -> Trail:
    from cxr_dash.services.audit import open_trail

    trail = open_trail(read_settings())
    if trail is None:
        raise AuditError(
            "`CXR_AUDIT` must be `sqlite` or `database` to read a trail; received 'off'.",
            remedy="Set it as the server has it.",
        )
    return trail


def _csv(cells: Iterable[object]) -> str:
    from cxr_dash.services.exports import csv_line, guarded

    return csv_line([guarded(str(cell)) for cell in cells]).removesuffix("\n")


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
