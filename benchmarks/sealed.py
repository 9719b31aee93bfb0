"""Bytes in memory that several processes map and nobody can change any more (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # another system
    SEALS = 0
else:
    SEALS = sum(getattr(fcntl, f"F_SEAL_{name}", 0) for name in ("SEAL", "SHRINK", "GROW", "WRITE"))

AVAILABLE = bool(SEALS) and hasattr(os, "memfd_create")


@contextmanager
def sealed(content: bytes) -> Iterator[Path]:
    """A path under which this user's processes can open ``content``, read only, while this one holds it."""
    number = os.memfd_create("sealed", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    try:
        with os.fdopen(number, "wb", closefd=False) as file:
            file.write(content)
        fcntl.fcntl(number, fcntl.F_ADD_SEALS, SEALS)
        yield Path(f"/proc/{os.getpid()}/fd/{number}")
    finally:
        os.close(number)
