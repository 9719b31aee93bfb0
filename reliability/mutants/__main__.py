"""``python -m reliability.mutants``: judge a random sample of mutants and list those that no test noticed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from queue import Queue

from benchmarks.table import ROOT, Machine
from reliability.mutants.copies import copy_of
from reliability.mutants.judge import Judged, Room, judge, lines_reached
from reliability.mutants.report import as_markdown
from reliability.mutants.sites import Mutant, sample
from reliability.page import described, put


def main(arguments: Sequence[str]) -> int:
    """Run a sample; 1 when fewer were noticed than asked for."""
    asked = _parser().parse_args(arguments)
    machine = Machine()
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["cxr-mutants"]
    rooms = {
        room: tests for room, tests in configured["rooms"].items() if not asked.room or room in asked.room
    }
    mutants = sample(ROOT, list(rooms), configured["operators"], asked.sample, asked.seed)
    with tempfile.TemporaryDirectory(prefix="cxr-mutants-") as folder:
        judged = _judge_all(Path(folder), rooms, mutants, asked)
    command = "make mutants " + " ".join(f"{name}={value}" for name, value in _given(asked).items())
    text = described(machine, f"with `{command}`,", as_markdown(judged))
    print(text)
    if asked.json:
        lines = [json.dumps({**asdict(one.mutant), "verdict": one.verdict, "by": one.by}) for one in judged]
        asked.json.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if asked.write:
        put("mutants", text)
    noticed = sum(one.verdict != "survived" for one in judged)
    return 0 if noticed >= asked.at_least * len(judged) else 1


def _given(asked: argparse.Namespace) -> dict[str, str]:
    given = {"SAMPLE": str(asked.sample), "SEED": str(asked.seed)}
    if asked.quick:
        given["ARGS"] = "--quick"
    if asked.room:
        given["ROOM"] = f"'{' '.join(asked.room)}'"
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=60, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other mutants")
    parser.add_argument("--room", nargs="*", default=[], help="only these rooms, such as cxr_dash/imaging")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1), help="mutants at once")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="begin with no other after that time")
    parser.add_argument("--quick", action="store_true", help="ask only the test files that name the module")
    parser.add_argument("--json", type=Path, help="a line of JSON for each mutant, into this file")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    parser.add_argument("--at-least", type=float, default=0.85, help="share that must be noticed")
    return parser


def _judge_all(
    folder: Path, rooms: dict[str, list[str]], mutants: list[Mutant], asked: argparse.Namespace
) -> list[Judged]:
    """Each mutant in the next free copy, in the order they were drawn, as long as there is time."""
    end = time.monotonic() + asked.minutes * 60.0
    copies: Queue[Path] = Queue()
    for number in range(asked.jobs):
        copies.put(copy_of(ROOT, folder / str(number)))

    @contextmanager
    def next_copy() -> Iterator[Path]:
        copy = copies.get()
        try:
            yield copy
        finally:
            copies.put(copy)

    def measured(room: str) -> Room:
        if asked.quick:
            return Room(rooms[room])
        with next_copy() as copy:
            began = time.monotonic()
            reached = lines_reached(copy, [room], rooms[room])
            return Room(rooms[room], time.monotonic() - began, reached)

    with ThreadPoolExecutor(asked.jobs) as pool:
        # in the order of the configuration: the room with the longest tests first
        needed = [room for room in rooms if room in {_room_of(mutant, rooms) for mutant in mutants}]
        ready = {room: pool.submit(measured, room) for room in needed}

        def one(mutant: Mutant) -> Judged | None:
            if time.monotonic() > end:
                return None
            room = _room_of(mutant, rooms)
            tests = ready[room].result()
            with next_copy() as copy:
                judged = judge(copy, tests, mutant)
            where = f"{mutant.path}:{mutant.line}"
            print(
                f"{judged.verdict:9} {where}: {mutant.before} -> {mutant.after}", file=sys.stderr, flush=True
            )
            return judged

        return [judged for judged in pool.map(one, mutants) if judged is not None]


def _room_of(mutant: Mutant, rooms: Iterable[str]) -> str:
    """The innermost room that holds the file."""
    return max((room for room in rooms if mutant.path.startswith(room + "/")), key=len)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
