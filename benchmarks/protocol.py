"""Two ends of a pipe: a subject in its own process, and the bench that asks it to do things.

A subject announces on stdout what it has reached, one JSON object a line, then answers commands from stdin.
The bench's clock starts before the process does, so imports and loading count.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

Command = Callable[[], dict[str, Any]]
MIB = 2**20


def announce(name: str, **facts: Any) -> None:
    """Tell the bench that a point was reached."""
    sys.stdout.write(json.dumps({"name": name, **facts}) + "\n")
    sys.stdout.flush()


def answer_commands(commands: dict[str, Command]) -> None:
    """Serve commands until stdin ends; each is timed inside this process, by the clock and by CPU time."""
    for line in sys.stdin:
        name = line.strip()
        started, used = time.perf_counter(), time.process_time()
        facts = commands[name]()
        passed = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - used}
        announce(name, **{**passed, **facts})


class Subject:
    """One subject process, as the bench sees it; ``more`` are further arguments of its module."""

    def __init__(self, module: str, bundle: Path, film: Path, log: Path, *more: str) -> None:
        self._log = log.open("ab")
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(bundle), str(film), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the subject has no pipes")
        self._commands, self._answers = self._process.stdin, self._process.stdout

    def __enter__(self) -> Subject:
        return self

    def __exit__(self, *_: object) -> None:
        self._commands.close()
        self._process.wait(timeout=30)
        self._log.close()

    def reached(self, name: str) -> tuple[float, dict[str, Any]]:
        """Wait until the subject announces ``name``; seconds since its process was started, and its facts."""
        facts = self._read(name)
        return time.perf_counter() - self._started, facts

    def ask(self, name: str) -> dict[str, Any]:
        """Have the subject carry out a command; ``seconds`` and ``cpu_seconds`` are in the answer."""
        self._commands.write(f"{name}\n")
        self._commands.flush()
        return self._read(name)

    def memory_mib(self) -> dict[str, float]:
        """Memory now: ``pss`` shares pages between processes that map them, ``uss`` is its own alone."""
        return memory_mib([psutil.Process(self._process.pid)])

    def _read(self, name: str) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise RuntimeError(f"the subject ended; see {self._log.name}")
        facts: dict[str, Any] = json.loads(line)
        if facts["name"] != name:
            raise RuntimeError(f"expected {name}, received {facts['name']}")
        return facts


def memory_mib(processes: list[psutil.Process]) -> dict[str, float]:
    """Sum over processes, MiB."""
    found = [process.memory_full_info() for process in processes]
    return {kind: sum(getattr(info, kind) for info in found) / MIB for kind in ("pss", "uss", "rss")}
