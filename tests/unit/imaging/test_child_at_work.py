"""The decoder's child process, run here against a fake system: what it asks for, limits, and answers."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cxr_dash.domain import DecodeLimits
from cxr_dash.errors import BusyError, CorruptFileError
from cxr_dash.imaging.formats.dicom import decoders, worker
from cxr_dash.imaging.formats.dicom.decoders import DecoderPool, Job

PICTURE = np.arange(6, dtype=np.uint16).reshape(2, 3)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Limits are noted and never set; the process's own time is given."""
    noted: list[tuple[str, tuple[int, int]]] = []
    fake = SimpleNamespace(
        noted=noted,
        RLIMIT_AS="memory",
        RLIMIT_CPU="time",
        RLIMIT_CORE="core",
        RUSAGE_SELF="self",
        setrlimit=lambda name, limits: noted.append((name, limits)),
        getrlimit=lambda _: (5, 10**15),
        getrusage=lambda _: SimpleNamespace(ru_utime=3.5, ru_stime=0.25),
        getpagesize=lambda: 4096,
    )
    monkeypatch.setattr(worker, "resource", fake)
    return fake


def test_limits_are_above_what_the_child_had_before_the_film(system: Any) -> None:
    worker._limit({"memory_bytes": 1000, "seconds": 2.5}, 70)
    assert system.noted == [("memory", (1070, 10**15)), ("time", (7, 10**15))]


def test_the_child_s_room_is_its_pages(system: Any) -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    assert abs(worker._address_space() - 4096 * pages) <= 4096 * pages // 4


def _complaints() -> int:
    return os.memfd_create("complaints")


@pytest.mark.parametrize(
    ("trouble", "error"),
    [(MemoryError(), "memory"), (ValueError("x"), "ValueError"), (KeyError("x"), "KeyError")],
)
def test_a_decoder_s_error_is_answered_by_its_name(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception, error: str
) -> None:
    def codec(*_: object) -> None:
        raise trouble

    monkeypatch.setitem(worker._CODECS, "rle", codec)
    assert worker._answer({"codec": "rle"}, b"", _complaints()) == ({"error": error}, b"")


def test_a_complaint_spoils_one_answer_and_not_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    complaints = _complaints()

    def codec(data: bytes, _: object) -> np.ndarray:
        os.write(complaints, data)
        return PICTURE

    monkeypatch.setitem(worker._CODECS, "rle", codec)
    assert worker._answer({"codec": "rle"}, b"!", complaints) == ({"error": "complaint"}, b"")
    assert os.lseek(complaints, 0, os.SEEK_CUR) == os.fstat(complaints).st_size == 0
    head, pixels = worker._answer({"codec": "rle"}, b"", complaints)
    assert head == {"shape": (2, 3), "dtype": "<u2", "bytes": 12}
    assert bytes(pixels) == PICTURE.tobytes()
    monkeypatch.setitem(worker._CODECS, "rle", lambda *_: PICTURE[:0])
    assert worker._answer({"codec": "rle"}, b"", complaints)[1] == b""


def test_pixels_are_sent_row_by_row_whatever_their_order_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(worker._CODECS, "rle", lambda *_: PICTURE.T)
    assert bytes(worker._answer({"codec": "rle"}, b"", _complaints())[1]) == PICTURE.T.tobytes()


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch, system: Any) -> Iterator[socket.socket]:
    """The other end of a child that runs in a thread, its standard input a socket."""
    ours, theirs = socket.socketpair()
    made: list[int] = []
    fake = SimpleNamespace(
        SEEK_SET=os.SEEK_SET,
        fstat=os.fstat,
        ftruncate=os.ftruncate,
        lseek=os.lseek,
        memfd_create=lambda name: made.append(os.memfd_create(name)) or made[-1],
        dup2=lambda old, new: system.noted.append(("dup2", (old == made[0], new))),
        dup=lambda number: number,
    )
    monkeypatch.setattr(worker, "os", fake)
    sockets = SimpleNamespace(socket=lambda *, fileno: {0: theirs}[fileno])
    monkeypatch.setattr(worker, "socket", sockets)
    thread = threading.Thread(target=worker.main)
    thread.start()
    ours.settimeout(10)
    yield ours
    # one way alone: it may not have sent the last of an answer yet
    ours.shutdown(socket.SHUT_WR)
    thread.join(20)
    assert not thread.is_alive(), "it ends when the other end is closed"
    ours.close()
    theirs.close()
    for number in made:
        os.close(number)


