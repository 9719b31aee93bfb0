"""What readers met, as tables."""

from __future__ import annotations

from statistics import quantiles

from reliability.soak.memory import MemoryLog
from reliability.soak.readers import Tally

_FEWEST = 500  # films: before, what grows is what every worker loads once


def as_markdown(tally: Tally, memory: MemoryLog) -> str:
    """Latency by kind of request, errors by kind, memory."""
    lines = ["| request | answered | median, s | 95 % | 99 % | longest |", "|---|---|---|---|---|---|"]
    for kind, seconds in tally.seconds.items():
        shares = [percentile(seconds, share) for share in (50, 95, 99)]
        figures = " | ".join(f"{value:.3f}" for value in (*shares, max(seconds)))
        lines.append(f"| {kind} | {len(seconds)} | {figures} |")
    lines += ["", "| not answered as it should be | how | times |", "|---|---|---|"]
    found = [f"| {kind} | {words} | {times} |" for (kind, words), times in sorted(tally.errors.items())]
    lines += found or ["| nothing | | 0 |"]
    lines += ["", "| memory of all workers, MiB | first | last | growth after warm-up |", "|---|---|---|---|"]
    for kind in ("pss", "uss", "rss"):
        if memory.samples:
            first, last = memory.samples[0][1][kind], memory.samples[-1][1][kind]
            growth = memory.growth(kind) if tally.analyses >= _FEWEST else None
            lines.append(f"| {kind.upper()} | {first:.0f} | {last:.0f} | {grown(growth)} |")
    lines.append("")
    lines.append(f"{tally.analyses} films read; {len(memory.pids)} worker processes seen in all.")
    return "\n".join(lines)


def percentile(values: list[float], share: int) -> float:
    """The value that ``share`` percent of all do not exceed; the only one, where there is one."""
    if len(values) < 2:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[share - 1]


def grown(share: float | None) -> str:
    """Growth as a reader reads it."""
    return "too few films to say" if share is None else f"{share:+.1%}"
