"""An answer takes as long as it is large, at the pace of its last seconds."""

from __future__ import annotations

import dataclasses

from cxr_dash.intake.limits import IntakeLimits
from cxr_dash.intake.pace import Pace
from cxr_dash.settings import Settings

_SLOWEST = 8192
_LIMITS = IntakeLimits.of(
    Settings(request_seconds=120.0, min_bytes_per_second=_SLOWEST), threads=4, keepalive_seconds=5
)


def _given_up_after(pace: Pace, bytes_each_second: list[int]) -> int | None:
    """At which second the reader is given up, who takes so much in each."""
    for second, moved in enumerate(bytes_each_second, start=1):
        pace.add(moved)
        if pace.is_too_slow(float(second)):
            return second
    return None


def test_who_keeps_the_pace_is_never_given_up() -> None:
    assert _given_up_after(Pace(_LIMITS), [_SLOWEST] * 3600) is None


def test_who_takes_too_little_is_given_up_after_a_while() -> None:
    assert _given_up_after(Pace(_LIMITS), [_SLOWEST // 2] * 60) == 21


def test_what_was_read_fast_excuses_nobody_who_stops() -> None:
    assert _given_up_after(Pace(_LIMITS), [10**8] * 300 + [0] * 60) in range(311, 322)


def test_who_takes_nothing_goes_in_the_time_of_a_body_where_no_pace_is_set() -> None:
    pace = Pace(dataclasses.replace(_LIMITS, bytes_per_second=0.0))
    assert _given_up_after(pace, [10**6] * 30 + [0] * 600) in range(150, 163)


def test_a_reader_who_is_measured_anew_is_not_the_slowest_for_it() -> None:
    fast, slow = Pace(_LIMITS), Pace(_LIMITS)
    _given_up_after(fast, [10**8] * 10)
    _given_up_after(slow, [10**5] * 10)
    assert fast.bytes_per_second(10.1) > slow.bytes_per_second(10.1)
