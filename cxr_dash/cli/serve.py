"""``cxr-dash serve``: become ``gunicorn app:server`` with the same configuration file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from cxr_dash.errors import BackendMissingError
from cxr_dash.settings import ROOT


def gunicorn_command(root: Path = ROOT) -> list[str]:
    """The command line; the working folder stays the caller's, so relative settings mean what they say.

    Raises
    ------
    BackendMissingError
        When the application's files are neither around the package nor in it.
    """
    config = root / "gunicorn.conf.py"
    for needed in (config, root / "app.py"):
        if not needed.is_file():
            raise BackendMissingError(
                f"`serve` needs {needed.name} of a checkout or a wheel; {root} has none.",
                remedy="Install the package anew.",
            )
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        str(config),
        "--pythonpath",
        str(root),
        "app:server",
    ]


def serve(changes: dict[str, str]) -> NoReturn:
    """Replace this process by gunicorn; ``changes`` are settings given on the command line."""
    command = gunicorn_command()
    os.execve(command[0], command, {**os.environ, **changes})  # noqa: S606
