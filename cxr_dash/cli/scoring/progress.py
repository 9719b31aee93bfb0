"""How far a long command has come, on stderr: one line that changes on a terminal, one a minute elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_TERMINAL_SECONDS, _LOG_SECONDS = 0.2, 60.0
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


class Progress:
    """Counts films and says so now and then.

    Parameters
    ----------
    total : callable
        Gives how many films there are in all; None as long as that is not known.
    done : int
        How many had their row before this command began: they count as done, not into the rate.
    stream : TextIO
        Standard error when left out.
    clock : callable
        Seconds, rising.
    """

    def __init__(
        self,
        total: Callable[[], int | None],
        *,
        done: int = 0,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._done, self._before = total, done, done
        self._stream, self._clock = stream or sys.stderr, clock
        self._terminal = self._stream.isatty()
        self._began = self._said = clock()
        self._width = 0

    def step(self) -> None:
        """One more film is done."""
        self._done += 1
        now = self._clock()
        if now - self._said >= (_TERMINAL_SECONDS if self._terminal else _LOG_SECONDS):
            self._said = now
            self._say(self.sentence())

    def passed(self) -> None:
        """One more film turned out to have its row already."""
        self._done += 1
        self._before += 1

    def sentence(self) -> str:
        """``1,200 / 9,000 films, 31.2 films/s, 4 min left``; what is not known is left out."""
        total, seconds = self._total(), self._clock() - self._began
        rate = (self._done - self._before) / seconds if seconds > 0 else 0.0
        said = [f"{self._done:,} / {total:,} films" if total is not None else f"{self._done:,} films"]
        if rate > 0:
            said.append(f"{rate:.1f} films/s")
            if total is not None:
                said.append(f"{_duration(max(0, total - self._done) / rate)} left")
        return ", ".join(said)

    def close(self) -> None:
        """End the line on a terminal; elsewhere nothing."""
        if self._terminal and self._done > self._before:
            self._say(self.sentence())
            self._stream.write("\n")
            self._stream.flush()

    def _say(self, text: str) -> None:
        if self._terminal:
            self._stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < _DAY:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _DAY:.1f} days"
