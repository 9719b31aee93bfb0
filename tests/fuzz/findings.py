"""What was found: each kind once, as a file and a sentence on how to see it again."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path

from fuzz.case import Case


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not happen.

    Attributes
    ----------
    target : str
    what : str
        Short, of letters that a file's name may have: ``ValueError-lookup.py-61``, ``hang``, ``SIGSEGV``.
    details : str
    """

    target: str
    what: str
    details: str

    @staticmethod
    def of(target: str, error: BaseException) -> Finding:
        """The finding for an exception, by its kind and the line that it came from."""
        frames = traceback.extract_tb(error.__traceback__)
        last = frames[-1] if frames else None
        where = f"{Path(last.filename).name}-{last.lineno}" if last else "nowhere"
        return Finding(target, f"{type(error).__name__}-{where}", "".join(traceback.format_exception(error)))


def keep(folder: Path, finding: Finding, case: Case) -> bool:
    """Write a finding down; False where one of its kind is there already, and nothing is written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{finding.target}-{finding.what}.bin"
    if path.exists():
        return False
    path.write_bytes(case.data)
    again = f"make fuzz REPLAY={path} TARGET={finding.target}"
    said = f"{finding.what} in {finding.target}, from {case.origin} (seed {case.seed}, number {case.number})"
    path.with_suffix(".txt").write_text(f"{said}\nAgain: {again}\n\n{finding.details}\n", encoding="utf-8")
    return True
