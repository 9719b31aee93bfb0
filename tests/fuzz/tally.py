"""Counts in memory that two processes share: what one has done outlives it when it crashes."""

from __future__ import annotations

import mmap
from collections.abc import Sequence

import numpy as np

REFUSED, READ, ESCAPED = 0, 1, 2


class Tally:
    """What was done so far.

    Attributes
    ----------
    counts : ndarray of int64, shape (targets, 3)
        Files refused in words, read, and what must not happen.
    seconds, slowest : ndarray of float64, shape (targets,)
        In all, and of the slowest file.
    slowest_number : ndarray of int64, shape (targets,)
    number, started : ndarray, shape (1,)
        The case that is being worked on, and since when (``time.monotonic``).
    memory : ndarray of float64, shape (3,)
        Resident memory in MiB: once all targets were warm, now, most.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._memory = mmap.mmap(-1, 8 * (6 * len(names) + 6))
        self._offset = 0
        count = len(names)
        self.counts = self._part(np.int64, 3 * count).reshape(count, 3)
        self.seconds = self._part(np.float64, count)
        self.slowest = self._part(np.float64, count)
        self.slowest_number = self._part(np.int64, count)
        self.number = self._part(np.int64, 1)
        self.started = self._part(np.float64, 1)
        self.memory = self._part(np.float64, 3)

    def _part(self, dtype: type, count: int) -> np.ndarray:
        part = np.frombuffer(self._memory, dtype, count, self._offset)
        self._offset += 8 * count
        return part

    @property
    def executions(self) -> int:
        """Files tried so far."""
        return int(self.counts.sum())

    def add(self, target: int, outcome: int, seconds: float, number: int) -> None:
        """Note one file."""
        self.counts[target, outcome] += 1
        self.seconds[target] += seconds
        if seconds > self.slowest[target]:
            self.slowest[target] = seconds
            self.slowest_number[target] = number

    def table(self) -> str:
        """For people."""
        lines = [
            f"{'target':10}{'files':>10}{'read':>10}{'refused':>10}{'escapes':>9}{'per s':>8}{'slowest':>10}"
        ]
        for index, name in enumerate(self.names):
            refused, read, escaped = (int(one) for one in self.counts[index])
            files, spent = refused + read + escaped, self.seconds[index]
            rate = files / spent if spent else 0.0
            slowest = f"{self.slowest[index] * 1000:.0f} ms"
            lines.append(f"{name:10}{files:>10}{read:>10}{refused:>10}{escaped:>9}{rate:>8.0f}{slowest:>10}")
        start, now, most = self.memory
        lines.append(f"memory: {start:.0f} MiB once warm, {now:.0f} at the end, {most:.0f} at most")
        return "\n".join(lines)
