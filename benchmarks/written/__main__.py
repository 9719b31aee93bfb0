"""``python -m benchmarks.written``: ask about real films written in every kind, print the table."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from benchmarks.table import RESULTS, ROOT, write_between
from benchmarks.written.ask import ask
from benchmarks.written.kinds import KINDS
from benchmarks.written.report import as_markdown, keep, read, summarise
from cxr_dash.services import build_service
from cxr_dash.settings import Settings

_SEED = 11
# What the release before the second preparation said of the very same files.
BEFORE = RESULTS / "written-before.json"
PAGE = ROOT / "docs" / "films.md"


def main() -> None:
    """Parse, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.written", description=__doc__)
    parser.add_argument("--model", default="findings", help="bundle id (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "findings")
    parser.add_argument("--split", default="test")
    parser.add_argument("--films", type=int, default=30)
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    parser.add_argument("--out", type=Path, help="keep the rows as JSON")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/films.md")
    asked = parser.parse_args()
    films = choose(asked.data, asked.split, asked.films)
    kinds = [kind for kind in KINDS if asked.only in kind.name]
    service = build_service(Settings().model_copy(update={"heat_trust": False}))
    rows = summarise(list(ask(service, asked.model, films, kinds)), kinds)
    table = as_markdown(rows, read(BEFORE))
    print(table)
    if asked.out:
        keep(rows, asked.out)
    if asked.write_docs:
        write_between("written", table, PAGE)


def choose(folder: Path, split: str, count: int) -> list[Path]:
    """Films of one split of a manifest, one a patient, drawn with a fixed seed."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split]
    one_each = list({row["patient_id"]: folder / row["path"] for row in rows}.values())
    order = np.random.default_rng(_SEED).permutation(len(one_each))
    return [one_each[index] for index in order[:count]]


if __name__ == "__main__":
    main()
