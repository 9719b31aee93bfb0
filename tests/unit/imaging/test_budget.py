"""Large pictures of one process wait for one another; small ones never wait."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from picture_files import gradient, png

from cxr_dash.domain import DecodeLimits
from cxr_dash.imaging import decode
from cxr_dash.imaging.budget import DecodingBudget, shared_budget


def _hold(budget: DecodingBudget, needed: int, entered: Event, leave: Event) -> Thread:
    def work() -> None:
        with budget.hold(needed):
            entered.set()
            leave.wait(20)

    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_large_picture_waits_until_another_is_done() -> None:
    budget, first_in, second_in, leave = DecodingBudget(1600), Event(), Event(), Event()
    first = _hold(budget, 1000, first_in, leave)
    assert first_in.wait(20)
    second = _hold(budget, 700, second_in, leave)
    assert not second_in.wait(0.2)
    leave.set()
    assert second_in.wait(20)
    first.join(20)
    second.join(20)
    assert budget.taken == 0


def test_two_large_pictures_that_fit_are_decoded_at_once() -> None:
    budget, first_in, second_in, leave = DecodingBudget(1600), Event(), Event(), Event()
    threads = [_hold(budget, 800, first_in, leave), _hold(budget, 800, second_in, leave)]
    assert first_in.wait(20)
    assert second_in.wait(20)
    assert budget.taken == 1600
    leave.set()
    for thread in threads:
        thread.join(20)


def test_a_small_picture_never_waits() -> None:
    budget = DecodingBudget(1600)
    with budget.hold(1600), budget.hold(100):
        assert budget.taken == 1600


def test_a_picture_larger_than_the_budget_is_decoded_alone() -> None:
    budget = DecodingBudget(1600)
    with budget.hold(5000):
        assert budget.taken == 1600
    assert budget.taken == 0


def test_what_was_held_is_given_back_when_decoding_fails() -> None:
    budget = DecodingBudget(1600)
    held: list[int] = []

    def fail() -> None:
        held.append(budget.taken)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"), budget.hold(1600):
        fail()
    assert (held, budget.taken) == ([1600], 0)


def test_the_threads_of_a_process_share_one_budget() -> None:
    assert shared_budget(123) is shared_budget(123)
    data = png([row.tobytes() for row in gradient()], 56, 8, 0)
    assert decode(data, DecodeLimits(max_decoding_bytes=10)).width == 56
    assert shared_budget(10).taken == 0
