"""What one reader does: opens the page, adds a film, looks at answer and maps, thinks, clears it away."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.dicom_film import UNCOMPRESSED, dicom_film
from benchmarks.film import noisy_films
from cxr_dash import imaging
from reliability.server import Answer, Server

_REPORT_EVERY = 5  # films


@dataclass
class Tally:
    """What all readers met: seconds by kind of request, and how often each kind of error came."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    analyses: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, answer: Answer, *, good: int = 200) -> bool:
        """Keep one answer; whether it was as it should be."""
        with self._lock:
            if answer.status == good:
                self.seconds[kind].append(answer.seconds)
                self.analyses += kind == "answer"
                return True
            self.errors[kind, answer.words] += 1
            return False


@dataclass(frozen=True)
class Reader:
    """One person before the page.

    Attributes
    ----------
    think_seconds : float
        Mean time between two films, and between what is done with one.
    """

    server: Server
    films: Sequence[bytes]
    model: str
    label: str
    think_seconds: float
    tally: Tally
    over: threading.Event

    def read(self, seed: int) -> None:
        """Films until it is over."""
        chance = random.Random(seed)  # noqa: S311 - times to think, not secrets
        cookie: dict[str, str] = {}
        self._think(chance)
        number = 0
        while not self.over.is_set():
            if not cookie:
                cookie = self._opened()
            number += 1
            self._one_film(chance, cookie, number)

    def _opened(self) -> dict[str, str]:
        page = self.server.ask("GET", "/")
        if not self.tally.note("page", page):
            return {}
        return {"Cookie": page.headers.get("Set-Cookie", "").partition(";")[0]}

    def _one_film(self, chance: random.Random, cookie: Mapping[str, str], number: int) -> None:
        ask, note, model = self.server.ask, self.tally.note, self.model
        added = ask("POST", f"/films?model={model}", chance.choice(self.films), cookie)
        if not note("film added", added, good=201):
            self._think(chance)
            return
        film = f"/films/{added.json()['film']}"
        note("picture", ask("GET", f"{film}/picture.jpg", headers=cookie))
        note("answer", ask("GET", f"{film}/{model}/answer.json", headers=cookie))
        note("heatmap", ask("GET", f"{film}/{model}/{self.label}/heat-layer.png", headers=cookie))
        self._think(chance)
        if number % _REPORT_EVERY == 0:
            films = [{"number": 1, "film": added.json()["film"]}]
            wanted = json.dumps({"model": model, "films": films}).encode()
            as_json = {**cookie, "Content-Type": "application/json"}
            note("report", ask("POST", "/exports.pdf", wanted, as_json))
        note("film deleted", ask("DELETE", film, headers=cookie), good=204)

    def _think(self, chance: random.Random) -> None:
        if self.think_seconds:
            self.over.wait(chance.expovariate(1.0 / self.think_seconds))


def films_to_read() -> list[bytes]:
    """Small and large films of three formats, drawn."""
    small = [imaging.encode_png(imaging.chest_phantom(side, side), {}) for side in (512, 768, 1024)]
    large = next(noisy_films(1))
    eight_bits = (large >> 4).clip(0, 255).astype(np.uint8)
    return [*small, imaging.encode_jpeg(eight_bits), dicom_film(large, UNCOMPRESSED)]


def watch_health(server: Server, tally: Tally, over: threading.Event, every: float) -> None:
    """Ask the two addresses that an orchestrator asks, as often as one does."""
    while not over.is_set():
        for address in ("/healthz", "/readyz"):
            tally.note(address, server.ask("GET", address))
        over.wait(every)


def wait_until(server: Server, tally: Tally, over: threading.Event, seconds: float, analyses: int) -> None:
    """Until the time is over, or so many films were read."""
    end = time.monotonic() + seconds
    while (tally.analyses < analyses) if analyses else (time.monotonic() < end):
        if server.process.poll() is not None:
            break
        time.sleep(0.1)
    over.set()
