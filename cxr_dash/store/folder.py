"""A folder of entries, shared by the workers of one machine."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cxr_dash.store.places import NOBODY, Room, full

# Begins every entry: its form, until when it is kept (seconds since the epoch), and whose it is.
_HEAD = struct.Struct(">4sd16s")
_FORM = b"cxr1"
_LOCK = "lock"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
# How entries that are being written are called; `services.expiry` takes away what a killed server left.
PARTIAL = ".__wz_cache"


class FolderPlace:
    """Keeps each entry in a file of its own.

    Parameters
    ----------
    folder : Path
        This server's alone; exists.
    room : Room
    """

    def __init__(self, folder: Path, room: Room) -> None:
        self._folder = folder
        self._room = room
        self._heads: dict[tuple[str, int], tuple[float, bytes]] = {}

    def get(self, name: str) -> bytes | None:
        """See :class:`~cxr_dash.store.places.Place`."""
        try:
            data = self._file(name).read_bytes()
        except FileNotFoundError:
            return None
        if len(data) < _HEAD.size:
            return None
        form, until, _ = _HEAD.unpack_from(data)
        return data[_HEAD.size :] if form == _FORM and until > time.time() else None

    def put(self, name: str, data: bytes, seconds: int, owner: str = NOBODY) -> None:
        """See :class:`~cxr_dash.store.places.Place`."""
        now = time.time()
        whose = _whose(owner)
        head = _HEAD.pack(_FORM, now + seconds, whose)
        file = self._file(name)
        partial = file.with_name(f"{file.name}.{secrets.token_hex(4)}{PARTIAL}")
        try:
            with self._alone():
                used, of_owner = self._used(now, whose)
                wanted = len(head) + len(data)
                self._room.check(wanted, used, None if owner == NOBODY else of_owner)
                with os.fdopen(os.open(partial, _NEW, 0o600), "wb") as stream:
                    stream.write(head)
                    stream.write(data)
                partial.replace(file)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM):
                raise full() from error
            raise
        finally:
            with suppress(OSError):
                partial.unlink()

    def delete(self, name: str) -> None:
        """See :class:`~cxr_dash.store.places.Place`."""
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self._folder / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One worker at a time: two that look at the same room would both take it."""
        with os.fdopen(os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                # not left to the end of the file: a process that was forked meanwhile has it open, too
                fcntl.flock(lock, fcntl.LOCK_UN)

    def _used(self, now: float, whose: bytes) -> tuple[int, int]:
        """Bytes of all that is kept, and of one owner."""
        used = of_owner = 0
        heads: dict[tuple[str, int], tuple[float, bytes]] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                try:
                    size, inode = entry.stat(follow_symlinks=False).st_size, entry.inode()
                    until, owner = heads[entry.name, inode] = self._head(entry, inode)
                except OSError:
                    continue  # deleted meanwhile
                if until > now:
                    used += size
                    of_owner += size if owner == whose else 0
        self._heads = heads
        return used, of_owner

    def _head(self, entry: os.DirEntry[str], inode: int) -> tuple[float, bytes]:
        known = self._heads.get((entry.name, inode))
        if known is not None:
            return known
        with Path(entry.path).open("rb") as stream:
            head = stream.read(_HEAD.size)
        if len(head) < _HEAD.size or not head.startswith(_FORM):
            return 0.0, b""
        _, until, owner = _HEAD.unpack(head)
        return until, owner


def _whose(owner: str) -> bytes:
    return hashlib.sha256(owner.encode()).digest()[:16] if owner != NOBODY else bytes(16)
