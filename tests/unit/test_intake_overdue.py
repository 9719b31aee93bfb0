"""Who is given up: what took too long, and whoever is slowest where there is no room for all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest

from cxr_dash.intake.connection import Connection, OutgoingSocket, Stage
from cxr_dash.intake.limits import IntakeLimits
from cxr_dash.intake.overdue import Overdue, most_silent, overdue, slowest_reader, slowest_sender
from cxr_dash.intake.request import IncomingRequest
from cxr_dash.settings import Settings

LIMITS = IntakeLimits.of(Settings(), threads=4, keepalive_seconds=5)


@dataclass
class _One:
    """A connection as far as its time is looked at."""

    stage: Stage
    since: float
    sock: OutgoingSocket
    request: IncomingRequest
    heard: float


@pytest.fixture
def pair() -> Iterator[tuple[OutgoingSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with OutgoingSocket(ours, LIMITS) as sock, theirs:
        yield sock, theirs


def _one(
    sock: OutgoingSocket, stage: Stage, since: float, body_bytes: int = 0, heard: float | None = None
) -> Connection:
    request = IncomingRequest()
    if stage is Stage.BODY:
        request.add(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + bytes(body_bytes))
    return cast("Connection", _One(stage, since, sock, request, since if heard is None else heard))


@pytest.mark.parametrize(
    ("stage", "seconds", "expected"),
    [
        (Stage.IDLE, 6.0, Overdue.SILENCE),
        (Stage.IDLE, 4.0, None),
        (Stage.LINGERING, 2.5, Overdue.SILENCE),
        (Stage.HEAD, 11.0, Overdue.HEAD),
        (Stage.HEAD, 9.0, None),
        (Stage.BODY, 12.0, Overdue.BODY),
        (Stage.BODY, 9.0, None),
        (Stage.WORKING, 900.0, None),
        (Stage.SENDING, 900.0, None),
    ],
)
def test_each_stage_has_its_time(
    pair: tuple[OutgoingSocket, socket.socket], stage: Stage, seconds: float, expected: Overdue | None
) -> None:
    assert overdue(_one(pair[0], stage, 100.0), 100.0 + seconds, LIMITS, serving=True) is expected


@pytest.mark.parametrize("stage", [Stage.IDLE, Stage.HEAD, Stage.BODY])
def test_a_worker_that_is_about_to_end_waits_for_nobody_who_sends_nothing(
    pair: tuple[OutgoingSocket, socket.socket], stage: Stage
) -> None:
    silent, sending = (_one(pair[0], stage, 100.0, heard=heard) for heard in (100.0, 102.0))
    assert overdue(silent, 103.0, LIMITS, serving=True) is None
    assert overdue(silent, 103.0, LIMITS, serving=False) is Overdue.SILENCE
    expected = Overdue.SILENCE if stage is Stage.IDLE else None
    assert overdue(sending, 103.0, LIMITS, serving=False) is expected


def test_who_asks_nothing_goes_before_who_asks_and_nobody_who_is_worked_for(
    pair: tuple[OutgoingSocket, socket.socket],
) -> None:
    working, body, old, older = (
        _one(pair[0], stage, since)
        for stage, since in ((Stage.WORKING, 1.0), (Stage.BODY, 2.0), (Stage.IDLE, 4.0), (Stage.IDLE, 3.0))
    )
    assert most_silent([working, body, old, older], 9.0) is older
    assert most_silent([working, body], 9.0) is body
    assert most_silent([working], 9.0) is None


def test_who_has_just_come_stays_before_a_head_that_stopped_and_goes_before_a_body(
    pair: tuple[OutgoingSocket, socket.socket],
) -> None:
    stopped, body, come, begun = (
        _one(pair[0], stage, since)
        for stage, since in ((Stage.HEAD, 4.0), (Stage.BODY, 1.0), (Stage.IDLE, 8.5), (Stage.HEAD, 8.6))
    )
    assert most_silent([body, come, begun, stopped], 9.0) is stopped
    assert most_silent([body, come, begun], 9.0) is come


def test_who_stands_still_goes_before_who_sends_and_who_drips_before_who_streams(
    pair: tuple[OutgoingSocket, socket.socket],
) -> None:
    def sender(since: float, body_bytes: int, heard: float) -> Connection:
        return _one(pair[0], Stage.BODY, since, body_bytes, heard)

    standing, dripping = sender(100.0, 2**20, 100.1), sender(100.0, 1000, 104.9)
    streaming, begun = sender(101.0, 2**20, 104.8), sender(104.99, 0, 104.99)
    assert slowest_sender([begun, streaming, dripping, standing], 105.0) is standing
    assert slowest_sender([begun, streaming, dripping], 105.0) is dripping
    assert slowest_sender([begun, streaming], 105.0) is streaming
    # all within the last second: whoever was silent longest
    assert slowest_sender([sender(104.8, 2**20, 104.81), begun], 105.0) is not begun
    assert slowest_sender([_one(pair[0], Stage.WORKING, 1.0)], 105.0) is None


def test_a_reader_goes_only_where_the_answers_of_all_take_too_much(
    pair: tuple[OutgoingSocket, socket.socket],
) -> None:
    sock, _ = pair
    sock.sendall(bytes(2**22))
    reader = _one(sock, Stage.SENDING, 100.0)
    kept = sock.unsent_bytes
    assert kept > 0
    assert slowest_reader([reader], kept, 101.0) is None
    assert slowest_reader([reader], kept - 1, 101.0) is reader
