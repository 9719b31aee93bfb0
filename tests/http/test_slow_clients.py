"""Clients that send slowly, stop, or read nothing cost the server no thread; who comes too many is told so.

The worker runs a small application here, so that each answer shows what reached it.
"""

from __future__ import annotations

import hashlib
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from gunicorn_server import eventually

from benchmarks.servers import free_port, gunicorn

_PATIENCE_SECONDS = 60.0
_THREADS = 2
_APPLICATION = """
import hashlib, pathlib, threading, time

def app(environ, start_response):
    path, body = environ["PATH_INFO"], b""
    refused = environ.get("cxr_dash.refused")
    if refused:
        while pathlib.Path("hold").exists():
            time.sleep(0.02)
        answer, status = refused.encode(), "503 No"
    elif path == "/unread":
        answer, status = b"", "200 OK"
    elif path == "/large":
        answer, status = bytes(30_000_000), "200 OK"
    elif path == "/pieces":
        start_response("200 OK", [("Content-Length", str(30 * 1_000_000))])
        return (bytes(1_000_000) for _ in range(30))
    elif path == "/busy":
        pathlib.Path(f"at-work-{threading.get_ident()}").touch()
        while not pathlib.Path("go-on").exists():
            time.sleep(0.02)
        answer, status = b"done", "200 OK"
    else:
        body = environ["wsgi.input"].read()
        answer, status = hashlib.sha256(body).hexdigest().encode(), "200 OK"
    start_response(status, [("Content-Length", str(len(answer)))])
    return [answer]
"""


class _Server:
    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process, self.port, self.folder = process, port, folder

    def connect(self, *, receive_buffer: int | None = None) -> socket.socket:
        client = socket.socket()
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(_PATIENCE_SECONDS)
        client.connect(("127.0.0.1", self.port))
        return client

    def ask(self, path: str, body: bytes | None = None, method: str | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body=body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@contextmanager
def _running(folder: Path, *arguments: str, **settings: str) -> Iterator[_Server]:
    (folder / "tiny.py").write_text(_APPLICATION)
    port = free_port()
    worker = "cxr_dash.intake.worker.WholeRequestWorker"
    command = [sys.executable, "-m", "gunicorn", "-k", worker, "--threads", str(_THREADS), "--no-sendfile"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **settings}
    with (
        (folder / "log").open("wb") as log,
        gunicorn(
            [*command, "-b", f"127.0.0.1:{port}", *arguments, "tiny:app"],
            folder,
            environment,
            log,
            patience=_PATIENCE_SECONDS,
        ) as process,
    ):
        server = _Server(process, port, folder)
        try:
            eventually(lambda: _answers(server), "the worker")
            yield server
        finally:
            (folder / "go-on").touch()
            (folder / "hold").unlink(missing_ok=True)


def _answers(server: _Server) -> bool:
    assert server.process.poll() is None, server.log
    try:
        return server.ask("/healthz")[0] == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Server]:
    with _running(tmp_path_factory.mktemp("intake")) as started:
        yield started


_STALLED = {
    "body": b"POST /films HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\nthe first of many",
    "no byte of the body": b"POST /films HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n",
    "chunk": b"POST /films HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\nab",
    "continue": b"POST /films HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
    b"Content-Length: 9\r\n\r\n",
    "question": b"POST /_dash-update-component HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{",
    "head": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-",
    "health": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("sent", _STALLED.values(), ids=_STALLED)
def test_eighty_requests_that_stop_on_their_way_keep_nobody_waiting(server: _Server, sent: bytes) -> None:
    with ExitStack() as clients:
        for _ in range(80):
            clients.enter_context(server.connect()).sendall(sent)
        assert server.ask("/healthz")[0] == 200
        assert server.ask("/films", b"film") == (200, hashlib.sha256(b"film").hexdigest().encode())


@pytest.mark.parametrize("path", ["/large", "/pieces"])
def test_answers_that_nobody_reads_keep_nobody_waiting(server: _Server, path: str) -> None:
    # of those made piece by piece, the application itself lets no more than half of the threads begin
    readers = 8 if path == "/large" else _THREADS // 2
    with ExitStack() as clients:
        for _ in range(readers):
            client = clients.enter_context(server.connect(receive_buffer=4096))
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        for client_number in range(3):
            assert server.ask("/films", b"%d" % client_number)[0] == 200
        assert server.ask("/healthz")[0] == 200


@pytest.mark.parametrize("path", ["/large", "/pieces"])
def test_readers_that_leave_while_they_are_answered_take_nothing_along(server: _Server, path: str) -> None:
    for _ in range(2 * _THREADS):
        with server.connect(receive_buffer=4096) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert client.recv(100).startswith(b"HTTP/1.1 200")
            # it is reset, not closed in peace
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.ask("/films", b"film")[0] == 200
    assert server.ask(path)[0] == 200
    assert "Traceback" not in server.log


def test_answers_that_nobody_reads_take_no_more_memory_than_requests_may(tmp_path: Path) -> None:
    settings = {"CXR_MAX_INCOMING_BYTES": str(2 * 30_000_000), "CXR_MAX_UPLOAD_BYTES": str(2**20)}
    with _running(tmp_path, **settings) as server, ExitStack() as clients:
        for _ in range(6):
            client = clients.enter_context(server.connect(receive_buffer=4096))
            client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: "4 answers too many" in server.log, "a line in the log")
        status, body = server.ask("/large")
        assert (status, len(body)) == (200, 30_000_000)


