"""Which connection has had its time, and which one goes first where there is no room for all."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from cxr_dash.intake.connection import Connection, Stage
from cxr_dash.intake.limits import HEAD_SECONDS, LINGER_SECONDS, IntakeLimits

# Whom nobody misses goes first: there is no request, or not yet all of one.
_ORDER = {Stage.LINGERING: 0, Stage.IDLE: 1, Stage.HEAD: 2, Stage.BODY: 4, Stage.SENDING: 5}
_JUST_BEGUN = 3

# Of a sender nothing is known before: whoever has just begun is not slow for that.
_SETTLED_SECONDS = 1.0


class Overdue(Enum):
    """What a connection took too long for."""

    SILENCE = auto()
    HEAD = auto()
    BODY = auto()
    ANSWER = auto()


def overdue(connection: Connection, now: float, limits: IntakeLimits, *, serving: bool) -> Overdue | None:
    """What the connection has taken too long for, if anything.

    Parameters
    ----------
    connection : Connection
    now : float
        Seconds of the monotonic clock.
    limits : IntakeLimits
    serving : bool
        ``False`` when the worker is about to end: then nobody is waited for who sends nothing.
    """
    seconds = now - connection.since
    if (
        not serving
        and connection.stage in (Stage.HEAD, Stage.BODY)
        and now - connection.heard > LINGER_SECONDS
    ):
        return Overdue.SILENCE
    silence = limits.keepalive_seconds if serving else LINGER_SECONDS
    late = {
        Stage.IDLE: (Overdue.SILENCE, seconds > silence),
        Stage.LINGERING: (Overdue.SILENCE, seconds > LINGER_SECONDS),
        Stage.HEAD: (Overdue.HEAD, seconds > HEAD_SECONDS),
        Stage.BODY: (Overdue.BODY, limits.is_too_slow(connection.request.body_bytes, seconds)),
        Stage.SENDING: (Overdue.ANSWER, connection.sock.is_read_too_slowly()),
    }
    what, is_late = late.get(connection.stage, (None, False))
    return what if is_late else None


def most_silent(connections: Iterable[Connection], now: float) -> Connection | None:
    """Who goes when there are too many connections.

    Whoever has just come, and could not yet say what it wants, does not go before a request that stopped.
    """

    def rank(one: Connection) -> tuple[int, float]:
        begun = one.stage in (Stage.IDLE, Stage.HEAD) and now - one.since < _SETTLED_SECONDS
        return _JUST_BEGUN if begun else _ORDER[one.stage], one.since

    return min((one for one in connections if one.stage is not Stage.WORKING), key=rank, default=None)


def slowest_sender(connections: Iterable[Connection], now: float) -> Connection | None:
    """Who goes when too much has come that is not whole: bodies that stand still keep out none that come.

    First whoever has sent nothing for a second; then, of those who have had that long, the slowest.
    """
    coming = [one for one in connections if one.stage is Stage.BODY]
    still = min(coming, key=lambda one: one.heard, default=None)
    settled = [one for one in coming if now - one.since > _SETTLED_SECONDS]
    if still is None or now - still.heard > _SETTLED_SECONDS or not settled:
        return still
    return min(settled, key=lambda one: one.request.body_bytes / (now - one.since))


def slowest_reader(connections: Iterable[Connection], most_bytes: int, now: float) -> Connection | None:
    """Who goes when more than ``most_bytes`` of answers wait for their readers; ``None`` while they fit."""
    sending = [one for one in connections if one.stage is Stage.SENDING]
    if sum(one.sock.unsent_bytes for one in sending) <= most_bytes:
        return None
    return min(sending, key=lambda one: one.sock.pace.bytes_per_second(now), default=None)
