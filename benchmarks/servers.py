"""Subjects that are servers: a cold ``gunicorn`` with two workers, asked over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

import psutil

from benchmarks.protocol import memory_mib

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 600.0  # not a measure: past it something hangs
_CLIENTS = 4


@dataclass(frozen=True)
class Running:
    """A server that was just started; ``started`` is the clock before its process was."""

    process: subprocess.Popen[bytes]
    port: int
    started: float

    def wait_until_accepting(self) -> float:
        """Seconds from the start until a connection is accepted."""
        deadline = self.started + _PATIENCE_SECONDS
        while time.perf_counter() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.002)
            else:
                return time.perf_counter() - self.started
        raise RuntimeError("the server never accepted a connection; see the log")

    def seconds_since_start(self) -> float:
        """Seconds since the process was started."""
        return time.perf_counter() - self.started

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The body of an answer that must be good."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request(method, path, body=body)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise RuntimeError(f"{path.partition('?')[0]} answered {response.status}")
        return content

    def memory(self) -> dict[str, float]:
        """Memory of one worker, MiB: the mean over workers."""
        workers = psutil.Process(self.process.pid).children()
        return {kind: value / len(workers) for kind, value in memory_mib(workers).items()}


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The worker processes of a ``gunicorn`` of ours that are alive now."""
    found = []
    for child in psutil.Process(process.pid).children():
        with suppress(psutil.Error):  # it may end between two looks
            if "cxr_dash.stray_lines" not in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
    return found


@contextmanager
def gunicorn(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    log: IO[bytes],
    *,
    patience: float,
    must_stop: bool = True,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that runs in ``folder``; stopped at the end as an administrator would.

    One that does not stop within ``patience`` seconds is killed.

    Raises
    ------
    subprocess.TimeoutExpired
        When it was killed although ``must_stop``.
    """
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            if must_stop:
                raise


@contextmanager
def started(
    application: str, bundle: Path, folder: Path, workers: int = 2, settings: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A cold server, with further settings (``CXR_…``); stopped at the end."""
    port = free_port()
    environment = {
        **os.environ,
        "CXR_PORT": str(port),
        "CXR_HOST": "127.0.0.1",
        "CXR_WORKERS": str(workers),
        "CXR_LOG_LEVEL": "warning",
        "CXR_MODELS_DIR": str(bundle.parent),
        "CXR_DEFAULT_MODEL": bundle.name,
        "CXR_CACHE_DIR": str(folder / "cache"),
        "BENCHMARK_BUNDLE": str(bundle),
        **(settings or {}),
    }
    options = (
        []
        if application == "app:server"
        else ["--config", str(ROOT / "benchmarks" / "reference_gunicorn.py")]
    )
    command = [sys.executable, "-m", "gunicorn", *options, application]
    with (folder / "servers.log").open("ab") as log:
        clock = time.perf_counter()
        with gunicorn(command, ROOT, environment, log, patience=60) as process:
            yield Running(process, port, clock)


def ask_ours(server: Running, film: bytes, model: str, label: str) -> bytes:
    """Add a film, have it analysed, fetch one heat layer: what the page does."""
    key = json.loads(server.request("POST", f"/films?model={model}", film))["film"]
    return server.request("GET", f"/films/{key}/{model}/{label}/heat-layer.png")


def ask_reference(server: Running, film: bytes, _model: str, label: str) -> bytes:
    """Probabilities are computed and one heatmap comes back."""
    return server.request("POST", f"/analyse/{label}", film)


def films_per_second(ask: Callable[[], bytes], films: int) -> float:
    """Films answered a second by four clients at once."""
    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(lambda _: ask(), range(_CLIENTS)))  # every worker has answered once
        clock = time.perf_counter()
        list(pool.map(lambda _: ask(), range(films)))
        return films / (time.perf_counter() - clock)
