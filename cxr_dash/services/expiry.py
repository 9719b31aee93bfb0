"""Films whose time ran out leave the disk.

The file-system cache stops answering for an entry as soon as its time is over, but deletes the file only when
the cache is full. Films must not lie on a disk for days because a server is quiet.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from cxr_dash.settings import Settings

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_SWEEPS = 60.0


def remove_expired(folder: Path, lifetime_seconds: float, *, now: float) -> int:
    """Delete the files of a cache folder that were written more than a lifetime ago.

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
    for file in folder.iterdir() if folder.is_dir() else ():
        try:
            if file.is_file() and file.stat().st_mtime < now - lifetime_seconds:
                file.unlink()
                deleted += 1
        except FileNotFoundError:
            # Another worker was faster.
            continue
    return deleted


def start_sweeping(settings: Settings) -> threading.Thread | None:
    """Delete expired films once a minute in a background thread of this process.

    Returns
    -------
    threading.Thread or None
        ``None`` where the cache is not a folder; Redis deletes by itself.
    """
    if settings.cache_type != "filesystem":
        return None
    folder = settings.cache_dir.resolve()
    thread = threading.Thread(
        target=_sweep_for_ever, args=(folder, settings.case_lifetime_seconds), name="cxr-expiry", daemon=True
    )
    thread.start()
    return thread


def _sweep_for_ever(folder: Path, lifetime_seconds: float) -> None:
    while True:
        try:
            remove_expired(folder, lifetime_seconds, now=time.time())
        except OSError as error:
            logger.error("expired films could not be deleted: %s", error.strerror)
        time.sleep(_SECONDS_BETWEEN_SWEEPS)