def _ask(end: socket.socket, data: bytes, **request: Any) -> tuple[dict[str, Any], bytes]:
    asked = {
        "bytes": len(data),
        "memory_bytes": 1 << 30,
        "seconds": 5.0,
        "lossless": False,
        "converted": False,
    }
    encoded = json.dumps({**asked, **request}).encode()
    end.sendall(struct.pack(">I", len(encoded)) + encoded + data)
    (length,) = struct.unpack(">I", end.recv(4, socket.MSG_WAITALL))
    head = json.loads(end.recv(length, socket.MSG_WAITALL))
    return head, end.recv(head.get("bytes", 0), socket.MSG_WAITALL)


def test_a_child_says_that_it_is_ready_and_answers_film_after_film(child: socket.socket, system: Any) -> None:
    assert child.recv(1) == b"\1"
    assert system.noted == [("core", (0, 0)), ("dup2", (True, 2))]
    film = {"codec": "rle", "height": 2, "width": 3, "samples": 1, "bits_allocated": 8}
    runs = struct.pack("<16L", 1, 64, *[0] * 14) + b"\5" + bytes(range(10, 16))
    for _ in range(2):
        head, pixels = _ask(child, runs, **film)
        assert (head, pixels) == ({"shape": [2, 3], "dtype": "|u1", "bytes": 6}, bytes(range(10, 16)))
    assert _ask(child, b"damage", **film)[0] == {"error": "error"}
    room = [limits for name, limits in system.noted if name == "memory"]
    # a film's own limit, then all that the system allows, so that the next film's bytes find room
    assert room[1::2] == [(10**15, 10**15)] * 3
    assert len(set(room[::2])) == 1
    assert room[0][0] > 1 << 30


JOB = Job("rle", b"frame", 2, 3, 1, 16)


class _Answers:
    """A child's socket that gives what a test wrote down, and keeps what it was asked."""

    def __init__(self, *parts: bytes) -> None:
        self.left = b"".join(parts)
        self.sent = b""
        self.timeouts: list[float] = []

    def settimeout(self, seconds: float) -> None:
        self.timeouts.append(seconds)

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def recv_into(self, view: memoryview) -> int:
        # in small pieces, as a socket may
        piece = self.left[: min(len(view), 5)]
        self.left = self.left[len(piece) :]
        view[: len(piece)] = piece
        return len(piece)


def _child(*parts: bytes) -> tuple[decoders._Child, _Answers]:
    made = object.__new__(decoders._Child)
    answers = _Answers(*parts)
    made._socket, made._ready = answers, False  # type: ignore[assignment]
    return made, answers


def _told(head: dict[str, Any], body: bytes = b"") -> bytes:
    encoded = json.dumps(head).encode()
    return struct.pack(">I", len(encoded)) + encoded + body


def _head(**changes: Any) -> dict[str, Any]:
    return {"shape": [2, 3], "dtype": "<u2", "bytes": 12, **changes}


def test_a_job_is_sent_whole_and_pixels_come_back_in_pieces() -> None:
    child, answers = _child(b"\1", _told(_head(), PICTURE.tobytes()), _told({"error": "complaint"}))
    limits = DecodeLimits(decoder_seconds=7.0, decoder_memory_bytes=99)
    pixels = child.decode(JOB, limits)
    assert pixels is not None
    assert pixels.tolist() == PICTURE.tolist()
    (length,) = struct.unpack_from(">I", answers.sent)
    assert json.loads(answers.sent[4 : 4 + length]) == {
        "codec": "rle", "bytes": 5, "height": 2, "width": 3, "samples": 1, "bits_allocated": 16,
        "converted": False, "lossless": False, "memory_bytes": 99, "seconds": 7.0,
    }  # fmt: skip
    assert answers.sent[4 + length :] == b"frame"
    # a minute to start, then as long as a film may take
    assert 59.0 < answers.timeouts[0] <= 60.0
    assert 7.0 in answers.timeouts
    assert all(6.0 < seconds <= 7.0 for seconds in answers.timeouts[1:])
    assert child.decode(JOB, limits) is None


