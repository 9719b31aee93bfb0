"""``python -m reliability.soak``: readers before the real server; latency, errors and memory.

The exit status is 1 when a request was not answered as it should be, or memory grew by more than is allowed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from benchmarks.table import Machine
from cxr_dash.inference.catalog import Catalog
from cxr_dash.settings import Settings
from reliability.page import described, put
from reliability.server import running
from reliability.soak.memory import MemoryLog
from reliability.soak.readers import Reader, Tally, films_to_read, wait_until, watch_health
from reliability.soak.report import as_markdown

_BUSY = "busy"  # the code of a 503 that asks to come again


def main(arguments: Sequence[str]) -> int:
    """Run it and print the tables."""
    asked = _parser().parse_args(arguments)
    machine = Machine()
    tally, memory = soak(asked)
    how = f"until {asked.analyses} films were read" if asked.analyses else f"for {asked.minutes:g} minutes"
    command = f"make soak ARGS='{' '.join(arguments)}'" if arguments else "make soak"
    measured = (
        f"with `{command}`: {asked.readers} readers who think {asked.think:g} s on average {how}, "
        "two workers, readers on the same cores,"
    )
    text = described(machine, measured, as_markdown(tally, memory))
    print(text)
    if asked.write:
        put("analyses" if asked.analyses else "soak", text)
    grown = memory.growth("pss")
    too_much = asked.analyses > 0 and (grown is None or grown > asked.growth)
    return int(too_much or bool(unexpected(tally)))


def unexpected(tally: Tally) -> list[tuple[str, str]]:
    """What should not have come: all but a server that says in words that it is full."""
    return [(kind, words) for kind, words in tally.errors if _BUSY not in words]


def soak(asked: argparse.Namespace) -> tuple[Tally, MemoryLog]:
    """Readers, an orchestrator's questions and a look at the memory, side by side."""
    tally, memory, over = Tally(), MemoryLog(), threading.Event()
    films = films_to_read()
    settings = Settings()
    model = settings.default_model
    label = Catalog(settings.models_dir).get(model).spec.label_keys[0]
    with tempfile.TemporaryDirectory(prefix="cxr-soak-") as folder, running(Path(folder)) as server:
        reader = Reader(server, films, model, label, asked.think, tally, over)
        threads = [threading.Thread(target=reader.read, args=(seed,)) for seed in range(asked.readers)]
        threads.append(threading.Thread(target=watch_health, args=(server, tally, over, asked.every)))
        threads.append(threading.Thread(target=memory.watch, args=(server, tally, over, asked.every)))
        for thread in threads:
            thread.start()
        try:
            wait_until(server, tally, over, asked.minutes * 60.0, asked.analyses)
        finally:
            over.set()
            for thread in threads:
                thread.join()
    return tally, memory


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--readers", type=int, default=50, help="people at once (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default: %(default)s)")
    parser.add_argument(
        "--think", type=float, default=10.0, help="mean seconds a reader thinks (default: %(default)s)"
    )
    parser.add_argument("--analyses", type=int, default=0, help="go on until so many films were read instead")
    parser.add_argument(
        "--growth", type=float, default=0.05, help="most that memory may grow then (default: %(default)s)"
    )
    parser.add_argument(
        "--every", type=float, default=1.0, help="seconds between two looks (default: %(default)s)"
    )
    parser.add_argument("--write", action="store_true", help="put the tables into docs/reliability.md")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
