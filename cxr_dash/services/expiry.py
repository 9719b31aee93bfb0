"""Films whose time ran out leave the disk, and the disk does not fill up.

The file-system cache stops answering for an entry as soon as its time is over, but deletes the file only when
it holds too many. Films must not lie on a disk for days because a server is quiet.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from cxr_dash.settings import Settings

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_SWEEPS = 15.0
# How cachelib names an entry (a hex digest) and one that is being written. Nothing else is ever deleted: the
# setting may point at a folder that was not meant.
_ENTRY_NAME = re.compile(r"[0-9a-f]{32,128}|.+\.__wz_cache")


def remove_expired(folder: Path, lifetime_seconds: float, *, now: float) -> int:
    """Delete the entries of a cache folder that were written more than a lifetime ago.

    Every entry is kept for the same time, so a file's age says that it is over, whatever is inside.

    Parameters
    ----------
    folder : Path
        May not exist yet.
    lifetime_seconds : float
    now : float
        Seconds since the epoch.

    Returns
    -------
    int
        Files deleted.
    """
    deleted = 0
    for file in _entries(folder):
        try:
            if file.is_file() and file.stat().st_mtime < now - lifetime_seconds:
                file.unlink()
                deleted += 1
        except FileNotFoundError:
            # Another worker was faster.
            continue
    return deleted


def remove_surplus(folder: Path, max_bytes: int) -> int:
    """Delete the oldest entries of a cache folder until the others fit.

    Parameters
    ----------
    folder : Path
        May not exist yet.
    max_bytes : int
        Largest total size of the entries that stay.

    Returns
    -------
    int
        Files deleted.
    """
    found: list[tuple[float, int, Path]] = []
    for file in _entries(folder):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        found.append((status.st_mtime, status.st_size, file))
    surplus = sum(size for _, size, _ in found) - max_bytes
    deleted = 0
    for _, size, file in sorted(found):
        if surplus <= 0:
            break
        file.unlink(missing_ok=True)
        surplus -= size
        deleted += 1
    return deleted


def _entries(folder: Path) -> Iterator[Path]:
    for file in folder.iterdir() if folder.is_dir() else ():
        if _ENTRY_NAME.fullmatch(file.name):
            yield file


def make_cache_folder(settings: Settings) -> Path:
    """Make the folder of the file-system cache where there is none, and say where it is.

    It holds films: nobody but the server's own user may look into it.

    Raises
    ------
    OSError
        When it cannot be made.
    """
    folder = settings.cache_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def start_sweeping(settings: Settings) -> threading.Thread | None:
    """Delete expired and surplus films every few seconds in a background thread of this process.

    Returns
    -------
    threading.Thread or None
        ``None`` where the cache is not a folder; Redis deletes by itself.
    """
    if settings.cache_type != "filesystem":
        return None
    thread = threading.Thread(target=_sweep_for_ever, args=(settings,), name="cxr-expiry", daemon=True)
    thread.start()
    return thread


def _sweep_for_ever(settings: Settings) -> None:
    while True:
        try:
            # a folder that was deleted under the server comes back, so that films can be kept again
            folder = make_cache_folder(settings)
            remove_expired(folder, settings.case_lifetime_seconds, now=time.time())
            deleted = remove_surplus(folder, settings.max_cache_bytes)
            if deleted:
                logger.warning(
                    "the cache is full: the %d oldest of its files were deleted before their time", deleted
                )
        except OSError as error:
            logger.error("expired films could not be deleted: %s", error.strerror)
        time.sleep(_SECONDS_BETWEEN_SWEEPS)
