"""On what a comparison was made: figures mean nothing without it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

LIBRARIES = ("keras", "tensorflow", "tensorflow-cpu", "jax", "torch", "numpy")


def machine_facts(libraries: Sequence[str] = LIBRARIES) -> dict[str, str | int | float]:
    """Processor, cores this process may use, memory, load before, and versions of installed libraries."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    facts: dict[str, str | int | float] = {
        "processor": _first("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": cores,
        "memory_gib": round(int((_first("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "niceness": os.nice(0),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for name in libraries:
        try:
            facts[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return facts


def _first(path: str, name: str) -> str:
    """Value of the first ``name: value`` line of a file; empty without one."""
    file = Path(path)
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
