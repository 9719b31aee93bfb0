"""Where a request ends, however its bytes come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_dash.intake.limits import IntakeLimits, is_work
from cxr_dash.intake.request import IncomingRequest

_HEAD = b"POST /films HTTP/1.1\r\nHost: a\r\n"
_WHOLE = [
    b"GET /healthz?x=1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    _HEAD + b"content-LENGTH:  5 \r\n\r\nabcde",
    _HEAD + b"Content-Length: 0\r\n\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0a;x=y\r\n0123456789\r\n0\r\n\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nDigest: x\r\n\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n",
]


@given(whole=st.sampled_from(_WHOLE), data=st.data())
def test_the_end_is_the_same_however_the_bytes_come(whole: bytes, data: st.DataObject) -> None:
    request = IncomingRequest()
    begin = 0
    while begin < len(whole):
        assert request.end is None
        size = data.draw(st.integers(1, len(whole) - begin))
        request.add(whole[begin : begin + size])
        begin += size
    assert request.end == len(whole)
    assert bytes(request.data) == whole


@pytest.mark.parametrize("whole", _WHOLE)
def test_what_comes_behind_a_request_is_not_of_it(whole: bytes) -> None:
    request = IncomingRequest()
    request.add(whole + b"GET / HTTP/1.1\r\n")
    assert request.end == len(whole)
    assert not request.unsure


@pytest.mark.parametrize(
    "odd",
    [
        _HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        _HEAD + b"Content-Length: -1\r\n\r\n",
        _HEAD + b"Content-Length : 5\r\n\r\n",
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\nfilm\r\n",
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 5000,
        _HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        _HEAD + b"Content-Length: 0000000000000027\r\n\r\n",
        _HEAD + b"Content-Length: 5, 5\r\n\r\n",
        _HEAD + b"Content-Length: 3\r\n 4\r\n\r\nabc",
        _HEAD + b"X: a\nContent-Length: 5\r\n\r\n",
        _HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        _HEAD + b"Transfer-Encoding: identity, chunked\r\n\r\n",
        _HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        _HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n00000000000000005\r\nabcde\r\n0\r\n\r\n",
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefg0\r\n\r\n",
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\nGET / HTTP/1.1\r\n\r\n",
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 1001,
        _HEAD
        + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"
        + bytes(0xFFFFF)
        + b"\r\n"
        + b"1\r\na\r\n" * 2000,
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a:\r\n" * 101,
    ],
)
def test_a_request_that_makes_no_sense_is_not_waited_for_and_its_end_is_unsure(odd: bytes) -> None:
    request = IncomingRequest()
    request.add(odd)
    assert request.end is not None
    assert request.unsure


def test_a_first_line_without_sense_is_not_waited_for() -> None:
    request = IncomingRequest()
    request.add(b"nonsense\r\n\r\n")
    assert request.end is not None


@pytest.mark.parametrize("chunks", [b"1\r\na\r\n" * 999, (b"50\r\n" + b"a" * 80 + b"\r\n") * 4000])
def test_some_small_chunks_and_many_of_some_size_are_read(chunks: bytes) -> None:
    request = IncomingRequest()
    request.add(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert request.end == len(request.data)
    assert not request.unsure


def test_a_head_without_end_is_seen() -> None:
    request = IncomingRequest()
    request.add(_HEAD + b"X: " + b"x" * 70_000)
    assert request.head_too_long


def test_a_body_is_given_up_after_its_time_or_below_its_pace_and_not_in_its_first_seconds() -> None:
    limits = IntakeLimits(
        most_body_bytes=1,
        most_bytes=1,
        seconds=100.0,
        bytes_per_second=1000.0,
        threads=1,
        most_waiting=1,
        most_waiting_reads=1,
        keepalive_seconds=1.0,
    )
    assert not limits.is_too_slow(0, 9.9)
    assert not limits.is_too_slow(5000, 14.9)
    assert limits.is_too_slow(5000, 15.1)
    assert limits.is_too_slow(10**9, 100.1)


@pytest.mark.parametrize(
    ("method", "path", "work"),
    [
        ("POST", "/films", True),
        ("POST", "/_dash-update-component", True),
        ("DELETE", "/films/KEY", False),
        ("GET", "/%66ilms/KEY/findings/answer.json", True),
        ("GET", "/films/KEY/findings/answer.json", True),
        ("GET", "/films/KEY/picture.jpg", False),
        ("GET", "/assets/js/0-core/00-core.js", False),
        ("HEAD", "/", False),
    ],
)
def test_films_and_questions_are_work_and_what_lies_there_is_not(method: str, path: str, work: bool) -> None:
    assert is_work(method, path) is work