@pytest.mark.parametrize(
    "head",
    [_head(shape=[3, 2]), _head(shape=[2, 3, 1]), *(_head(dtype=kind) for kind in ("<f2", "<u4", "|b1"))],
)
def test_pixels_of_another_size_or_kind_are_never_made_room_for(head: dict[str, Any]) -> None:
    child, _ = _child(b"\1", _told(head, bytes(64)))
    with pytest.raises(EOFError):
        child.decode(JOB, DecodeLimits())


def test_colour_has_its_samples_last_and_an_answer_has_4096_bytes_at_most() -> None:
    colour = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    child, _ = _child(b"\1", _told(_head(shape=[2, 3, 3], dtype="|u1"), colour.tobytes()))
    pixels = child.decode(Job("rle", b"", 2, 3, 3, 8), DecodeLimits())
    assert pixels is not None
    assert pixels.tolist() == colour.tolist()
    whole = json.dumps(_head()).encode().ljust(4096)
    child, _ = _child(b"\1", struct.pack(">I", 2**31), whole, PICTURE.tobytes())
    pixels = child.decode(JOB, DecodeLimits())
    assert pixels is not None
    assert pixels.tolist() == PICTURE.tolist()
    child, _ = _child(b"\1", _told(_head(), PICTURE.tobytes()[:-1]))
    with pytest.raises(EOFError):
        child.decode(JOB, DecodeLimits())


def test_a_child_is_asked_once_more_when_its_time_is_over() -> None:
    child, answers = _child(b"\1")
    child._receive(memoryview(bytearray(1)), 0.0)
    assert answers.timeouts == [0.001]


def test_a_child_is_started_apart_from_the_terminal_with_one_thread_a_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[dict[str, Any]] = []
    fake = SimpleNamespace(
        Popen=lambda command, **how: started.append({"command": command, **how}), DEVNULL=-3
    )
    monkeypatch.setattr(decoders, "subprocess", fake)
    child = decoders._Child(("run", "me"))
    (how,) = started
    assert (how["command"], how["stdout"], how["stderr"]) == (["run", "me"], -3, -3)
    assert how["start_new_session"] is True
    assert {how["env"][name] for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")} == {"1"}
    # the system keeps twice what it is asked for, up to a limit of its own
    limit = int(Path("/proc/sys/net/core/wmem_max").read_text(encoding="ascii"))
    room = child._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    assert room == 2 * min(1024**2, limit)
    assert child._ready is False
    child.abandon()


def test_two_films_at_once_and_a_third_waits_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Job("rle", b"", 1, 1, 1, 8).converted, Job("rle", b"", 1, 1, 1, 8).lossless) == (False, False)
    pool = DecoderPool(["nothing to run"])
    inside: list[int] = []

    def nested(job: Job, limits: DecodeLimits) -> Any:
        inside.append(len(inside))
        return pool.decode(job, limits)

    monkeypatch.setattr(pool, "_decode", nested)
    with pytest.raises(BusyError, match="At most 2 compressed films"):
        pool.decode(JOB, DecodeLimits(decoder_seconds=0.01))
    assert inside == [0, 1]


def test_a_child_that_complained_is_kept_and_one_that_is_gone_is_not() -> None:
    pool = DecoderPool(["nothing to run"])
    ended: list[object] = []
    kept, _ = _child(b"\1", _told({"error": "complaint"}))
    gone, _ = _child(b"")
    for child in (kept, gone):
        child.end = lambda one=child: ended.append(one)  # type: ignore[method-assign]
    pool._idle = [gone, kept]
    for _ in range(2):
        with pytest.raises(CorruptFileError):
            pool.decode(JOB, DecodeLimits())
    assert ended == [kept]
    assert pool._idle == [gone]
