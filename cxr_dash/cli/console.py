"""How the command line talks: answers on stdout, everything else on stderr, errors in words."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from cxr_dash.errors import CxrError, RequestError

if TYPE_CHECKING:
    from cxr_dash.settings import Settings

FAILED = 1
# The job was done; what it found is not what was asked for. 2 is a command line that cannot be read.
NOT_ALL_WELL = 3


def say(text: str) -> None:
    """Write a line to stdout; characters the terminal cannot show are escaped, never an error."""
    _write(text, sys.stdout.encoding, err=False)


def say_version(asked: bool) -> None:
    """Write the version and end, where it is asked for."""
    if asked:
        from cxr_dash import __version__

        say(f"cxr-dash {__version__}")
        raise typer.Exit


def say_json(value: object) -> None:
    """Write a value as JSON, indented."""
    from json import dumps

    # ASCII alone: valid JSON whatever the terminal, and the names of the files, can encode.
    say(dumps(value, indent=2))


def warn(text: str) -> None:
    """Write a line to stderr."""
    _write(text, sys.stderr.encoding, err=True)


def _write(text: str, encoding: str | None, *, err: bool) -> None:
    encoding = encoding or "utf-8"
    typer.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=err)


@contextmanager
def errors_in_words() -> Iterator[None]:
    """End the command with exit status 1 and a message on stderr when one of our errors reaches it."""
    try:
        yield
    except CxrError as error:
        warn(f"cxr-dash: {error}")
        raise typer.Exit(FAILED) from None


def read_settings() -> Settings:
    """The settings of the environment.

    Raises
    ------
    RequestError
        With the variable's name when a value is not allowed.
    """
    from pydantic import ValidationError

    from cxr_dash.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"CXR_{first['loc'][0]}".upper()
        # a slip in an address must not put the password that stands in it on the screen
        received = re.sub(r"//[^/]*@", "//…@", repr(first["input"]))
        raise RequestError(
            f"`{name}` is not allowed: {first['msg']}; received {received}.",
            remedy="`cxr-dash doctor --settings` lists every setting.",
        ) from error


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows as left-aligned columns; the last column is not padded."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
