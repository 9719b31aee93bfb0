"""The file that processes share: Optuna's own journal, opened so that a damaged or foreign one is told."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from cxr_dash.errors import TrainingError

logger = logging.getLogger(__name__)

# how every line that Optuna writes begins
_BEGINNING = b'{"op_code":'


def open_journal(path: Path) -> Any:
    """Optuna's storage of one file, begun where there is none.

    A last line that was cut off, as by a full disk or a power failure, is taken away first: Optuna would
    write behind it, and never read the file again.

    Parameters
    ----------
    path : Path

    Returns
    -------
    optuna.storages.JournalStorage

    Raises
    ------
    TrainingError
        When the file is something else, or damaged before its last line; it stays as it is.
    """
    from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock, JournalStorage

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _check_beginning(path)
        # Optuna's own: processes at work write their epochs at any time
        lock = JournalFileSymlinkLock(str(path))
        lock.acquire()
        try:
            _cut_torn_line(path)
        finally:
            lock.release()
    try:
        return JournalStorage(JournalFileBackend(str(path)))
    except (ValueError, KeyError) as error:
        raise TrainingError(
            f"`--storage` must be a whole journal of a search; {path} cannot be read: {error}.",
            remedy="Name another file; runs that are finished in the run folder are not trained again.",
        ) from error


def _check_beginning(path: Path) -> None:
    with path.open("rb") as stream:
        first = stream.read(len(_BEGINNING))
    if first != _BEGINNING[: len(first)]:
        raise TrainingError(
            f"`--storage` must be the journal of a search; {path} is something else.",
            remedy="Name another file, such as runs/search/search.log.",
        )


def _cut_torn_line(path: Path) -> None:
    with path.open("r+b") as stream:
        content = stream.read()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            logger.warning("%s: its last line was cut off, and is taken away", path)
            stream.truncate(len(whole))
