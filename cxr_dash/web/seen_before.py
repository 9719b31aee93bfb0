"""The log of what nobody foresaw: where it happened, once in full, and how often since."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import Counter

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN = 60.0
_MOST_PLACES = 100


class SeenBefore:
    """Writes a traceback once a minute for each place, so that no client fills the log.

    What an error says is left out: it may quote what came with a request, or a film's key.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: dict[str, float] = {}
        self._since: Counter[str] = Counter()

    def log(self, error: BaseException, endpoint: str) -> None:
        """Log an error that came out of a route, named by Flask's word for it: addresses hold keys."""
        frames = traceback.extract_tb(error.__traceback__)
        last = frames[-1] if frames else None
        place = f"{type(error).__name__} at {last.filename}:{last.lineno}" if last else type(error).__name__
        with self._lock:
            now = time.monotonic()
            if now - self._written.get(place, -_SECONDS_BETWEEN) < _SECONDS_BETWEEN:
                self._since[place] += 1
                return
            if len(self._written) >= _MOST_PLACES:
                self._written.clear()
            self._written[place] = now
            again = self._since.pop(place, 0)
        often = f" (and {again} times more since it was last written)" if again else ""
        lines = "".join(traceback.format_list(frames)).rstrip()
        logger.error("unforeseen in %s: %s%s\n%s", endpoint, place, often, lines)
