"""The page that holds the figures: each command writes what it measured between markers of its own."""

from __future__ import annotations

from benchmarks.table import ROOT, Machine, Table, write_between

_QUIET = 0.5  # load by core, before the command began
PAGE = ROOT / "docs" / "reliability.md"


def put(name: str, text: str) -> None:
    """Write one table into docs/reliability.md, in place of the one before."""
    write_between(name, text, PAGE)


def described(machine: Machine, measured: str, markdown: str) -> str:
    """The table under a sentence on date, machine and its other load.

    ``measured`` goes on after "Measured DATE".
    """
    text = machine.text(Table(measured, markdown, {}))
    if float(machine.facts["load_before"]) > _QUIET * float(machine.facts["cores"]):
        text = f"**Beside other work on the same cores; a quiet machine gives better figures.** {text}"
    return text
