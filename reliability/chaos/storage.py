"""Caches that are full, read-only, damaged, someone else's or not there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from benchmarks.servers import free_port
from benchmarks.table import ROOT
from reliability.chaos.clients import listed, yes
from reliability.chaos.fault import Fault, NotHereError, Seen, film
from reliability.server import eventually, own_environment, running

_MODEL = "findings"


@contextmanager
def _disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A small disk in memory of the fault's own.

    Raises
    ------
    NotHereError
        When nothing may be mounted.
    """
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        raise NotHereError("needs a user who may mount a small disk (root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _full(folder: Path) -> Seen:
    with _disk(folder / "disk", 4) as disk, running(folder, cache_dir=str(disk)) as server:
        first = server.add(film(), _MODEL)
        answers = [server.ask("POST", f"/films?model={_MODEL}", film(1024)) for _ in range(30)]
        kept = [one.json()["film"] for one in answers if one.status == 201]
        read = [server.ask("GET", f"/films/{key}/picture.jpg").status for key in (first, *kept)]
        half = [
            file.name
            for file in disk.iterdir()
            if len(file.name) not in {32, 64, 128} and file.name != "lock"
        ]
        for key in kept:
            server.ask("DELETE", f"/films/{key}")
        again = server.ask("POST", f"/films?model={_MODEL}", film())
    counted = Counter(one.words for one in answers)
    good = (
        set(counted) <= {"201", "503 `storage`"} and set(read) == {200} and not half and again.status == 201
    )
    words = f"{listed(counted)}; all {len(read)} confirmed films are read: {yes(set(read) == {200})}; "
    return Seen(good, words + f"{len(half)} half-written files; after deletions a film: {again.status}")


def _read_only(folder: Path) -> Seen:
    with _disk(folder / "disk", 16) as disk, running(folder, cache_dir=str(disk)) as server:
        key = server.add(film(), _MODEL)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        deleted = server.ask("DELETE", f"/films/{key}")
        added = server.ask("POST", "/films", film())
        began = time.perf_counter()
        ready = server.ask("GET", "/readyz")
        took = time.perf_counter() - began
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        then = server.ask("DELETE", f"/films/{key}")
    good = (deleted.status, added.status, ready.status, then.status) == (503, 503, 503, 204)
    words = f"DELETE {deleted.words}, a new film {added.words}, `/readyz` {ready.status} in {took:.2f} s; "
    return Seen(good, words + f"once it can be written again, DELETE {then.status}")


def _damaged(folder: Path) -> Seen:
    with running(folder) as server:
        keys = [server.add(film(side), _MODEL) for side in (384, 448, 512)]
        for entry in (folder / "cache").iterdir():
            if entry.name != "lock":
                entry.write_bytes(entry.read_bytes()[:500] + os.urandom(400))
        answers = Counter(
            server.ask(method, f"/films/{key}{what}").words
            for key in keys
            for method, what in (("GET", "/picture.jpg"), ("GET", f"/{_MODEL}/answer.json"), ("DELETE", ""))
        )
        after = server.ask("POST", f"/films?model={_MODEL}", film())
        log = server.log
    good = (
        not any(words.startswith("500") for words in answers)
        and after.status == 201
        and "Traceback" not in log
    )
    return Seen(
        good,
        f"{listed(answers)}; a film afterwards: {after.status}; no traceback: {yes('Traceback' not in log)}",
    )


def _open_folder(folder: Path) -> Seen:
    cache = folder / "cache"
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    ended = _try_to_start(ROOT, cache_dir=str(cache))
    return _refused(ended, "closed to other users")


def _at_the_root(folder: Path) -> Seen:
    del folder
    before = sorted(Path("/var/cache").iterdir())
    ended = _try_to_start(Path("/"))
    seen = _refused(ended, "var/cache")
    untouched = sorted(Path("/var/cache").iterdir()) == before
    return Seen(seen.good and untouched, f"{seen.words}; the system's folder is untouched: {yes(untouched)}")


def _try_to_start(working: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = own_environment(port=str(free_port()), **settings)
    options = ["--config", str(ROOT / "gunicorn.conf.py"), "--pythonpath", str(ROOT)]
    command = [sys.executable, "-m", "gunicorn", *options, "app:server"]
    return subprocess.run(
        command, cwd=working, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def _refused(ended: subprocess.CompletedProcess[str], words: str) -> Seen:
    said = words in ended.stderr and "Traceback" not in ended.stderr
    return Seen(ended.returncode != 0 and said, f"the server does not start, and says why: {yes(said)}")


@contextmanager
def _redis(port: int) -> Iterator[redis.Redis]:
    program = shutil.which("redis-server")
    if program is None:
        raise NotHereError("needs redis-server")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            eventually(lambda: _answers(client), "Redis")
            yield client
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _redis_full_and_down(folder: Path) -> Seen:
    port = free_port()
    settings = {"cache_type": "redis", "cache_redis_url": f"redis://127.0.0.1:{port}/0"}
    with ExitStack() as held:
        with _redis(port) as client:
            server = held.enter_context(running(folder, **settings))
            key = server.add(film(), _MODEL)
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1mb")
            full = server.ask("POST", "/films", film())
            stays = server.ask("GET", f"/films/{key}/picture.jpg")
        down = [
            server.ask(method, path).words
            for method, path in (("DELETE", f"/films/{key}"), ("GET", "/readyz"))
        ]
        alive = server.ask("GET", "/healthz")
        with _redis(port):
            back = server.ask("POST", "/films", film())
        log = server.log
    quiet = key not in log and "Traceback" not in log
    good = (full.status, stays.status, alive.status, back.status) == (503, 200, 200, 201) and quiet
    good = good and all(words.startswith("503") for words in down)
    words = (
        f"full: a film {full.words}, one that is kept {stays.status}; down: DELETE {down[0]}, `/readyz` "
        f"{down[1]}, `/healthz` {alive.status}; back: a film {back.status}; no key and no traceback in the "
        f"log: {yes(quiet)}"
    )
    return Seen(good, words)


FAULTS = (
    Fault("full disk", "30 films onto a disk of 4 MiB", _full),
    Fault("read-only cache", "the disk with the cache becomes read-only", _read_only),
    Fault("damaged entries", "every entry cut at 500 bytes, with noise behind", _damaged),
    Fault("cache open to others", "the cache folder has mode 0777", _open_folder),
    Fault("started at /", "no `CXR_CACHE_DIR`, working folder `/`", _at_the_root),
    Fault(
        "Redis full, then down",
        "`maxmemory` of 1 MB; then its process ends, and comes back",
        _redis_full_and_down,
    ),
)
