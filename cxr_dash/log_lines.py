"""Log lines without keys: whoever has a film's key can see the film, so no line holds one, at any level."""

from __future__ import annotations

import logging
import re

# A key as the server makes it, where it stands alone or behind the word by which the cache keeps it.
_KEY = re.compile(r"(?<![A-Za-z0-9_-])((?:cxr-)?(?:film|analysis)-\d+-)?[A-Za-z0-9_-]{32}(?![A-Za-z0-9_])")
# Whatever stands in a key's place in an address, also when somebody wrote it otherwise.
_ADDRESS = re.compile(r"(?i)((?:/|%2f)films(?:/|%2f)+)(?!phantom\b)[^/\s?'\"]+")
_HIDDEN = "<key>"
# One request must not fill a disk.
_MOST_CHARACTERS = 8000


def without_keys(text: str) -> str:
    """The text with every film's key taken out.

    Digests, which are longer, and times and sizes stay.
    """
    return _KEY.sub(lambda found: (found[1] or "") + _HIDDEN, _ADDRESS.sub(rf"\1{_HIDDEN}", text))


class KeylessFormatter(logging.Formatter):
    """Formats a record with its traceback, takes out keys, and cuts what is longer than anybody reads."""

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines of one record."""
        text = without_keys(super().format(record))
        if len(text) > _MOST_CHARACTERS:
            half = _MOST_CHARACTERS // 2
            text = f"{text[:half]} … {len(text) - 2 * half} characters left out … {text[-half:]}"
        return text
