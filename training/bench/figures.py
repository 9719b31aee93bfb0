"""What was measured: rows, and how they are written down."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from training.writing import write_json

What = Literal["train", "predict"]


@dataclass(frozen=True, slots=True)
class Case:
    """One network with films of one size in batches of one size."""

    network: str
    size: int
    batch_size: int


@dataclass(frozen=True, slots=True)
class Row:
    """One case on one backend.

    Attributes
    ----------
    case : Case
    backend : str
        With its precision, where that is not float32.
    what : {"train", "predict"}
        A training step of every weight (forward, backward, Adam), or inference.
    first_seconds : float
        The first call: tracing and compiling, and one step.
    seconds : tuple of float
        Per batch, one sample for each round; empty when it could not be measured.
    problem : str
        Why not, such as too little memory.
    """

    case: Case
    backend: str
    what: What
    first_seconds: float = 0.0
    seconds: tuple[float, ...] = ()
    problem: str = ""

    @property
    def step_seconds(self) -> float:
        """Median time of a batch."""
        return median(self.seconds)

    @property
    def films_per_second(self) -> float:
        """From the median; 0 when nothing was measured."""
        return self.case.batch_size / self.step_seconds if self.seconds else 0.0

    @property
    def compile_seconds(self) -> float:
        """The first call without the step that it made too."""
        return max(self.first_seconds - self.step_seconds, 0.0) if self.seconds else 0.0

    def line(self) -> dict[str, str | int | float]:
        """For a table."""
        measured: dict[str, str | int | float] = {}
        if self.seconds:
            measured = {
                "films_per_second": round(self.films_per_second, 2),
                "ms_per_batch": round(self.step_seconds * 1e3, 2),
                "ms_per_batch_min": round(min(self.seconds) * 1e3, 2),
                "ms_per_batch_max": round(max(self.seconds) * 1e3, 2),
                "compile_seconds": round(self.compile_seconds, 2),
                "rounds": len(self.seconds),
            }
        return {
            **asdict(self.case),
            "backend": self.backend,
            "what": self.what,
            **measured,
            "problem": self.problem,
        }


COLUMNS = (
    "network",
    "size",
    "batch_size",
    "what",
    "backend",
    "films_per_second",
    "ms_per_batch",
    "ms_per_batch_min",
    "ms_per_batch_max",
    "compile_seconds",
    "rounds",
    "problem",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """A whole comparison.

    Attributes
    ----------
    machine : mapping
        Processor, cores, memory, load, versions; what each backend computes on.
    rows : tuple of Row
    """

    machine: Mapping[str, str | int | float]
    rows: tuple[Row, ...]

    def write(self, folder: Path) -> None:
        """Leave ``bench.csv`` and ``bench.json``, the latter with every sample."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "bench.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(row.line() for row in self.rows)
        rows = [{**row.line(), "seconds": [round(value, 6) for value in row.seconds]} for row in self.rows]
        write_json({"machine": dict(self.machine), "rows": rows}, folder / "bench.json")

    def markdown(self) -> str:
        """Films per second, one column for each backend, compile seconds in brackets."""
        backends = list(dict.fromkeys(row.backend for row in self.rows))
        lines = [
            "| network | px | batch | | " + " | ".join(backends) + " |",
            "|---" * (4 + len(backends)) + "|",
        ]
        for case, what in dict.fromkeys((row.case, row.what) for row in self.rows):
            found = {row.backend: row for row in self.rows if (row.case, row.what) == (case, what)}
            cells = [_cell(found.get(backend)) for backend in backends]
            lines.append(
                f"| {case.network} | {case.size} | {case.batch_size} | {what} | " + " | ".join(cells) + " |"
            )
        return "\n".join(lines)


def _cell(row: Row | None) -> str:
    if row is None or not row.seconds:
        return "failed" if row else ""
    return f"{_short(row.films_per_second)} films/s ({_short(row.compile_seconds)} s)"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
