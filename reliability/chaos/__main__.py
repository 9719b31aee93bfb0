"""``python -m reliability.chaos``: one fault after the other, and a table of what was seen.

The exit status is 1 when the server did not do what its pages promise.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.table import Machine
from reliability.chaos import clients, house, storage
from reliability.chaos.fault import Fault, NotHereError, Seen
from reliability.page import described, put

FAULTS = (*clients.FAULTS, *storage.FAULTS, *house.FAULTS)
_KEY = re.compile(r"/films/[A-Za-z0-9_-]{32}")


def main(arguments: Sequence[str]) -> int:
    """Run the faults and print what was seen."""
    asked = _parser().parse_args(arguments)
    machine = Machine()
    wanted = [fault for fault in FAULTS if not asked.fault or fault.name in asked.fault]
    seen = [(fault, put_in(fault)) for fault in wanted]
    text = described(machine, "with `make chaos`, two workers, clients on the same cores,", as_markdown(seen))
    print(text)
    if asked.write:
        put("chaos", text)
    return int(any(what is not None and not what.good for _, what in seen))


def put_in(fault: Fault) -> Seen | None:
    """What one fault comes to; None where this machine lacks what it needs."""
    with tempfile.TemporaryDirectory(prefix="cxr-chaos-") as folder:
        try:
            seen = fault.put(Path(folder))
        except NotHereError as error:
            print(f"{fault.name}: not tried, {error}", file=sys.stderr, flush=True)
            return None
        if any(_KEY.search(log.read_text(errors="replace")) for log in Path(folder).rglob("server.log")):
            seen = Seen(good=False, words=f"{seen.words}; **a film's key is in the log**")
    print(f"{fault.name}: {'good' if seen.good else 'BAD'}, {seen.words}", file=sys.stderr, flush=True)
    return seen


def as_markdown(seen: Sequence[tuple[Fault, Seen | None]]) -> str:
    """A row for each fault."""
    lines = ["| fault | what was done | what was seen | as promised |", "|---|---|---|---|"]
    for fault, what in seen:
        found = "not tried on this machine | " if what is None else f"{what.words} | {clients.yes(what.good)}"
        lines.append(f"| {fault.name} | {fault.done} | {found} |")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--fault", action="append", choices=names, help="only this one")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
