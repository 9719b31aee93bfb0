"""A folder of entries, shared by the workers of one machine."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from cachelib.file import FileSystemCache

from cxr_dash.domain import N_
from cxr_dash.errors import StorageError
from cxr_dash.store.room import Room, full
from cxr_dash.store.sealed import NOBODY_TAG, SEAL_BYTES, Place, SealedCache, sealed_for

# Begins every file, as cachelib reads it: until when the entry is kept, in seconds since the epoch.
_UNTIL = struct.Struct("I")
_LOCK = "lock"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
# How entries that are being written are called; `services.expiry` takes away what a killed server left.
PARTIAL: str = FileSystemCache._fs_transaction_suffix
# What a folder that is full, or may not be written, answers.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


class SealedFolderCache(SealedCache, FileSystemCache):  # type: ignore[misc]
    """cachelib's ``FileSystemCache``: its names and times, read as it reads them.

    What it does not do is refuse what does not fit, leave nothing half written on a full disk, and say that
    something could not be written or deleted: so it is written and deleted here.

    Parameters
    ----------
    folder : Path
        This server's alone; exists.
    room : Room
    **options
        Of ``FileSystemCache``.
    """

    def __init__(self, folder: Path, room: Room, **options: Any) -> None:
        # no count of entries: the room is counted in bytes, and nothing is let go to keep to it
        FileSystemCache.__init__(self, str(folder), threshold=0, **options)
        self._room = room
        self._heads: dict[tuple[str, int], tuple[int, bytes | None]] = {}

    def _keep(self, key: str, data: bytes, place: Place) -> None:
        now = time.time()
        written = now if place.written is None else place.written
        data = _UNTIL.pack(place.until) + data
        file = Path(self._get_filename(key))
        partial = file.with_name(f"{file.name}.{secrets.token_hex(4)}{PARTIAL}")
        try:
            with self._alone():
                used, of_owner = self._used(now, place.tag)
                self._room.check(len(data), used, None if place.tag == NOBODY_TAG else of_owner)
                with os.fdopen(os.open(partial, _NEW, 0o600), "wb") as stream:
                    stream.write(data)
                # `services.expiry` goes by when a file was written
                os.utime(partial, (written, written))
                partial.replace(file)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise full() from error
            raise
        finally:
            with suppress(OSError):
                partial.unlink()

    def delete(self, key: str) -> bool:
        """Drop an entry; whether it was there.

        Raises
        ------
        OSError
            When it may still be there.
        """
        try:
            Path(self._get_filename(key)).unlink()
        except FileNotFoundError:
            return False
        return True

    def used_bytes(self) -> int:
        """Bytes of all files in the folder, also of what has not been swept yet."""
        used = 0
        with os.scandir(self._path) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # deleted meanwhile
                    used += entry.stat(follow_symlinks=False).st_size
        return used

    @contextmanager
    def _safe_stream_open(self, path: str, mode: str) -> Iterator[IO[Any]]:
        """Open an entry as cachelib does, but without its ten seconds of trying where it may not."""
        try:
            with Path(path).open(mode) as stream:
                yield stream
        except FileNotFoundError:
            raise
        except OSError as error:
            # cachelib takes an error of the system for an entry that is not there
            raise StorageError(N_("The server cannot reach the films it keeps.")) from error

    def _place(self, beside: str) -> Place | None:
        try:
            with Path(self._get_filename(beside)).open("rb") as stream:
                head, written = stream.read(_UNTIL.size + SEAL_BYTES), os.fstat(stream.fileno()).st_mtime
        except FileNotFoundError:
            return None
        tag = sealed_for(head[_UNTIL.size :])
        until = _UNTIL.unpack_from(head)[0] if tag is not None else 0
        return None if tag is None or until <= time.time() else Place(until, tag, written)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One worker at a time: two that look at the same room would both take it."""
        with os.fdopen(os.open(Path(self._path, _LOCK), os.O_RDWR | os.O_CREAT, 0o600), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                # not left to the end of the file: a process that was forked meanwhile has it open, too
                fcntl.flock(lock, fcntl.LOCK_UN)

    def _used(self, now: float, tag: bytes) -> tuple[int, int]:
        """Bytes of all that is kept, and of one owner."""
        used = of_owner = 0
        heads: dict[tuple[str, int], tuple[int, bytes | None]] = {}
        with os.scandir(self._path) as entries:
            for entry in entries:
                try:
                    size, inode = entry.stat(follow_symlinks=False).st_size, entry.inode()
                    until, owner = heads[entry.name, inode] = self._head(entry, inode)
                except OSError:
                    continue  # deleted meanwhile
                if until > now:
                    used += size
                    of_owner += size if owner == tag else 0
        self._heads = heads
        return used, of_owner

    def _head(self, entry: os.DirEntry[str], inode: int) -> tuple[int, bytes | None]:
        known = self._heads.get((entry.name, inode))
        if known is not None:
            return known
        with Path(entry.path).open("rb") as stream:
            head = stream.read(_UNTIL.size + SEAL_BYTES)
        tag = sealed_for(head[_UNTIL.size :])
        # what is no entry takes no room that the entries are promised
        return (_UNTIL.unpack_from(head)[0], tag) if tag is not None else (0, None)
