"""What a connection may take: time, bytes, and a place in the queue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from cxr_dash.settings import Settings

# Where an application keeps, among its extensions, whom to tell what a worker has to do.
LOAD_KEY = "cxr_dash.load"
# Under this name a request that was turned away carries its `Refusal` into the application.
REFUSED_KEY = "cxr_dash.refused"
# A request's first line and headers: gunicorn takes at most 100 headers, browsers send about 2 kB.
MOST_HEAD_BYTES = 64 * 1024
# Around the largest film: the form's own lines. A request that is not a film is small.
OVERHEAD_BYTES = 64 * 1024
# From a request's first byte to the end of its headers; they fit in one or two packets.
HEAD_SECONDS = 10.0
# Before the pace of a body or an answer is looked at: a start may be slow.
GRACE_SECONDS = 10.0
# A client that was answered and goes on sending is listened to that long, so that it can read the answer.
LINGER_SECONDS = 2.0
# Of an answer that is made piece by piece, so much waits for its reader before the next piece is made.
MOST_UNSENT_BYTES = 4 * 2**20


# Pictures of films that are kept already: no model is asked, and a list shows fifty at once.
_KEPT_PICTURES = ("/picture.jpg", "/thumbnail.jpg")


def is_work(method: str, path: str) -> bool:
    """Whether a request may decode a film or ask a model, rather than hand out or delete what lies there."""
    if method not in ("GET", "HEAD"):
        return method != "DELETE"
    # as the application will read it
    path = unquote(path)
    return path.startswith("/films/") and not path.endswith(_KEPT_PICTURES)


class Refusal(StrEnum):
    """Why a request does not reach the application's own routes."""

    BUSY = "busy"
    SLOW = "slow"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Limits of one worker.

    Attributes
    ----------
    most_body_bytes : int
        Largest body of one request.
    most_bytes : int
        Of all requests that are under way at once, and as many of answers that wait for their readers.
    seconds : float
        For one body to come, and for a reader to take nothing of its answer.
    bytes_per_second : float
        Slowest pace, after the first seconds: of a body on average, of an answer over its last seconds.
    threads : int
        Requests that are worked on at once.
    most_waiting : int
        Requests that wait for a thread, of those that are work.
    most_waiting_reads : int
        Requests of any kind that wait for a thread: a page is forty small files. They take no place of work.
    keepalive_seconds : float
        A connection without a request is kept that long.
    """

    most_body_bytes: int
    most_bytes: int
    seconds: float
    bytes_per_second: float
    threads: int
    most_waiting: int
    most_waiting_reads: int
    keepalive_seconds: float

    @classmethod
    def of(cls, settings: Settings, *, threads: int, keepalive_seconds: float) -> IntakeLimits:
        """The limits that the settings ask for; what gunicorn's own options decide is given."""
        return cls(
            most_body_bytes=settings.max_upload_bytes + OVERHEAD_BYTES,
            most_bytes=max(settings.max_incoming_bytes, settings.max_upload_bytes + OVERHEAD_BYTES),
            seconds=settings.request_seconds,
            bytes_per_second=settings.min_bytes_per_second,
            threads=threads,
            most_waiting=settings.max_waiting,
            most_waiting_reads=settings.max_waiting * 8,
            keepalive_seconds=keepalive_seconds,
        )

    def is_too_slow(self, moved_bytes: int, elapsed_seconds: float) -> bool:
        """Whether a body that came with that pace is given up; answers have their `intake.pace.Pace`."""
        expected = self.bytes_per_second * (elapsed_seconds - GRACE_SECONDS)
        return elapsed_seconds > self.seconds or moved_bytes < expected
