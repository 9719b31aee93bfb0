"""The table of docs/films.md: what became of every kind, before and now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.written.ask import Answer
from benchmarks.written.kinds import Kind


@dataclass(frozen=True, slots=True)
class Row:
    """What became of the films written in one kind.

    Attributes
    ----------
    kind : str
    films : int
    refused : int
        Not read: damaged, wrapped, or no film to the input gate.
    said, silent : int
        Read with a word that the film itself does not get, and without.
    flipped, flipped_silently : int
        Of those read: films with a finding on another side of its default threshold than in the film itself.
    difference : float or None
        Median of the largest difference of a probability, 0-1; None where none was read.
    """

    kind: str
    films: int
    refused: int
    said: int
    silent: int
    flipped: int
    flipped_silently: int
    difference: float | None


def summarise(answers: Sequence[Answer], kinds: Sequence[Kind]) -> list[Row]:
    """A row a kind, in the order of ``kinds``."""
    return [_row(kind.name, [one for one in answers if one.kind == kind.name]) for kind in kinds]


def _row(kind: str, answers: Sequence[Answer]) -> Row:
    read = [one for one in answers if one.outcome in {"ok", "said"}]
    silent = [one for one in read if one.outcome == "ok"]
    return Row(
        kind,
        len(answers),
        len(answers) - len(read),
        len(read) - len(silent),
        len(silent),
        sum(one.flips > 0 for one in read),
        sum(one.flips > 0 for one in silent),
        round(float(np.median([one.difference for one in read])), 3) if read else None,
    )


def as_markdown(rows: Sequence[Row], before: Mapping[str, Row]) -> str:
    """The table; a kind that was not asked before has an empty cell there."""
    lines = [
        "| what was done to a good film | before: refused / said / silent, flipped | "
        "now: refused / said / silent, flipped | flipped without a word, before → now | "
        "median difference now |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        earlier = before.get(row.kind)
        silently = f"{earlier.flipped_silently} → " if earlier else ""
        lines.append(
            f"| {row.kind} | {_counts(earlier) if earlier else ''} | {_counts(row)} | "
            f"{silently}{row.flipped_silently} of {row.films} | "
            f"{'' if row.difference is None else f'{row.difference:.3f}'} |"
        )
    return "\n".join(lines)


def _counts(row: Row) -> str:
    return f"{row.refused} / {row.said} / {row.silent}, {row.flipped}"


def keep(rows: Sequence[Row], path: Path) -> None:
    """Keep the rows as JSON."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, Row]:
    """Rows that were kept, by kind."""
    return {row["kind"]: Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))}
