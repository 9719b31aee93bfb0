"""The loop: cases one after the other in a process of its own, watched from outside.

An exception that is no `CxrError`, a crash of the process, and a file that takes longer than `MOST_SECONDS`
are findings.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_dash.errors import CxrError
from fuzz.case import Case
from fuzz.findings import Finding, keep
from fuzz.mutate import Mutator
from fuzz.tally import ESCAPED, READ, REFUSED, Tally
from fuzz.targets import Target

MOST_SECONDS = 5.0
"""For one small file; measured again before it counts, since the machine may have been busy."""

_HOPELESS_SECONDS, _SAY_EVERY_SECONDS = 60.0, 60.0
_WARM_AFTER = 3000
_LOOK_EVERY = 64
_MIB = 2**20
_CRASHED = "crash"


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, from where, into which folder."""

    seconds: float
    executions: int
    folder: Path
    first: int = 0


def slots(targets: Sequence[Target]) -> tuple[int, ...]:
    """Which target a case's number goes to, by number modulo the length; mixed evenly."""
    order = [index for index, target in enumerate(targets) for _ in range(target.share)]
    step = 7919  # a prime, and no divisor of the length
    return tuple(order[place * step % len(order)] for place in range(len(order)))


def try_case(target: Target, case: Case) -> tuple[int, float, Finding | None]:
    """One file.

    Returns
    -------
    outcome : int
    seconds : float
    finding : Finding or None
    """
    began = time.perf_counter()
    finding = None
    try:
        target.read(case.data)
        outcome = READ
    except CxrError as error:
        # Whoever is told must be told something.
        str(error)
        outcome = REFUSED
    except Exception as error:
        outcome, finding = ESCAPED, Finding.of(target.name, error)
    seconds = time.perf_counter() - began
    return outcome, seconds, finding


def work(mutator: Mutator, targets: Sequence[Target], tally: Tally, plan: Plan) -> None:
    """Try cases until time or number is up; in this process, unwatched."""
    order, until = slots(targets), time.monotonic() + plan.seconds
    for number in range(plan.first, plan.executions):
        if number % _LOOK_EVERY == 0:
            _note_memory(tally, number)
            if time.monotonic() > until:
                break
        index = order[number % len(order)]
        target = targets[index]
        tally.started[0], tally.number[0] = time.monotonic(), number
        case = mutator.case(number, target.kinds)
        outcome, seconds, finding = try_case(target, case)
        if seconds > MOST_SECONDS:
            seconds = min(seconds, try_case(target, case)[1])
            if seconds > MOST_SECONDS:
                outcome, finding = ESCAPED, Finding(target.name, "hang", f"{seconds:.1f} s")
        tally.add(index, outcome, seconds, number)
        if finding is not None and keep(plan.folder, finding, case):
            print(
                f"fuzz: {finding.what} in {finding.target}, from {case.origin}, number {number}", flush=True
            )
    tally.number[0] = -1


def watch(mutator: Mutator, targets: Sequence[Target], tally: Tally, plan: Plan, crashes: Path) -> None:
    """The same in a process of its own: one that crashes or hangs is replaced, its case is a finding."""
    until, first = time.monotonic() + plan.seconds, plan.first
    while True:
        left = max(until - time.monotonic(), 0.0)
        tally.number[0], tally.started[0] = first, time.monotonic()
        child = os.fork()
        if child == 0:
            _be_the_child(mutator, targets, tally, Plan(left, plan.executions, plan.folder, first), crashes)
        status = _wait(child, tally)
        number = int(tally.number[0])
        if number < 0:
            return
        index = slots(targets)[number % len(slots(targets))]
        target = targets[index]
        case = mutator.case(number, target.kinds)
        signalled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        what = "hang" if signalled == signal.SIGALRM else f"{_CRASHED}-{signalled or os.WEXITSTATUS(status)}"
        finding = Finding(target.name, what, crashes.read_text(errors="replace")[-4000:])
        tally.add(index, ESCAPED, time.monotonic() - float(tally.started[0]), number)
        if keep(plan.folder, finding, case):
            print(f"fuzz: {what} in {target.name}, from {case.origin}, number {number}", flush=True)
        first = number + 1


def _be_the_child(
    mutator: Mutator, targets: Sequence[Target], tally: Tally, plan: Plan, crashes: Path
) -> None:
    status = 70
    try:
        stream = crashes.open("wb")
        faulthandler.enable(stream)
        # Libraries complain of damaged files there, as they should.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        work(mutator, targets, tally, plan)
        status = 0
    except KeyboardInterrupt:
        tally.number[0] = -1
    finally:
        sys.stdout.flush()
        os._exit(status)


def _wait(child: int, tally: Tally) -> int:
    said = time.monotonic()
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        if time.monotonic() - said > _SAY_EVERY_SECONDS:
            said = time.monotonic()
            print(
                f"fuzz: {tally.executions} files, {int(tally.counts[:, ESCAPED].sum())} escapes", flush=True
            )
        if time.monotonic() - float(tally.started[0]) > _HOPELESS_SECONDS and tally.number[0] >= 0:
            os.kill(child, signal.SIGALRM)
        time.sleep(0.1)


def _note_memory(tally: Tally, number: int) -> None:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123
        now = int(statm.read().split()[1]) * resource.getpagesize() / _MIB
    tally.memory[1] = now
    tally.memory[2] = max(tally.memory[2], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if number <= _WARM_AFTER or not tally.memory[0]:
        tally.memory[0] = now