@pytest.mark.parametrize("path", ["/large", "/pieces"])
def test_a_large_answer_comes_whole(server: _Server, path: str) -> None:
    status, body = server.ask(path)
    assert (status, len(body)) == (200, 30_000_000)


def test_an_answer_that_is_read_steadily_comes_whole_however_long_it_takes(tmp_path: Path) -> None:
    with _running(tmp_path, CXR_REQUEST_SECONDS="1") as server:
        client = server.connect(receive_buffer=65536)
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        with client, client.makefile("rb") as answer:
            pieces = []
            for _ in range(10):
                time.sleep(0.25)
                pieces.append(answer.read(2_000_000))
            pieces.append(answer.read())
    assert sum(map(len, pieces)) > 30_000_000


def test_a_large_body_arrives_as_it_was_sent_by_length_and_in_chunks(server: _Server) -> None:
    film = os.urandom(5_000_000)
    digest = hashlib.sha256(film).hexdigest().encode()
    assert server.ask("/films", film) == (200, digest)
    connection = HTTPConnection("127.0.0.1", server.port, timeout=_PATIENCE_SECONDS)
    pieces = (film[begin : begin + 70_001] for begin in range(0, len(film), 70_001))
    connection.request("POST", "/films", body=pieces, encode_chunked=True)
    assert connection.getresponse().read() == digest
    # and the connection is good for another question
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_requests_sent_in_one_go_are_answered_one_after_the_other(server: _Server) -> None:
    one = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    last = b"GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with server.connect() as client:
        client.sendall(one + one + last)
        answers = b"".join(iter(lambda: client.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(hashlib.sha256(b"abc").hexdigest().encode()) == 2


def test_who_asks_whether_to_go_on_is_told_once(server: _Server) -> None:
    with server.connect() as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "odd",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"nonsense\r\n\r\n",
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(server: _Server, odd: bytes) -> None:
    with server.connect() as client:
        client.sendall(odd)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


_HIDDEN = b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n"
_POST = b"POST /unread HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    "odd",
    [
        _POST + b"Content-Length: %016d\r\n\r\n" % len(_HIDDEN) + _HIDDEN,
        _POST + b"Transfer-Encoding: identity, chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n" + _HIDDEN,
        _POST + b"Transfer-Encoding: chunked\r\n\r\n%017x\r\nabcde\r\n0\r\n\r\n" % 5 + _HIDDEN,
        _POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcdeXX0\r\n\r\n" + _HIDDEN,
    ],
    ids=["long length", "two encodings", "long chunk size", "chunk without end"],
)
def test_behind_a_request_whose_end_is_unsure_nothing_is_read(server: _Server, odd: bytes) -> None:
    with server.connect() as client:
        client.sendall(odd)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize(
    "tiny", [b"1\r\na\r\n" * 20_000, b"0\r\n" + b"a:\r\n" * 20_000], ids=["chunks", "trailer"]
)
def test_a_body_in_tiny_pieces_is_refused(server: _Server, tiny: bytes) -> None:
    with server.connect() as client:
        client.sendall(_POST + b"Transfer-Encoding: chunked\r\n\r\n" + tiny)
        answer = HTTPResponse(client)
        answer.begin()
        assert answer.status == 400


def test_a_body_that_is_announced_as_too_large_is_refused_before_it_comes(server: _Server) -> None:
    with server.connect() as client:
        client.sendall(b"POST /films HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000000\r\n\r\n")
        answer = HTTPResponse(client)
        answer.begin()
        assert (answer.status, answer.read()) == (503, b"large")


def test_a_body_that_takes_too_long_is_told_so_and_the_log_counts_it(tmp_path: Path) -> None:
    with _running(tmp_path, CXR_REQUEST_SECONDS="1") as server, server.connect() as client:
        client.sendall(_STALLED["body"])
        answer = HTTPResponse(client)
        answer.begin()
        assert (answer.status, answer.read()) == (503, b"slow")
        eventually(lambda: "1 slow" in server.log, "a line in the log")


def test_who_comes_when_all_threads_are_busy_and_enough_wait_is_told_so_and_health_is_answered(
    tmp_path: Path,
) -> None:
    with _running(tmp_path, CXR_MAX_WAITING="2") as server, ExitStack() as clients:
        waiting = [clients.enter_context(server.connect()) for _ in range(_THREADS + 2)]
        for client in waiting:
            client.sendall(b"POST /busy HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        eventually(lambda: server.ask("/busy", b"", "POST") == (503, b"busy"), "a full queue")
        for _ in range(20):
            assert server.ask("/healthz")[0] == 200
        assert server.ask("/readyz")[0] == 200
        (tmp_path / "go-on").touch()
        for client in waiting:
            answer = HTTPResponse(client)
            answer.begin()
            assert (answer.status, answer.read()) == (200, b"done")
        assert server.ask("/busy", b"", "POST") == (200, b"done")


def test_bodies_that_stand_still_make_room_for_one_that_comes(tmp_path: Path) -> None:
    megabyte = bytes(2**20)
    settings = {"CXR_MAX_INCOMING_BYTES": str(2**22), "CXR_MAX_UPLOAD_BYTES": str(2**21)}
    with _running(tmp_path, **settings) as server, ExitStack() as clients:
        standing = [clients.enter_context(server.connect()) for _ in range(8)]
        for client in standing:
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n" + megabyte)
        # three have room; when the others were told so, all that they sent has been read
        eventually(lambda: len(select.select(standing, [], [], 0)[0]) >= 5, "five refusals")
        assert server.ask("/films", megabyte) == (200, hashlib.sha256(megabyte).hexdigest().encode())


def test_a_body_that_makes_room_does_so_before_it_was_told(tmp_path: Path) -> None:
    settings = {"CXR_MAX_INCOMING_BYTES": str(2**22), "CXR_MAX_UPLOAD_BYTES": str(2**21)}
    with _running(tmp_path, **settings) as server, ExitStack() as clients:
        (tmp_path / "hold").touch()
        standing = [clients.enter_context(server.connect()) for _ in range(3)]
        for client in standing:
            client.sendall(
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n" + bytes(1_300_000)
            )
        # all of it was read, and they stand still
        time.sleep(1.5)
        film = bytes(1_500_000)
        assert server.ask("/films", film) == (200, hashlib.sha256(film).hexdigest().encode())
        (tmp_path / "hold").unlink()
        eventually(lambda: bool(select.select(standing, [], [], 0)[0]), "a refusal")
        # the answers to these come behind those of all that were refused
        for _ in range(3):
            assert server.ask("/readyz")[0] == 200
        assert len(select.select(standing, [], [], 0)[0]) == 1


def test_heads_that_stop_make_room_for_one_that_comes_and_the_worker_lives(tmp_path: Path) -> None:
    with _running(tmp_path, "--worker-connections", "12") as server, ExitStack() as clients:
        stopped = [clients.enter_context(server.connect()) for _ in range(12)]
        for client in stopped:
            client.sendall(b"GET / HTTP/1.1\r\n")
            # each in its order: among those that came at once any may go
            time.sleep(0.02)
        for _ in range(3):
            assert server.ask("/healthz")[0] == 200
        stopped[-1].sendall(b"Host: a\r\n\r\n")
        answer = HTTPResponse(stopped[-1])
        answer.begin()
        assert answer.status == 200
        assert "Traceback" not in server.log


def test_where_every_connection_is_worked_for_the_next_is_closed(tmp_path: Path) -> None:
    with _running(tmp_path, "--worker-connections", "3") as server, ExitStack() as clients:
        busy = []
        for number in (1, 2):
            busy.append(clients.enter_context(server.connect()))
            busy[-1].sendall(b"GET /busy HTTP/1.1\r\nHost: a\r\n\r\n")
            # each is at work before the next connection comes
            eventually(lambda n=number: len(list(tmp_path.glob("at-work-*"))) == n, "a request at work")
        with server.connect() as third:
            assert third.recv(100) == b""
        (tmp_path / "go-on").touch()
        for client in busy:
            answer = HTTPResponse(client)
            answer.begin()
            assert answer.status == 200
        assert "Traceback" not in server.log


def test_it_stops_at_once_although_clients_stay(tmp_path: Path) -> None:
    with ExitStack() as clients, _running(tmp_path) as server:
        for sent in [b"", _STALLED["head"], _STALLED["body"]] * 2:
            clients.enter_context(server.connect()).sendall(sent)
    assert server.process.returncode == 0
    assert "Traceback" not in server.log
