"""How fast an answer goes out."""

from __future__ import annotations

from cxr_dash.intake.limits import GRACE_SECONDS, IntakeLimits

_WINDOW_SECONDS = 10.0


class Pace:
    """The pace of an answer over its last seconds: what went long ago neither excuses nor condemns a reader.

    Times are seconds of the monotonic clock.

    Parameters
    ----------
    limits : IntakeLimits
    """

    def __init__(self, limits: IntakeLimits) -> None:
        self._limits = limits
        self.begin(0.0)

    def begin(self, now: float) -> None:
        """Begin an answer."""
        self._since = self._before_since = now
        self._moved = self._before_moved = 0

    def add(self, moved_bytes: int) -> None:
        """Count what went out."""
        self._moved += moved_bytes

    def bytes_per_second(self, now: float) -> float:
        """Pace over this window and the one before it."""
        return (self._before_moved + self._moved) / max(now - self._before_since, 0.001)

    def is_too_slow(self, now: float) -> bool:
        """Whether the reader is given up; one that keeps up is measured anew every ten seconds.

        An answer may take as long as it is large. A reader who takes nothing at all has the time of a body,
        where the slowest pace is set so low that it would be waited for longer.
        """
        slowest, seconds = self._limits.bytes_per_second, now - self._since
        if self._moved < slowest * (seconds - GRACE_SECONDS):
            return True
        if not self._moved:
            return seconds > self._limits.seconds
        if seconds >= _WINDOW_SECONDS and self._moved >= slowest * seconds:
            self._before_since, self._before_moved = self._since, self._moved
            self._since, self._moved = now, 0
        return False
