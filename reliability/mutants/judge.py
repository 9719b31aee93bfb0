"""Run the tests of a room in a copy of the tree, with or without a mutant, and say what they made of it."""

from __future__ import annotations

import ast
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from coverage.numbits import numbits_to_nums

from reliability.mutants.copies import changed
from reliability.mutants.sites import Mutant

Verdict = Literal["killed", "endless", "survived"]

# Whatever a mutant does, its tests end: a loop without end is noticed as well as a wrong answer.
_TIMES_LONGER, _AND_SECONDS = 4.0, 60.0


@dataclass(frozen=True)
class Judged:
    """A mutant, what became of it, and the test that noticed."""

    mutant: Mutant
    verdict: Verdict
    by: str = ""


@dataclass
class Room:
    """A room with the tests that are its own.

    Attributes
    ----------
    tests : sequence of str
        Files and folders of tests.
    seconds : float
        How long they take when nothing is changed.
    reached : dict
        Which tests run a line: file, line -> names of tests.
    """

    tests: Sequence[str]
    seconds: float = 300.0
    reached: dict[tuple[str, int], set[str]] = field(default_factory=dict)

    def asked(self, mutant: Mutant) -> list[Sequence[str]]:
        """The tests that could notice, in the order to ask them: the next ones where none did before.

        A test that does not run a line cannot notice it. What runs as a module is read (a constant, a
        decorator) is felt by those who run that file, or by any other of the room. What no test runs in its
        own process may be run in another one, so all are asked.
        """
        if mutant.called and (there := self.reached.get((mutant.path, mutant.line))):
            return [sorted(there)]
        nearby = set().union(*(tests for (path, _), tests in self.reached.items() if path == mutant.path))
        return [sorted(nearby), self.tests] if nearby else [self.tests]


def judge(copy: Path, room: Room, mutant: Mutant) -> Judged:
    """Put the mutant into the copy, and ask the tests that could notice; by name where lines are unknown."""
    patience = room.seconds * _TIMES_LONGER + _AND_SECONDS
    with changed(copy, mutant):
        asked = room.asked(mutant) if room.reached else [files_that_name(copy, room.tests, mutant.path)]
        for tests in filter(None, asked):
            status, output = run_tests(copy, tests, patience, ("-x",))
            if status is None:
                return Judged(mutant, "endless")
            if status:
                return Judged(mutant, "killed", _failed(output))
    return Judged(mutant, "survived")


def files_that_name(copy: Path, tests: Sequence[str], path: str) -> list[str]:
    """Test files in which something that a module defines, or the module itself, is named; shortest first.

    A helper beside the tests counts for the tests that import it. Quicker to find out than what runs which
    line, and less: a change that is noticed by another file only counts as one that nobody noticed.
    """
    tree = ast.parse((copy / path).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    # tests that walk through a whole room name it alone
    room = '"' + ".".join(Path(path).parts[:2]) + '"'
    words = [rf"\b{re.escape(name)}\b" for name in {*names, Path(path).stem}]
    wanted = re.compile("|".join([*words, re.escape(room)]))
    files = [copy / name for name in tests]
    files = [file for one in files for file in (sorted(one.rglob("*.py")) if one.is_dir() else [one])]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    named = {file for file, text in texts.items() if wanted.search(text)}
    helpers = {file.stem for file in named if not file.name.startswith("test_")}
    imported = re.compile("|".join(rf"^from {name} import" for name in helpers), re.MULTILINE)
    found = [
        file
        for file, text in texts.items()
        if file.name.startswith("test_") and (file in named or (helpers and imported.search(text)))
    ]
    found.sort(key=lambda file: len(texts[file]))
    return [file.relative_to(copy).as_posix() for file in found]


def lines_reached(copy: Path, rooms: Sequence[str], tests: Sequence[str]) -> dict[tuple[str, int], set[str]]:
    """Which tests run which line, as one run under coverage says; that all of them pass is made sure of."""
    data = copy / ".coverage"
    options = [f"--cov={room}" for room in rooms] + ["--cov-context=test", "--cov-report="]
    status, output = run_tests(copy, tests, None, options)
    if status != 0:
        raise RuntimeError(f"the tests must pass before anything is changed; they said:\n{output[-3000:]}")
    reached: dict[tuple[str, int], set[str]] = {}
    with sqlite3.connect(data) as database:
        rows = database.execute(
            "select file.path, context.context, line_bits.numbits from line_bits "
            "join file on file.id = line_bits.file_id join context on context.id = line_bits.context_id"
        )
        for path, context, numbits in rows:
            test, _, phase = context.partition("|")
            if not test:
                continue
            # what one test sets up may serve all of its file
            name = test if phase == "run" else test.partition("::")[0]
            file = Path(path).relative_to(copy.resolve()).as_posix()
            for line in numbits_to_nums(numbits):
                reached.setdefault((file, line), set()).add(name)
    data.unlink()
    return reached


def run_tests(
    copy: Path, tests: Sequence[str], patience: float | None, options: Sequence[str] = ()
) -> tuple[int | None, str]:
    """Exit status of pytest and what it wrote; None when its time was over."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",  # a mutant's code must not outlive it
        "COVERAGE_FILE": str(copy / ".coverage"),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--hypothesis-seed=0",
        "-p",
        "no:xdist",
    ]
    process = subprocess.Popen(
        [*command, *options, *tests],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None, ""
    return process.returncode, output


def _failed(output: str) -> str:
    """The first test that failed, or that the tests could not begin."""
    for line in output.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.partition(" ")[2].partition(" - ")[0]
    return "the tests could not begin"
