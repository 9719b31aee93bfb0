"""Backends take turns in processes of their own, so that a busy moment of the machine hits all of them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import IO, Any, get_args

from cxr_dash.errors import TrainingError
from training.backend import BACKENDS, require_backend
from training.bench.figures import Bench, Case, Row, What
from training.bench.machine import machine_facts
from training.fitting.precision import FULL
from training.networks import NETWORKS
from training.recipe import Precision

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What is timed.

    Attributes
    ----------
    networks, backends : tuple of str
    batch_sizes : tuple of int
    precisions : tuple of str
        What layers compute in: each with each backend, see :mod:`training.fitting.precision`.
    size : int or None
        Side of the films, pixels; each network's own when None.
    rounds : int
        How often each is timed; the median counts.
    seconds : float
        How long one timing takes at least, roughly.
    """

    networks: tuple[str, ...]
    backends: tuple[str, ...]
    batch_sizes: tuple[int, ...]
    size: int | None = None
    rounds: int = 5
    seconds: float = 1.0
    precisions: tuple[Precision, ...] = ("float32",)

    def cases(self) -> list[Case]:
        """Every network with every batch size.

        Raises
        ------
        TrainingError
            When a network, size or number is not one.
        """
        unknown = [name for name in self.networks if name not in NETWORKS]
        if unknown or not self.networks:
            raise TrainingError(
                f"`networks` must be among {', '.join(NETWORKS)}; received {', '.join(unknown) or 'none'}."
            )
        for name in self.networks:
            if self.size is not None and self.size < NETWORKS[name].smallest:
                raise TrainingError(
                    f"`--size` must be at least {NETWORKS[name].smallest} for {name}; received {self.size}."
                )
        if not self.batch_sizes or min(self.batch_sizes) < 1 or self.rounds < 1:
            raise TrainingError("`--batch-sizes` and `--rounds` must be whole numbers from 1 on.")
        known = get_args(Precision)
        if not self.precisions or not set(self.precisions) <= set(known):
            received = ", ".join(self.precisions) or "none"
            raise TrainingError(f"`--precisions` must be among {', '.join(known)}; received {received}.")
        return [
            Case(name, self.size or NETWORKS[name].size, batch)
            for name, batch in product(self.networks, self.batch_sizes)
        ]


def compare_backends(plan: BenchPlan) -> Bench:
    """Time every case on every backend.

    A case that fails on a backend, for want of memory say, is kept with the reason.

    Raises
    ------
    TrainingError
        When the plan cannot be used, a backend is not installed, or its process ends.
    """
    cases = plan.cases()
    for backend in plan.backends:
        require_backend(backend)
    if not plan.backends:
        raise TrainingError(f"`--backends` must be among {', '.join(BACKENDS)}; received none.")
    machine = machine_facts()
    rows: list[Row] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="training-bench-")))
        workers = [
            stack.enter_context(_Worker(backend, precision, folder))
            for backend, precision in product(plan.backends, plan.precisions)
        ]
        for worker in workers:
            facts = worker.ask("facts")
            if "problem" in facts:
                raise TrainingError(f"`backend` {worker.name} must load; it failed: {facts['problem']}.")
            machine[f"{worker.name} {facts['version']} on"] = facts["devices"]
        for case in cases:
            logger.info("%s, %d px, batches of %d", case.network, case.size, case.batch_size)
            rows += _timed(case, workers, plan)
    return Bench(machine, tuple(rows))


def _timed(case: Case, workers: Sequence[_Worker], plan: BenchPlan) -> list[Row]:
    """One case on all backends, which take turns."""
    first: dict[str, dict[str, float]] = {}
    problems: dict[str, str] = {}
    samples: dict[tuple[str, What], list[float]] = {}
    kinds = get_args(What)
    for worker in workers:
        answer = worker.ask("prepare", **asdict(case))
        first[worker.name] = answer.get("first", {})
        problems[worker.name] = answer.get("problem", "")
    for what, _ in product(kinds, range(plan.rounds)):
        for worker in workers:
            if problems[worker.name]:
                continue
            answer = worker.ask("time", what=what, at_least=plan.seconds)
            if "problem" in answer:
                problems[worker.name] = answer["problem"]
            else:
                samples.setdefault((worker.name, what), []).append(answer["seconds"])
    return [
        Row(
            case=case,
            backend=worker.name,
            what=what,
            first_seconds=first[worker.name].get(what, 0.0),
            seconds=tuple(samples.get((worker.name, what), ())),
            problem=problems[worker.name],
        )
        for what in kinds
        for worker in workers
    ]


class _Worker:
    """A process that times one backend in one precision; see :mod:`training.bench.worker`."""

    def __init__(self, backend: str, precision: Precision, folder: Path) -> None:
        self.name = backend if precision == FULL else f"{backend} {precision}"
        self._arguments = (backend, precision)
        self._log_path = folder / f"{self.name}.log"

    def __enter__(self) -> _Worker:
        self._log = self._log_path.open("wb")
        command = [sys.executable, "-m", "training.bench.worker", *self._arguments]
        # a fixed module of this package, no shell
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self._pipe(self._process.stdin), self._pipe(self._process.stdout)):
            stream.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def ask(self, command: str, **values: Any) -> dict[str, Any]:
        """Have something done.

        Raises
        ------
        TrainingError
            When the process has ended.
        """
        asked, answers = self._pipe(self._process.stdin), self._pipe(self._process.stdout)
        try:
            asked.write(json.dumps({"do": command, **values}) + "\n")
            asked.flush()
            line = answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            last = self._log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise TrainingError(
                f"The process that times {self.name} must stay alive; it ended with {''.join(last)!r}.",
                remedy="If it was killed for memory, try smaller batches.",
            )
        found: dict[str, Any] = json.loads(line)
        return found

    @staticmethod
    def _pipe(stream: IO[str] | None) -> IO[str]:
        if stream is None:
            raise RuntimeError("the worker has no pipes")
        return stream
