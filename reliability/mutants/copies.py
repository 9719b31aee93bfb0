"""A copy of the tree in which mutants are made: the tree itself is never changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reliability.mutants.sites import Mutant

# Large, and read only.
_LINKED = ("models",)


def copy_of(root: Path, to: Path) -> Path:
    """Copy what git knows or would add; large folders that tests only read become links."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True)
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        source = root / name
        if Path(name).parts[0] in _LINKED or not source.is_file():
            continue
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    for name in _LINKED:
        (to / name).symlink_to(root / name)
    return to


@contextmanager
def changed(copy: Path, mutant: Mutant) -> Iterator[None]:
    """The copy with the mutant in it; afterwards as before, to the file's date."""
    file = copy / mutant.path
    kept = file.with_suffix(".kept")
    shutil.copy2(file, kept)
    try:
        file.write_text(mutant.code(file.read_text(encoding="utf-8")), encoding="utf-8")
        yield
    finally:
        kept.replace(file)
