"""A client's connection: what came, what is still to be sent, and since when."""

from __future__ import annotations

import re
import select
import socket
import time
from collections import deque
from enum import Enum, auto
from errno import ECONNRESET
from typing import TYPE_CHECKING, Any

from gunicorn import http
from gunicorn.workers.gthread import TConn

from cxr_dash.intake.limits import MOST_UNSENT_BYTES, IntakeLimits, Refusal
from cxr_dash.intake.pace import Pace
from cxr_dash.intake.request import IncomingRequest

if TYPE_CHECKING:
    from gunicorn.config import Config

_POLL_SECONDS = 1.0
_SERVER = re.compile("^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


class Stage(Enum):
    """What a connection is at; only ``WORKING`` occupies a thread."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    WORKING = auto()
    SENDING = auto()
    LINGERING = auto()


class OutgoingSocket(socket.socket):
    """A socket that never makes a thread wait for a slow reader: what does not go out now is kept for later.

    Only of an answer made piece by piece does the thread wait, once several pieces are kept: the next one
    need not be made before there is room. It gives up when the reader is slower than the limits allow.
    """

    def __init__(self, accepted: socket.socket, limits: IntakeLimits) -> None:
        super().__init__(fileno=accepted.detach())
        super().setblocking(False)
        self._unsent: deque[memoryview] = deque()
        self.unsent_bytes = 0
        self.pace = Pace(limits)

    def setblocking(self, flag: bool) -> None:
        """Nothing: gunicorn's threads ask for a blocking socket, and this one never is."""

    def sendall(self, data: Any, _flags: int = 0) -> None:
        """Send, or keep to be sent when the thread is done.

        Raises
        ------
        ConnectionResetError
            When the reader is gone, or takes the answer too slowly.
        """
        if not self._unsent:
            self.pace.begin(time.monotonic())
        while self.unsent_bytes > MOST_UNSENT_BYTES:
            self._wait_for_room()
        view = memoryview(data).cast("B")
        self._unsent.append(view)
        self.unsent_bytes += len(view)
        self.send_kept()

    def send_kept(self) -> None:
        """Send as much of what is kept as goes out now.

        Raises
        ------
        OSError
            When the reader is gone.
        """
        while self._unsent:
            view = self._unsent[0]
            try:
                sent = self.send(view)
            except (BlockingIOError, InterruptedError):
                return
            self.unsent_bytes -= sent
            self.pace.add(sent)
            if sent == len(view):
                self._unsent.popleft()
            else:
                self._unsent[0] = view[sent:]

    def is_read_too_slowly(self) -> bool:
        """Whether what is kept goes out more slowly than the limits allow."""
        return bool(self._unsent) and self.pace.is_too_slow(time.monotonic())

    def _wait_for_room(self) -> None:
        poll = select.poll()
        poll.register(self, select.POLLOUT)
        poll.poll(_POLL_SECONDS * 1000)
        self.send_kept()
        if self.is_read_too_slowly():
            raise ConnectionResetError(ECONNRESET, "the answer was read too slowly")


class _WhatCame:
    """What gunicorn's parser reads instead of a socket: the request's bytes, and then the end."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def recv(self, size: int) -> bytes:
        piece, self._data = bytes(self._data[:size]), self._data[size:]
        return piece


class Connection(TConn):  # type: ignore[misc]
    """One client's connection.

    Attributes
    ----------
    stage : Stage
    since : float
        Begin of the stage, seconds of the monotonic clock.
    heard : float
        When something came last, on the same clock.
    request : IncomingRequest
        The one that is coming, or is being answered.
    refused : Refusal or None
        Why it is turned away.
    keep_alive : bool
        Whether the client may ask again when it has its answer.
    held_bytes : int
        What the worker has counted of its request.
    has_place : bool
        Whether it is one of those that are worked on or wait to be.
    is_work : bool
        Whether it has its place as work, and not only as a read.
    """

    sock: OutgoingSocket

    def __init__(
        self, cfg: Config, accepted: socket.socket, client: Any, server: Any, limits: IntakeLimits
    ) -> None:
        super().__init__(cfg, OutgoingSocket(accepted, limits), client, server)
        self.initialized = self.data_ready = True
        self.stage = Stage.IDLE
        self.since = self.heard = time.monotonic()
        self.request = IncomingRequest()
        self.refused: Refusal | None = None
        self.keep_alive = False
        self.held_bytes = 0
        self.has_place = self.is_work = False
        self._answered = 0

    @property
    def asked_for(self) -> tuple[str, str]:
        """Method and path, as its first line has them; empty where it has none."""
        method, address, *_ = [*self.request.first_line, "", ""]
        # an address may be whole, or have a part that only browsers read
        path = _SERVER.sub("", address, count=1).partition("?")[0].partition("#")[0]
        return method, path

    def enter(self, stage: Stage) -> None:
        """Begin a stage."""
        self.stage, self.since = stage, time.monotonic()

    def init(self) -> None:
        """Let gunicorn's parser read what came; called by gunicorn in the thread that answers."""
        request = self.request
        data = memoryview(request.data)[: request.end or request.head_bytes]
        self.parser = http.get_parser(self.cfg, _WhatCame(data), self.client)
        self.parser.req_count = self._answered
        self._answered += 1

    def next_request(self) -> None:
        """Forget the request that was answered; what came behind it stays."""
        self.parser = None
        behind = self.request.data[self.request.end :] if self.request.end is not None else b""
        self.request = IncomingRequest()
        self.enter(Stage.IDLE)
        if behind:
            self.request.add(behind)
