"""Workers that are killed, and bundles that change under the server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections import Counter
from pathlib import Path

from benchmarks.table import ROOT
from reliability.chaos.clients import listed, yes
from reliability.chaos.fault import Fault, Seen, film
from reliability.server import WORKERS, Answer, Server, eventually, running

_MODEL, _KILLED, _SENT = "findings", 3, 40


def _killed(folder: Path) -> Seen:
    answers: list[Answer] = []
    with running(folder) as server:

        def send() -> None:
            data = film()
            # seen from the other thread as they come
            answers.extend(server.ask("POST", f"/films?model={_MODEL}", data) for _ in range(_SENT))

        sender = threading.Thread(target=send)
        sender.start()
        for number in range(_KILLED):
            eventually(lambda reached=number: len(answers) > reached * _SENT // _KILLED, "films on their way")
            victim = server.workers()[0]
            os.kill(victim.pid, signal.SIGKILL)
            eventually(lambda gone=victim.pid: _whole_again(server, gone), "another worker")
        sender.join()
        kept = [one.json()["film"] for one in answers if one.status == 201]
        read = Counter(server.ask("GET", f"/films/{key}/{_MODEL}/answer.json").status for key in kept)
    counted = Counter(one.words for one in answers)
    good = set(read) == {200} and len(answers) == _SENT
    return Seen(good, f"{listed(counted)}; of {len(kept)} confirmed films {read[200]} are read afterwards")


def _whole_again(server: Server, gone: int) -> bool:
    pids = {worker.pid for worker in server.workers()}
    return gone not in pids and len(pids) >= WORKERS


def _models(folder: Path) -> Path:
    """A copy of the bundles that may be changed."""
    return Path(shutil.copytree(ROOT / "models", folder / "models"))


def _swapped(folder: Path) -> Seen:
    models = _models(folder)
    with running(folder, models_dir=str(models)) as server:
        before = _answer(server)
        graph = models / _MODEL / "serving.tflite"
        other = bytearray(graph.read_bytes())
        other[len(other) // 2 : len(other) // 2 + 4096] = bytes(4096)
        # as `cp` over the file would: the same inode, which a mapped file would follow
        with graph.open("r+b") as file:
            file.write(other)
        same = _answer(server) == before
    with running(folder / "again", models_dir=str(models), default_model="pneumonia-paediatric") as server:
        refused = _is_refused(server, _MODEL)
    words = f"the running server answers as before: {yes(same)}; "
    return Seen(same and refused, words + f"the next start refuses the bundle: {yes(refused)}")


def _edited(folder: Path) -> Seen:
    models = _models(folder)
    written = models / _MODEL / "bundle.json"
    text = written.read_text(encoding="utf-8")
    spec = json.loads(text)
    changed = _lower(spec)
    written.write_text(json.dumps(spec), encoding="utf-8")
    with running(folder, models_dir=str(models), default_model="pneumonia-paediatric") as server:
        refused = _is_refused(server, _MODEL)
    return Seen(
        refused and changed > 0, f"{changed} thresholds changed; the bundle is refused: {yes(refused)}"
    )


def _lower(spec: object) -> int:
    """Lower every threshold of a bundle by a hundredth; how many there were."""
    found = 0
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key == "threshold" and isinstance(value, float):
                spec[key], found = max(0.0, value - 0.01), found + 1
            else:
                found += _lower(value)
    elif isinstance(spec, list):
        found = sum(map(_lower, spec))
    return found


def _answer(server: Server) -> dict[str, object]:
    """What is said of one film: digest, probabilities and the strength of every map."""
    key = server.add(film(), _MODEL)
    answer = server.ask("GET", f"/films/{key}/{_MODEL}/answer.json").json()["answer"]
    return {name: answer[name] for name in ("sha256", "probabilities", "heat")}


def _is_refused(server: Server, model: str) -> bool:
    return model in json.dumps(server.ask("GET", "/readyz").json()["refused"])


FAULTS = (
    Fault("worker killed", f"`kill -9` of a worker, {_KILLED} times, while {_SENT} films are sent", _killed),
    Fault(
        "weights swapped", "another graph is written over `serving.tflite` while the server runs", _swapped
    ),
    Fault("thresholds edited", "every threshold in `bundle.json` lowered by 0.01", _edited),
)
