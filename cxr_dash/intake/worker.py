"""The gunicorn worker: one thread reads every connection, and others get whole requests alone.

A thread of gunicorn's own worker belongs to a request from its first byte: eight films that are half sent, or
eight answers that nobody reads, silence a server of eight threads. Here the loop that accepts connections
reads them too, keeps to the limits of time, pace and bytes, and hands a request over when all of it is there.
What of an answer cannot be sent at once, the loop sends later.
"""

from __future__ import annotations

import errno
import resource
import selectors
import socket
import threading
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker
from structlog.contextvars import clear_contextvars

from cxr_dash.intake.application import load_teller, marked
from cxr_dash.intake.connection import Connection, Stage
from cxr_dash.intake.lanes import Lanes
from cxr_dash.intake.limits import IntakeLimits, Refusal
from cxr_dash.intake.overdue import Overdue, most_silent, overdue, slowest_reader, slowest_sender
from cxr_dash.settings import Settings

_PIECE_BYTES = 256 * 1024
_SECONDS_BETWEEN_SWEEPS = 0.25
_SECONDS_BETWEEN_REPORTS = 10.0
# Files that the worker itself needs beside its connections.
_OTHER_FILES = 200
_FEWEST_CONNECTIONS = 32
_BARE = "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class WholeRequestWorker(ThreadWorker):  # type: ignore[misc]
    """Reads requests whole in its loop; threads answer them."""

    worker_connections: int
    wsgi: Any

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse what this worker does not do."""
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise SystemExit(
                "cxr-dash: TLS is for a proxy in front (docs/operations.md): leave out `--certfile`."
            )

    def init_process(self) -> None:
        """Set up what no fork survives, and serve."""
        self._limits = IntakeLimits.of(
            Settings(), threads=self.cfg.threads, keepalive_seconds=self.cfg.keepalive
        )
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.worker_connections = min(self.worker_connections, max(_FEWEST_CONNECTIONS, files - _OTHER_FILES))
        self._connections: set[Connection] = set()
        self._held_bytes = 0
        self._counted: Counter[str] = Counter()
        self._reported = self._swept = time.monotonic()
        self._answering = threading.local()
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop; the application learns which requests were turned away."""
        self._lanes = Lanes(self._limits, self.tpool)
        self._tell_load = load_teller(self.wsgi)
        self.wsgi = partial(marked, self.wsgi, self._answering)
        super().run()

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection; where there are too many, the one that has kept silent longest goes."""
        try:
            accepted, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        # before the new one is among them: it has said nothing yet, and would go itself
        if self.nr_conns + 1 >= self.worker_connections and not self._make_room():
            accepted.close()
            return
        connection = Connection(self.cfg, accepted, client, listener.getsockname(), self._limits)
        self._connections.add(connection)
        self.nr_conns += 1
        self._watch(connection, selectors.EVENT_READ)

    def _make_room(self) -> bool:
        """End the connection that has kept silent longest; ``False`` where all are worked for."""
        silent = most_silent(self._connections, time.monotonic())
        self._counted["connections too many"] += 1
        if silent is None:
            return False
        self._drop(silent)
        return True

    def handle(self, conn: Connection) -> Any:
        """Read one request and answer it; in a thread, whose lines are no longer of the request before."""
        clear_contextvars()
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer one request; in a thread."""
        # the loop has said so already, where it was to be said
        req._expected_100_continue = False
        # what comes behind a request whose end is unsure may be a part of it
        if conn.refused or conn.request.unsure:
            req.force_close()
        self._answering.refused = conn.refused
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:  # noqa: ARG002
        """Whether the client may ask again: all of its request was here, nothing is left over."""
        return bool(keepalive)

    def finish_request(self, conn: Connection, fs: Future[Any]) -> None:
        """Send what is left of an answer, and go on with the connection; in the loop."""
        self._lanes.done(conn)
        conn.keep_alive = not fs.cancelled() and fs.exception() is None and bool(fs.result())
        try:
            if conn.sock.unsent_bytes:
                conn.enter(Stage.SENDING)
                self._watch(conn, selectors.EVENT_WRITE)
                slowest = slowest_reader(self._connections, self._limits.most_bytes, time.monotonic())
                if slowest is not None:
                    self._counted["answers too many"] += 1
                    self._drop(slowest)
            else:
                self._answered(conn)
        except (OSError, ValueError):
            self._drop(conn)

    def murder_pending(self) -> None:
        """End what took too long; called by gunicorn whenever the loop comes round."""
        now = time.monotonic()
        if now - self._swept < _SECONDS_BETWEEN_SWEEPS:
            return
        self._swept = now
        self._tell_load(self._lanes, self.nr_conns, self._held_bytes)
        for connection in list(self._connections):
            what = overdue(connection, now, self._limits, serving=self.alive)
            if what is not None:
                self._end_overdue(connection, what)
        if self._counted and now - self._reported > _SECONDS_BETWEEN_REPORTS:
            counted = ", ".join(f"{count} {what}" for what, count in sorted(self._counted.items()))
            self.log.warning("requests turned away or given up: %s", counted)
            self._counted.clear()
            self._reported = now

    def _end_overdue(self, connection: Connection, what: Overdue) -> None:
        """End a connection, or its request, which has had its time."""
        if what is Overdue.HEAD:
            self._end_bare(connection, "408 Request Timeout", Refusal.SLOW)
        elif what is Overdue.BODY:
            self._turn_away(connection, Refusal.SLOW)
        else:
            if what is Overdue.ANSWER:
                self._counted["answers read too slowly"] += 1
            self._drop(connection)

    def _watch(self, connection: Connection, events: int) -> None:
        """Be told when the connection can be read or written; 0 for neither. A closed one is dropped."""
        if connection.sock.fileno() < 0:
            self._drop(connection)
            return
        if connection.sock.fileno() in self.poller.get_map():
            self.poller.unregister(connection.sock)
        if events:
            self.poller.register(connection.sock, events, partial(self._on_event, connection))

    def _on_event(self, connection: Connection, _socket: socket.socket) -> None:
        try:
            if connection.stage is Stage.SENDING:
                connection.sock.send_kept()
                if not connection.sock.unsent_bytes:
                    self._answered(connection)
            elif connection.stage is not Stage.WORKING:
                self._receive(connection)
        except BlockingIOError:
            return
        except (OSError, ValueError):
            self._drop(connection)

    def _receive(self, connection: Connection) -> None:
        piece = connection.sock.recv(_PIECE_BYTES)
        if not piece:
            self._drop(connection)
        elif connection.stage is not Stage.LINGERING:
            connection.request.add(piece)
            connection.heard = time.monotonic()
            self._consider(connection)

    def _consider(self, connection: Connection) -> None:
        """What is to be done now that more of a request is there."""
        request = connection.request
        self._count_held(connection)
        if connection.stage is Stage.IDLE and request.data:
            connection.enter(Stage.HEAD)
        if request.head_too_long:
            self._end_bare(connection, "431 Request Header Fields Too Large", Refusal.LARGE)
            return
        if request.in_small_pieces:
            self._end_bare(connection, "400 Bad Request", "in pieces too small")
            return
        if not request.head_bytes:
            return
        begins = connection.stage is Stage.HEAD
        if begins:
            connection.enter(Stage.BODY)
        if max(request.declared_bytes, request.body_bytes) > self._limits.most_body_bytes:
            self._turn_away(connection, Refusal.LARGE)
        elif (begins or request.end is not None) and not self._lanes.has_room(connection):
            self._turn_away(connection, Refusal.BUSY)
        elif request.end is not None:
            self._hand_over(connection)
        else:
            if begins and request.expects_continue:
                connection.sock.sendall(_CONTINUE)
            if self._held_bytes > self._limits.most_bytes:
                slowest = slowest_sender(self._connections, time.monotonic())
                self._turn_away(slowest or connection, Refusal.BUSY)

    def _turn_away(self, connection: Connection, why: Refusal) -> None:
        """Let the application say why a request is not taken, before those that wait for a thread."""
        connection.refused = why
        if not self._lanes.has_room(connection):
            self._end_bare(connection, "503 Service Unavailable", why)
            return
        self._counted[why] += 1
        # nobody reads its body any more: the next that comes finds room at once
        connection.request.drop_body()
        self._count_held(connection)
        self._hand_over(connection)

    def _hand_over(self, connection: Connection) -> None:
        self._watch(connection, 0)
        connection.enter(Stage.WORKING)
        future = self._lanes.submit(connection, self.handle)
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, connection, done))

    def _answered(self, connection: Connection) -> None:
        """Wait for the next request on the connection, or take leave."""
        if not connection.keep_alive:
            self._take_leave(connection)
            return
        connection.next_request()
        self._count_held(connection)
        self._watch(connection, selectors.EVENT_READ)
        if connection.request.data:
            self._consider(connection)

    def _end_bare(self, connection: Connection, status: str, why: str) -> None:
        """Answer with a status line alone, where there is no request that the application could answer."""
        self._counted[why] += 1
        try:
            connection.sock.send(_BARE.format(status=status).encode("ascii"))
        except OSError:
            self._drop(connection)
            return
        self._take_leave(connection)

    def _take_leave(self, connection: Connection) -> None:
        """Close in a way that lets the client read its answer first, although it may still be sending."""
        connection.parser = None
        connection.request = type(connection.request)()
        self._count_held(connection)
        try:
            connection.sock.shutdown(socket.SHUT_WR)
            connection.enter(Stage.LINGERING)
            self._watch(connection, selectors.EVENT_READ)
        except (OSError, ValueError):
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._held_bytes -= connection.held_bytes
        self.nr_conns -= 1
        with suppress(OSError, ValueError, KeyError):
            self._watch(connection, 0)
        connection.close()

    def _count_held(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        held = len(connection.request.data)
        self._held_bytes += held - connection.held_bytes
        connection.held_bytes = held
