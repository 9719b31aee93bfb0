"""``python -m benchmarks.written``: ask about real films written in every kind, print the table."""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.written.ask import Answer, ask
from benchmarks.written.kinds import KINDS, Kind
from cxr_dash.services import build_service
from cxr_dash.settings import ROOT, Settings

_SEED = 11
_MOST_REASONS = 3


def main() -> None:
    """Parse, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.written", description=__doc__)
    parser.add_argument("--model", default="findings", help="bundle id (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "findings")
    parser.add_argument("--split", default="test")
    parser.add_argument("--films", type=int, default=30)
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    parser.add_argument("--out", type=Path, help="keep every answer as JSON")
    asked = parser.parse_args()
    films = choose(asked.data, asked.split, asked.films)
    kinds = [kind for kind in KINDS if asked.only in kind.name]
    service = build_service(Settings().model_copy(update={"heat_trust": False}))
    answers = list(ask(service, asked.model, films, kinds))
    print(as_markdown(answers, kinds))
    if asked.out:
        asked.out.write_text(json.dumps([asdict(one) for one in answers], indent=1) + "\n", encoding="utf-8")


def choose(folder: Path, split: str, count: int) -> list[Path]:
    """Films of one split of a manifest, one a patient, drawn with a fixed seed."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split]
    one_each = list({row["patient_id"]: folder / row["path"] for row in rows}.values())
    order = np.random.default_rng(_SEED).permutation(len(one_each))
    return [one_each[index] for index in order[:count]]


def as_markdown(answers: Sequence[Answer], kinds: Sequence[Kind]) -> str:
    """A row a kind: how many films were refused, read with a word, read without one, and how many flipped."""
    head = (
        *("what was done", "films", "refused", "with a word", "without a word", "flips"),
        *("flips without a word", "median difference", "words"),
    )
    rows = [head, ("---",) * len(head), *(_row([a for a in answers if a.kind == k.name], k) for k in kinds)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(answers: Sequence[Answer], kind: Kind) -> tuple[str, ...]:
    read = [one for one in answers if one.outcome in {"ok", "said"}]
    silent = [one for one in read if one.outcome == "ok"]
    reasons = Counter(reason for one in answers for reason in one.reasons).most_common(_MOST_REASONS)
    return (
        kind.name,
        *(str(count) for count in (len(answers), len(answers) - len(read), len(read) - len(silent))),
        *(str(count) for count in (len(silent), sum(one.flips > 0 for one in read))),
        str(sum(one.flips > 0 for one in silent)),
        f"{np.median([one.difference for one in read]):.3f}" if read else "",
        ", ".join(f"{reason} {count}" for reason, count in reasons),
    )


if __name__ == "__main__":
    main()
