"""What every benchmark gives back, and where that is kept: a page for people, JSON for machines."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from training.bench.machine import machine_facts

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "benchmarks" / "results"
LIBRARIES = (
    "ai-edge-litert",
    "dash",
    "gunicorn",
    "keras",
    "numpy",
    "opencv-python-headless",
    "playwright",
    "tensorflow-cpu",
)


@dataclass(frozen=True)
class Asked:
    """What is to be measured.

    Attributes
    ----------
    bundle : Path
        The model's folder.
    folder : Path
        For whatever is written meanwhile.
    brief : bool
        Each part once and few films: does it run, and do all answer alike?
    """

    bundle: Path
    folder: Path
    brief: bool


@dataclass(frozen=True)
class Table:
    """One measured table.

    Attributes
    ----------
    measured : str
        What it was measured with, in a sentence that goes on after "Measured DATE".
    markdown : str
        The table.
    data : dict
        Every sample, for JSON.
    """

    measured: str
    markdown: str
    data: dict[str, Any]


class Machine:
    """The machine and its load before and after."""

    def __init__(self) -> None:
        self.when = datetime.now(UTC)
        self.facts = machine_facts(LIBRARIES)

    def text(self, table: Table) -> str:
        """A sentence about the measurement, and the table below it."""
        facts = self.facts
        libraries = ", ".join(
            f"{name} {facts[name]}"
            for name in ("ai-edge-litert", "opencv-python-headless", "tensorflow-cpu", "keras")
        )
        return (
            f"Measured {self.when:%Y-%m-%d} {table.measured} on {facts['cores']} cores of "
            f"{facts['processor']}, {facts['memory_gib']} GiB; load {facts['load_before']} before and "
            f"{os.getloadavg()[0]:.2f} after, niceness {facts['niceness']}; {libraries}.\n\n{table.markdown}"
        )

    def keep(self, name: str, model: str, table: Table, folder: Path) -> Path:
        """Write every sample as JSON; the path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}-{self.when:%Y-%m-%dT%H%M%SZ}.json"
        after = {"load_after": round(os.getloadavg()[0], 2)}
        data = {
            "measured_at": self.when.isoformat(timespec="seconds"),
            "model": model,
            "machine": self.facts | after,
            **table.data,
        }
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        return path


def write_between(name: str, text: str, page: Path = PAGE) -> None:
    """Put a table where the page has its place.

    Raises
    ------
    ValueError
        When the page has no such place.
    """
    place = re.compile(rf"(<!-- {name} results -->\n).*?(<!-- end of {name} results -->)", flags=re.DOTALL)
    before = page.read_text(encoding="utf-8")
    after, found = place.subn(lambda hit: f"{hit[1]}\n{text}\n\n{hit[2]}", before)
    if found != 1:
        raise ValueError(f"{page.name} must have one place for the table {name}; received {found}")
    page.write_text(after, encoding="utf-8")


def spread(values: list[float], unit: str, digits: int) -> str:
    """Median of samples, and the smallest and the largest of them in brackets."""
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))
    return f"{middle} {unit} ({low}-{high})"


def short(samples: Any) -> Any:
    """Samples in dictionaries and lists, with four digits of each figure."""
    if isinstance(samples, dict):
        return {key: short(value) for key, value in samples.items()}
    if isinstance(samples, list):
        return [short(value) for value in samples]
    return float(f"{samples:.4g}")
