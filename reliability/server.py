"""The real server, started as an administrator does, with a folder and settings of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil

from benchmarks.protocol import memory_mib
from benchmarks.servers import free_port, gunicorn, workers_of
from benchmarks.table import ROOT

PATIENCE_SECONDS = 300.0  # not a measure: past it something hangs
# How often in a row every answer must be good: that one worker of two gave them all is left to one in 500.
_ASKED = 10
WORKERS = 2


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 when nothing did, and ``body`` then names the error."""

    status: int
    seconds: float
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def words(self) -> str:
        """Status, and the code where the server gave one."""
        try:
            return f"{self.status} `{self.json()['error']['code']}`"
        except (ValueError, KeyError, TypeError):
            return str(self.status) if self.status else self.body.decode()


@dataclass(frozen=True)
class Server:
    """A running server and its log."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    @property
    def log(self) -> str:
        """All it has written so far."""
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def workers(self) -> list[psutil.Process]:
        """The worker processes that are alive now."""
        return workers_of(self.process)

    def memory(self) -> dict[str, float]:
        """``pss``, ``uss`` and ``rss`` of all workers together, MiB."""
        return memory_mib(self.workers())

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float = PATIENCE_SECONDS,
    ) -> Answer:
        """One request on a connection of its own; what fails is an answer of status 0."""
        began = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            content = response.read()
            return Answer(response.status, time.perf_counter() - began, dict(response.getheaders()), content)
        except (OSError, HTTPException) as error:
            return Answer(0, time.perf_counter() - began, {}, type(error).__name__.encode())
        finally:
            connection.close()

    def add(self, film: bytes, model: str = "", headers: Mapping[str, str] | None = None) -> str:
        """A film's key; the film must be taken."""
        answer = self.ask("POST", f"/films?model={model}" if model else "/films", film, headers)
        if answer.status != 201:
            raise RuntimeError(f"the film must be taken; received {answer.words}")
        return str(answer.json()["film"])


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that happens in another process."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.05)


def own_environment(**settings: str) -> dict[str, str]:
    """The inherited environment with these ``CXR_`` settings and no others; names as in :func:`running`."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CXR_")}
    return inherited | {f"CXR_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Server]:
    """Start the server, wait until each worker can analyse, and stop it at the end.

    Parameters
    ----------
    folder : Path
        For its cache, counters and log; made where it is missing.
    **settings : str
        ``CXR_`` settings without that beginning, in small letters.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    own = {
        "host": "127.0.0.1",
        "port": str(port),
        "workers": str(WORKERS),
        "cache_dir": str(folder / "cache"),
        "library_dir": str(folder / "library"),
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "app:server"]
    environment = own_environment(**own)
    with (
        (folder / "server.log").open("ab") as log,
        gunicorn(command, ROOT, environment, log, patience=60, must_stop=False) as process,
    ):
        server = Server(process, port, folder)
        eventually(lambda: _ready(server), "the server to be ready")
        yield server


def _ready(server: Server) -> bool:
    """The log speaks for each worker, `/readyz` for the one that answers, so that it is asked often."""
    log = server.log
    if server.process.poll() is not None:
        raise RuntimeError(f"the server ended:\n{log[-3000:]}")
    loaded = {int(pid) for pid in re.findall(r"\[(\d+)\] \[INFO\] loaded model", log)}
    workers = {worker.pid for worker in server.workers()}
    if len(workers) < WORKERS or not workers <= loaded:
        return False
    return all(server.ask("GET", "/readyz").status == 200 for _ in range(_ASKED))
