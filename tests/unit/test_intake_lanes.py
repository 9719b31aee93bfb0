"""Work and reads have each their own room."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from gunicorn.config import Config

from cxr_dash.intake.connection import Connection
from cxr_dash.intake.lanes import Lanes
from cxr_dash.intake.limits import IntakeLimits
from cxr_dash.settings import Settings

_WAITING = 3
_LIMITS = IntakeLimits.of(Settings(max_waiting=_WAITING), threads=1, keepalive_seconds=5)

Asked = Callable[[str], Connection]


@pytest.fixture
def asked() -> Iterator[Asked]:
    sockets: list[socket.socket] = []

    def connection(first_line: str) -> Connection:
        ours, theirs = socket.socketpair()
        made = Connection(Config(), ours, None, None, _LIMITS)
        made.request.add(f"{first_line} HTTP/1.1\r\n\r\n".encode())
        sockets.extend((made.sock, theirs))
        return made

    yield connection
    for one in sockets:
        one.close()


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    with ThreadPoolExecutor(1) as main:
        yield Lanes(_LIMITS, main)


def _fill(lanes: Lanes, asked: Asked, first_line: str) -> list[Connection]:
    """Ask until there is no room for more of the kind."""
    taken = []
    while lanes.has_room(one := asked(first_line)):
        lanes.submit(one, lambda _: None)
        taken.append(one)
    return taken


def test_reads_take_no_room_of_work(lanes: Lanes, asked: Asked) -> None:
    for _ in range(2 * _WAITING):
        lanes.submit(asked("GET /assets/page.css"), lambda _: None)
    assert len(_fill(lanes, asked, "POST /films")) == 1 + _WAITING


def test_where_work_has_no_room_reads_and_deletions_have(lanes: Lanes, asked: Asked) -> None:
    work = _fill(lanes, asked, "POST /films")
    assert len(work) == 1 + _WAITING
    assert lanes.has_room(asked("GET /assets/page.css"))
    assert lanes.has_room(asked("DELETE /films/KEY"))
    lanes.done(work[0])
    assert lanes.has_room(asked("POST /films"))


def test_all_together_are_eight_times_as_many_as_work(lanes: Lanes, asked: Asked) -> None:
    assert len(_fill(lanes, asked, "GET /")) == 1 + 8 * _WAITING
    assert not lanes.has_room(asked("POST /films"))


@pytest.mark.parametrize(
    "address",
    [
        "/%66ilms/KEY/heat.png",
        "http://a/films/KEY/heat.png",
        "/films/KEY/heat.png#/picture.jpg",
        "/films/K?/picture.jpg",
    ],
)
def test_work_is_work_however_its_address_is_written(lanes: Lanes, asked: Asked, address: str) -> None:
    _fill(lanes, asked, "POST /films")
    assert not lanes.has_room(asked(f"GET {address}"))
