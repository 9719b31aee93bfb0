"""``python -m fuzz``: see ``make fuzz``."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from fuzz.case import Case
from fuzz.corpus import build_corpus
from fuzz.loop import Plan, try_case, watch
from fuzz.mutate import Mutator
from fuzz.server import ServerRun
from fuzz.tally import Tally
from fuzz.targets import TARGETS

_FOLDER = Path("var/fuzz")
# A server that starts and stops for less than this many seconds would be sent next to nothing.
_LEAST_FOR_SERVER = 5.0


def main() -> int:
    """Run, and say what was done; 1 where something was found."""
    asked = _arguments()
    if asked.replay:
        return _replay(asked.replay, asked.target)
    began = time.monotonic()
    folder = asked.folder / f"seed-{asked.seed}"
    targets = tuple(target for target in TARGETS if asked.target in (None, target.name))
    mutator, tally = Mutator(asked.seed, build_corpus()), Tally([target.name for target in targets])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for_server = asked.seconds * (asked.server_share if targets else 1.0)
    if asked.target not in (None, "server") or for_server < _LEAST_FOR_SERVER:
        for_server = 0.0
    print(f"fuzz: seed {asked.seed}, {asked.seconds:g} s; findings go to {folder}", flush=True)
    if targets:
        plan = Plan(asked.seconds - for_server, asked.executions, folder)
        watch(mutator, targets, tally, plan, asked.folder / "crash.log")
        print(tally.table(), flush=True)
    server = ServerRun(mutator, folder)
    if for_server:
        server.run(for_server, asked.executions)
        print(server.said())
    executions = tally.executions + server.executions
    found = sorted(path.name for path in folder.glob("*.txt"))
    seconds = time.monotonic() - began
    print(f"fuzz: {executions} executions in {seconds:.0f} s; {len(found)} findings {found or ''}")
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    # New ground every day, the same for all who try on one day.
    parser.add_argument("--seed", type=int, default=int(datetime.now(UTC).strftime("%Y%m%d")))
    parser.add_argument("--server-share", type=float, default=0.2, help="of the time, for a real server")
    parser.add_argument("--executions", type=int, default=1 << 32, help="at most so many")
    parser.add_argument("--target", choices=[*(target.name for target in TARGETS), "server"])
    parser.add_argument("--replay", type=Path, help="a file that was found; needs --target")
    parser.add_argument("--folder", type=Path, default=_FOLDER)
    return parser.parse_args()


def _replay(path: Path, name: str | None) -> int:
    target = next((target for target in TARGETS if target.name == name), None)
    if target is None:
        print(
            "fuzz: --replay needs --target, and none that is a server: send it the file with curl",
            file=sys.stderr,
        )
        return 2
    outcome, seconds, finding = try_case(target, Case(0, 0, "file", str(path), path.read_bytes()))
    print(
        finding.details
        if finding
        else f"fuzz: {('refused', 'read', '')[outcome]} after {seconds * 1000:.0f} ms"
    )
    return 1 if finding else 0


if __name__ == "__main__":
    sys.exit(main())
