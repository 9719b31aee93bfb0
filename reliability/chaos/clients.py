"""Clients that stall, crowd, send junk, take all the room, or leave."""

from __future__ import annotations

import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from reliability.chaos.fault import Fault, Seen, film
from reliability.server import Server, eventually, running

_STALLED, _CROWD, _LOOKS, _JUNK = 80, 120, 20, 300
_MODEL = "findings"
_HALF = b"POST /films HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\nthe first of many"


def health(server: Server, looks: int = _LOOKS) -> tuple[int, float]:
    """How many of so many questions to ``/healthz`` were answered, and the longest it took."""
    answers = []
    for _ in range(looks):
        answers.append(server.ask("GET", "/healthz", timeout=30))
        time.sleep(0.05)
    return sum(one.status == 200 for one in answers), max(one.seconds for one in answers)


def _stalled(folder: Path) -> Seen:
    with running(folder) as server, ExitStack() as held:
        for _ in range(_STALLED):
            client = held.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(_HALF)
        answered, longest = health(server)
        began = time.perf_counter()
        server.add(film(), _MODEL)
        took = time.perf_counter() - began
    words = f"`/healthz` {answered} of {_LOOKS}, {longest:.2f} s at most; a film in {took:.2f} s meanwhile"
    return Seen(answered == _LOOKS, words)


def _crowd(folder: Path) -> Seen:
    data = film(1024)
    with running(folder, max_waiting="8") as server, ThreadPoolExecutor(_CROWD + 1) as pool:
        asked = [pool.submit(server.ask, "POST", f"/films?model={_MODEL}", data) for _ in range(_CROWD)]
        answered, longest = health(server)
        answers = [one.result() for one in asked]
        later = server.ask("POST", f"/films?model={_MODEL}", data)
    counted = Counter(one.words for one in answers)
    told = [one for one in answers if one.status == 503]
    polite = all("Retry-After" in one.headers for one in told)
    good = (
        bool(told)
        and polite
        and set(counted) <= {"201", "503 `busy`"}
        and answered == _LOOKS
        and later.status == 201
    )
    words = (
        f"{listed(counted)}; each 503 with `Retry-After`: {yes(polite)}; `/healthz` {answered} of {_LOOKS}, "
    )
    return Seen(good, words + f"{longest:.2f} s at most; afterwards a film: {later.status}")


def _junk(folder: Path) -> Seen:
    pieces: Sequence[bytes] = (
        b"",
        b"{",
        b"[]",
        b'{"output": 1}',
        b'{"inputs": [{}], "output": "a.b"}',
        b"\xff\x00" * 99,
    )
    headers = {"Content-Type": "application/json"}
    with running(folder) as server:
        before = len(server.log)
        with ThreadPoolExecutor(8) as pool:
            sent = [pieces[number % len(pieces)] for number in range(_JUNK)]
            answers = list(
                pool.map(lambda body: server.ask("POST", "/_dash-update-component", body, headers), sent)
            )
        large = server.ask("POST", "/_dash-update-component", b"x" * 20_000_000, headers)
        log = server.log
    counted = Counter(str(one.status) for one in [*answers, large])
    worst = max(map(int, counted))
    good = worst < 500 and "Traceback" not in log and len(log) - before < 100_000
    return Seen(
        good,
        f"{listed(counted)}; {len(log) - before} bytes of log, no traceback: {yes('Traceback' not in log)}",
    )


def _greedy(folder: Path) -> Seen:
    with running(folder, max_cache_bytes=str(3 * 2**20)) as server:
        mine = server.add(film(), _MODEL)
        answers = [server.ask("POST", "/films", film(1024)) for _ in range(30)]
        stays = server.ask("GET", f"/films/{mine}/picture.jpg")
    counted = Counter(one.words for one in answers)
    refused = any(one.status in {429, 503} for one in answers)
    return Seen(
        refused and stays.status == 200, f"{listed(counted)}; the first reader's film: {stays.status}"
    )


def _gone(folder: Path) -> Seen:
    data, leavers = film(1024), 12
    request = (
        f"POST /films HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data
    )
    with running(folder) as server:
        for number in range(leavers):
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(request)
                if number % 2:  # every other one does not even say that it leaves
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.ask("DELETE", f"/films/{server.add(film())}")
        eventually(lambda: _idle(server), "the server to have done all")
        kept = [file for file in (folder / "cache").iterdir() if file.name != "lock"]
        decoded = _sum(server, "cxr_http_requests_total", 'status="499"')
    return Seen(
        not kept, f"{decoded:.0f} of the {leavers} films were read to their end, {len(kept)} entries are kept"
    )


def _idle(server: Server) -> bool:
    """Whether nothing was worked on or waited for, at several looks."""
    for _ in range(8):
        if any(
            _sum(server, f"cxr_{name}") for name in ("busy_threads", "waiting_requests", "incoming_bytes")
        ):
            return False
        time.sleep(0.25)
    return True


def _sum(server: Server, metric: str, label: str = "") -> float:
    """A metric over all its samples that have a label."""
    text = server.ask("GET", "/metrics").body.decode()
    pattern = rf"^{metric}(?:\{{([^}}]*)\}})? (\S+)$"
    return sum(
        float(value) for labels, value in re.findall(pattern, text, flags=re.MULTILINE) if label in labels
    )


def listed(counted: Counter[str]) -> str:
    """Answers by status and code, as words."""
    return ", ".join(f"{times} x {words}" for words, times in sorted(counted.items()))


def yes(true: bool) -> str:
    """For a table."""
    return "yes" if true else "**no**"


FAULTS = (
    Fault("stalled uploads", f"{_STALLED} bodies that stop half way", _stalled),
    Fault("crowd", f"{_CROWD} films at once, 8 may wait for each worker", _crowd),
    Fault("junk", f"{_JUNK} wrong bodies and one of 20 MB to `/_dash-update-component`", _junk),
    Fault("greedy reader", "30 films into a cache of 3 MiB in which another reader has one", _greedy),
    Fault("gone clients", "12 clients send a film and leave, every other one by a reset", _gone),
)
