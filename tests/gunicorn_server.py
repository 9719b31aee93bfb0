"""A real ``gunicorn`` in a process of its own, and the few requests tests make of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
from log_watch import keys_in

from benchmarks.servers import free_port, gunicorn, workers_of

ROOT = Path(__file__).resolve().parent.parent
# Not a measure of speed: past it something hangs, and the test must say so instead of waiting for ever.
PATIENCE_SECONDS = 90.0
WORKERS = 2


@dataclass(frozen=True)
class Answer:
    """Status, body and content type of one response, whatever the status."""

    status: int
    body: bytes
    content_type: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class GunicornServer:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._ask("GET", path, headers=headers)

    def post(self, path: str, data: bytes) -> Answer:
        return self._ask("POST", path, data)

    def workers(self) -> list[psutil.Process]:
        """The worker processes that are alive now."""
        return workers_of(self.process)

    def metric(self, name: str) -> float:
        """Sum of a metric over all its labels, as ``/metrics`` gives it."""
        text = self.get("/metrics").body.decode()
        found = re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, flags=re.MULTILINE)
        return sum(map(float, found))

    def _ask(
        self, method: str, path: str, data: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body=data, headers=dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.read(), response.headers["Content-Type"])
        finally:
            connection.close()


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that happens in another process."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


@contextmanager
def running_gunicorn(
    folder: Path,
    arguments: Sequence[str] = (),
    *,
    command: Sequence[str] = (sys.executable, "-m", "gunicorn", "app:server"),
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Iterator[GunicornServer]:
    """Start the server, wait until it can analyse, and stop it as an administrator would.

    ``environment`` replaces the inherited one; address, cache, library and metrics are always the test's own.
    ``port`` is for a server that comes back where an earlier one was.
    """
    port = port or free_port()
    variables = {
        **(os.environ if environment is None else environment),
        "CXR_HOST": "127.0.0.1",
        "CXR_PORT": str(port),
        "CXR_WORKERS": str(WORKERS),
        "CXR_CACHE_DIR": str(folder / "cache"),
        "CXR_LIBRARY_DIR": str(folder / "library"),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
    }
    log = folder / "gunicorn.log"
    with (
        log.open("wb") as stream,
        gunicorn([*command, *arguments], cwd, variables, stream, patience=40) as process,
    ):
        server = GunicornServer(process, port, log)
        warm = variables.get("CXR_WARM_UP") != "false"
        eventually(
            lambda: _is_ready(server, warm=warm), f"the server to be ready:\n{log.read_text()[-4000:]}"
        )
        yield server
    assert keys_in(log.read_text(errors="replace")) == []


def _is_ready(server: GunicornServer, *, warm: bool) -> bool:
    """Whether every worker is: `/readyz` speaks for the one that happens to answer, the log for each.

    Without a warm-up no model is loaded yet, and only the number of workers can be waited for.
    """
    log = server.log.read_text(errors="replace")
    assert server.process.poll() is None, f"gunicorn ended:\n{log[-4000:]}"
    forms = (r"\[(\d+)\] \[INFO\] loaded model", r'"event": "loaded model.*"process": (\d+)')
    loaded = {int(pid) for form in forms for pid in re.findall(form, log)}
    workers = {worker.pid for worker in server.workers()}
    try:
        return (
            len(workers) >= WORKERS
            and (not warm or workers <= loaded)
            and server.get("/readyz").status == 200
        )
    except OSError:
        return False
