"""The same files sent to a real server, several at once: no 500, no lost worker, an answer for everyone."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Lock

from gunicorn_server import GunicornServer, running_gunicorn

from fuzz.case import Case
from fuzz.findings import Finding, keep
from fuzz.mutate import Mutator
from fuzz.targets import FILMS

NAME = "server"
CLIENTS = 6
# Numbers of cases that no loop reaches.
FIRST_NUMBER = 1 << 32
_KINDS = (*FILMS, "encoded", "zip", "drawn")
_ASKED_KINDS = (*_KINDS, "dicom", "dicom", "dicom")
_ASKED_EVERY = 12
_MODEL = "findings"
_TROUBLE = re.compile(r"was sent SIG|WORKER TIMEOUT|Traceback|Worker failed|\[ERROR\]|\[CRITICAL\]")


class ServerRun:
    """What came of it.

    Attributes
    ----------
    statuses : Counter of int
        Answers to films.
    findings : int
    slowest : float
        Seconds that one request took.
    memory : tuple of float
        MiB of all workers, at the beginning and at the end.
    """

    def __init__(self, mutator: Mutator, folder: Path) -> None:
        self.statuses: Counter[int] = Counter()
        self.findings = 0
        self.slowest = 0.0
        self.memory = (0.0, 0.0)
        self._mutator = mutator
        self._folder = folder
        self._numbers = count(FIRST_NUMBER)
        self._lock = Lock()
        self._last: list[Case] = []

    @property
    def executions(self) -> int:
        """Films sent."""
        return sum(self.statuses.values())

    def run(self, seconds: float, most: int) -> None:
        """Start a server with two workers and send it films for so long, or so many."""
        # Patients are shown, so that what a file says of them goes everywhere it can.
        environment = {**os.environ, "CXR_SHOW_IDENTITY": "true"}
        with (
            tempfile.TemporaryDirectory(prefix="fuzz-server-") as place,
            running_gunicorn(Path(place), environment=environment) as server,
        ):
            before = {worker.pid for worker in server.workers()}
            start = _memory(server)
            until = time.monotonic() + seconds

            def client(_: int) -> None:
                while time.monotonic() < until and self.executions < most:
                    self._send(server)

            with ThreadPoolExecutor(CLIENTS) as pool:
                list(pool.map(client, range(CLIENTS)))
            self.memory = (start, _memory(server))
            self._check(server, before)

    def _send(self, server: GunicornServer) -> None:
        with self._lock:
            number = next(self._numbers)
        asked = f"?model={_MODEL}" if number % _ASKED_EVERY == 0 else ""
        # Papers say what DICOM files say.
        case = self._mutator.case(number, _ASKED_KINDS if asked else _KINDS)
        with self._lock:
            self._last = [*self._last[1 - 2 * CLIENTS :], case]
        began = time.monotonic()
        try:
            answer = server.post(f"/films{asked}", case.data)
            said = answer.json()
            if answer.status == 201:
                fault = self._shown(server, str(said["film"]), asked=bool(asked))
            else:
                busy = answer.status == 503 and said["error"]["code"] == "busy"
                fault = "" if 400 <= answer.status < 500 or busy else f"status {answer.status}: {said}"
            status = answer.status
        except (OSError, ValueError, KeyError) as error:
            status, fault = 0, f"no answer: {error!r}"
        with self._lock:
            self.statuses[status] += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
        if fault:
            self._found(f"answer-{status}", fault, case)

    def _shown(self, server: GunicornServer, key: str, *, asked: bool) -> str:
        """Ask for all that is made of a kept film, and delete it; what went wrong, or nothing."""
        film = f"/films/{key}"
        names = ["picture.jpg", "thumbnail.jpg", "patient.json"]
        names += [f"{_MODEL}/answer.json"] if asked else []
        wrong = {name: status for name in names if (status := server.get(f"{film}/{name}").status) != 200}
        body = json.dumps({"model": _MODEL, "films": [{"number": 1, "film": key, "anyway": True}]}).encode()
        for kind in ("pdf", "csv", "json") if asked else ():
            status = server.post(f"/exports.{kind}", body).status
            wrong |= {kind: status} if status != 200 else {}
        gone = server._ask("DELETE", film).status
        wrong |= {"DELETE": gone} if gone != 204 else {}
        return f"{wrong} after 201" if wrong else ""

    def _check(self, server: GunicornServer, before: set[int]) -> None:
        log = server.log.read_text(errors="replace")
        lost = before - {worker.pid for worker in server.workers()}
        trouble = [line for line in log.splitlines() if _TROUBLE.search(line)]
        if lost or trouble:
            details = f"workers lost: {sorted(lost)}\n" + "\n".join(trouble[:20]) + f"\n\n{log[-8000:]}"
            for index, case in enumerate(self._last):
                self._found(f"worker-{index}", details, case)
        if server.get("/healthz").status != 200:
            self._found("health", "no /healthz", self._last[-1])

    def _found(self, what: str, details: str, case: Case) -> None:
        with self._lock:
            self.findings += 1
            if keep(self._folder, Finding(NAME, what, details), case):
                print(f"fuzz: {what} of the server, from {case.origin}: {details[:200]}", flush=True)

    def said(self) -> str:
        """For people."""
        answers = ", ".join(f"{number} x {status}" for status, number in sorted(self.statuses.items()))
        start, end = self.memory
        return (
            f"server    {self.executions} films: {answers or 'none'}; slowest {self.slowest * 1000:.0f} ms; "
            f"workers took {start:.0f} MiB, then {end:.0f}; findings {self.findings}"
        )


def _memory(server: GunicornServer) -> float:
    return sum(worker.memory_info().rss for worker in server.workers()) / 2**20
