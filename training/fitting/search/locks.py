"""Locks between processes that go with the process: a killed one leaves none behind."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock, after waiting for it."""
    with _opened(path) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


class Hold:
    """A lock that is either had at once or not at all, and kept until it is let go or the process ends."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    @classmethod
    def attempt(cls, path: Path) -> Hold | None:
        """The lock, or None when another process or thread holds it."""
        stream = _opened(path)
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            return None
        return cls(stream)

    def release(self) -> None:
        """Let go."""
        self._stream.close()


def _opened(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")
