"""How many processor cores this process may use: those it is bound to, and what its container is allowed."""

from __future__ import annotations

import math
import os
from pathlib import Path

# Threads of one process that pay off: a model's interpreter answers one film at a time (docs/adr/0001).
MOST_THREADS = 4
LEAST_WORKERS = 2
# Each takes 140 MB and more: whoever wants more says so.
MOST_WORKERS = 8
_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def default_jobs() -> int:
    """Threads that pay off: one per usable core, four at most."""
    return min(MOST_THREADS, usable_cores())


def default_workers() -> int:
    """Processes of a server: one per usable core, two at least, so that one answers while one decodes."""
    return min(MOST_WORKERS, max(LEAST_WORKERS, usable_cores()))


def usable_cores() -> int:
    """Cores this process is bound to, or fewer where a control group limits its processor time."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    allowed = cgroup_cores()
    return bound if allowed is None else max(1, min(bound, math.ceil(allowed)))


def cgroup_cores(root: Path = _ROOT, own: Path = _OWN) -> float | None:
    """Processor time that the control groups allow, in cores; None where they set no limit.

    Parameters
    ----------
    root : Path
        Where control groups are mounted.
    own : Path
        The file that names this process's groups.

    Returns
    -------
    float or None
        The smallest quota / period of the own group and of those above it: ``cpu.max`` (version 2) or
        ``cpu.cfs_quota_us`` and ``cpu.cfs_period_us`` (version 1).
    """
    found = []
    for controllers, group in _groups(own):
        if not controllers:
            found += [_limit_2(folder) for folder in _upwards(root, group)]
        elif "cpu" in controllers:
            found += [_limit_1(folder) for folder in _upwards(root / "cpu", group)]
    limits = [limit for limit in found if limit is not None]
    return min(limits, default=None)


def _groups(own: Path) -> list[tuple[list[str], str]]:
    lines = (line.split(":", 2) for line in _read(own).splitlines())
    return [(parts[1].split(",") if parts[1] else [], parts[2]) for parts in lines if len(parts) == 3]


def _upwards(root: Path, group: str) -> list[Path]:
    here = root / group.strip("/")
    # In a container the name may be the host's, which is not mounted: the root is then the own group.
    return [folder for folder in (here, *here.parents) if folder == root or folder.is_relative_to(root)]


def _limit_2(folder: Path) -> float | None:
    quota, _, period = _read(folder / "cpu.max").partition(" ")
    return _ratio(quota, period)


def _limit_1(folder: Path) -> float | None:
    return _ratio(_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"))


def _ratio(quota: str, period: str) -> float | None:
    try:
        used, of = int(quota), int(period)
    except ValueError:  # "max", or no such file
        return None
    return used / of if used > 0 and of > 0 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
