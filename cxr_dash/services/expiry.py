"""Films whose time ran out leave the disk.

The folder stops answering for an entry as soon as its time is over, but does not delete the file by itself.
Films must not lie on a disk for days because a server is quiet, nor what a killed server had half written.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cxr_dash.errors import CacheFolderError
from cxr_dash.settings import Settings
from cxr_dash.store.folder import PARTIAL

logger = logging.getLogger(__name__)

# Where an application keeps, among its extensions, whom to tell how many entries were deleted.
EVICTED_KEY = "cxr_dash.evicted"
_SECONDS_BETWEEN_SWEEPS = 15.0
# How an entry is called (a hex digest, also of earlier versions) and one that is being written. Nothing else
# is ever deleted: the setting may point at a folder that was not meant.
_ENTRY_NAME = re.compile(rf"[0-9a-f]{{32,128}}|.+{re.escape(PARTIAL)}")
# No entry takes so long to be written.
_PARTIAL_SECONDS = 120.0
_OTHERS = 0o077
# Where others keep theirs, too. For a server started at the root, the usual value `var/cache` is one of them.
_SHARED = frozenset(
    map(Path, ("/", "/dev/shm", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/var"))  # noqa: S108  # nosec B108
) | frozenset(Path("/var", name) for name in ("cache", "lib", "log", "spool", "tmp"))


def remove_expired(folder: Path, lifetime_seconds: float, *, now: float) -> int:
    """Delete the entries of a cache folder that were written more than a lifetime ago.

    Every entry is kept for the same time, or has the age of the one it was kept beside, so a file's age says
    that it is over, whatever is inside. One that was never finished goes sooner.

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
            allowed = (
                min(lifetime_seconds, _PARTIAL_SECONDS) if file.name.endswith(PARTIAL) else lifetime_seconds
            )
            if file.is_file() and file.stat().st_mtime < now - allowed:
                file.unlink()
                deleted += 1
        except FileNotFoundError:
            # Another worker was faster.
            continue
    return deleted


def _entries(folder: Path) -> Iterator[Path]:
    for file in folder.iterdir() if folder.is_dir() else ():
        if _ENTRY_NAME.fullmatch(file.name):
            yield file


def make_cache_folder(settings: Settings) -> Path:
    """Make the folder of the file-system cache where there is none, and say where it is.

    It holds films: nobody but the server's own user may look into it, and nobody else may have made it.

    Raises
    ------
    CacheFolderError
        When it is one of the system's, belongs to another user, or others may read or write it.
    OSError
        When it cannot be made.
    """
    folder = settings.cache_dir.resolve()
    if folder in _SHARED:
        raise CacheFolderError(
            f"`CXR_CACHE_DIR` must be a folder of this server alone, none of the system's; received "
            f"{str(settings.cache_dir)!r}, which is {str(folder)!r} from the working folder "
            f"{str(Path.cwd())!r}.",
            remedy="Start the server in its own folder, or set it to one inside, such as "
            f"{folder / 'cxr-dash'}.",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = folder.stat()
    if status.st_uid != os.geteuid():
        raise CacheFolderError(
            f"`CXR_CACHE_DIR` must be a folder of the server's own user; {str(folder)!r} belongs to user "
            f"{status.st_uid}.",
            remedy="Set it to a folder that does not exist yet: the server makes it.",
        )
    if status.st_mode & _OTHERS:
        raise CacheFolderError(
            f"`CXR_CACHE_DIR` must be closed to other users; {str(folder)!r} has mode "
            f"{status.st_mode & 0o777:o}.",
            remedy=f"Films are kept there: chmod 700 {folder}",
        )
    return folder


def start_sweeping(
    settings: Settings, tell: Callable[[int], None] = lambda _deleted: None
) -> threading.Thread | None:
    """Delete expired films every few seconds in a background thread of this process.

    Parameters
    ----------
    settings : Settings
    tell : callable
        Is told how many entries were deleted.

    Returns
    -------
    threading.Thread or None
        ``None`` where the cache is not a folder; Redis, and the cache in memory, delete by themselves.
    """
    if settings.cache_type != "filesystem":
        return None
    thread = threading.Thread(target=_sweep_for_ever, args=(settings, tell), name="cxr-expiry", daemon=True)
    thread.start()
    return thread


def _sweep_for_ever(settings: Settings, tell: Callable[[int], None]) -> None:
    while True:
        try:
            # a folder that was deleted under the server comes back, so that films can be kept again
            folder = make_cache_folder(settings)
            tell(remove_expired(folder, settings.case_lifetime_seconds, now=time.time()))
        except (OSError, CacheFolderError) as error:
            logger.error("expired films could not be deleted: %s", error)
        time.sleep(_SECONDS_BETWEEN_SWEEPS)
