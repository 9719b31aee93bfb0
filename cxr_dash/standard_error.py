"""What a process writes onto the file of standard error is read by a small process of its own.

Native libraries write there, past ``logging``. A thread would not survive the forks of workers, and the last
lines of a process that was killed would be lost with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TextIO


def lead_standard_error(module: str, *arguments: str) -> tuple[TextIO, subprocess.Popen[bytes]]:
    """Lead standard error of this process, and of those it forks, into a module that runs as another one.

    Returns
    -------
    TextIO
        The real standard error, for what this process writes itself; the other one has it too.
    subprocess.Popen
        Ends by itself when nobody can write to it any more.
    """
    real = os.dup(2)
    command = [sys.executable, "-m", module, *arguments]
    reader = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=real)  # noqa: S603
    assert reader.stdin is not None  # noqa: S101  (for mypy)
    os.dup2(reader.stdin.fileno(), 2)
    reader.stdin.close()
    return os.fdopen(real, "w", buffering=1, encoding="utf-8", errors="backslashreplace"), reader


def stay_to_the_end() -> None:
    """For the reader: all processes may be told to stop at once, and the last lines are still to come."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
