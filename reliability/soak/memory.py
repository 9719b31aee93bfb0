"""Memory of the workers over time, and how much it grew once the server was warm."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from statistics import median

import psutil

from reliability.server import Server
from reliability.soak.readers import Tally

# What the first films load stays loaded: growth counts from behind the first tenth.
_WARM_UP, _WINDOW = 0.1, 0.1


@dataclass
class MemoryLog:
    """Memory of all workers together, by films read."""

    samples: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    pids: set[int] = field(default_factory=set)

    def watch(self, server: Server, tally: Tally, over: threading.Event, every: float) -> None:
        """A sample now and then, until it is over."""
        while not over.wait(every):
            try:
                self.pids |= {worker.pid for worker in server.workers()}
                self.samples.append((tally.analyses, server.memory()))
            except psutil.Error:  # a worker ended between two looks
                continue

    def growth(self, kind: str) -> float | None:
        """Share by which the last tenth of films is above the one behind the warm-up; None when too few."""
        if not self.samples:
            return None
        whole = self.samples[-1][0]
        early = [
            now[kind]
            for films, now in self.samples
            if whole * _WARM_UP <= films <= whole * (_WARM_UP + _WINDOW)
        ]
        late = [now[kind] for films, now in self.samples if films >= whole * (1.0 - _WINDOW)]
        if not whole or not early or not late:
            return None
        return median(late) / median(early) - 1.0
