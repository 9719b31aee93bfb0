"""Listens to all that a run of tests logs, and knows what must not stand there."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cxr_dash.log_lines import REQUEST_ID, TRACE_ID, KeylessFormatter, without_keys
from cxr_dash.services.cases import CaseStore, StoredFilm
from cxr_dash.store.room import NOBODY

# Shorter values, such as a sex or a year, stand in any log by chance.
_LEAST_CHARACTERS = 6


class LogWatch(logging.Handler):
    """Writes every record as the server would, in both forms; remembers keys, names and identifiers.

    Attributes
    ----------
    secrets : set of str
        What no line may hold.
    lines : int
    """

    def __init__(self, path: Path) -> None:
        super().__init__(logging.NOTSET)
        self.path = path
        self.secrets: set[str] = set()
        self.lines = 0
        self._forms = (KeylessFormatter("console"), KeylessFormatter("json"))
        path.touch()

    def emit(self, record: logging.LogRecord) -> None:
        with self.path.open("a", encoding="utf-8") as stream:
            stream.writelines(f"{form.format(record)}\n" for form in self._forms)
        self.lines += 1

    def remember(self, key: str, film: StoredFilm) -> None:
        """A film that was kept: its key, who the patient is, and what identifies it."""
        self.secrets.add(key)
        for part in (film.identity, film.facts):
            if part is None:
                continue
            values = (getattr(part, field.name) for field in dataclasses.fields(part))
            self.secrets.update(
                value for value in values if isinstance(value, str) and len(value) >= _LEAST_CHARACTERS
            )

    def found(self) -> list[str]:
        """Lines that hold what they must not."""
        text = self.path.read_text(encoding="utf-8")
        if not any(secret in text for secret in self.secrets):
            return []
        return [line for line in text.splitlines() if any(secret in line for secret in self.secrets)]


@contextmanager
def watched_logs(path: Path) -> Iterator[LogWatch]:
    """Watch every logger at every level, and every film that is kept."""
    watch, root, patch = LogWatch(path), logging.getLogger(), pytest.MonkeyPatch()
    plain_add = CaseStore.add

    def add(store: CaseStore, film: StoredFilm, owner: str = NOBODY) -> str:
        key = plain_add(store, film, owner)
        watch.remember(key, film)
        return key

    patch.setenv("CXR_LOG_LEVEL", "debug")
    patch.setattr(CaseStore, "add", add)
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(watch)
    try:
        yield watch
    finally:
        root.removeHandler(watch)
        root.setLevel(level)
        patch.undo()
        logging.getLogger("cxr_dash").setLevel(logging.NOTSET)


def keys_in(log: str) -> list[str]:
    """Lines of a server's log in which something stands that looks like a film's key."""
    lines = re.sub(rf'"?(?:{REQUEST_ID}|{TRACE_ID})"?[=:] ?"?[0-9a-f-]+|/films/<film>', "", log).splitlines()
    return [line for line in lines if without_keys(line) != line]
