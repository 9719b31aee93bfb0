"""A lock a name, for as long as anybody holds it or waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class _Named:
    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class OneAtATime:
    """Of this process's threads that ask for the same, one works and the others wait for what it found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, _Named] = {}

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Hold the name's lock."""
        with self._lock:
            named = self._names.setdefault(name, _Named())
            named.users += 1
        try:
            with named.lock:
                yield
        finally:
            with self._lock:
                named.users -= 1
                if not named.users:
                    self._names.pop(name, None)
